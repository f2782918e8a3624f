//! Files, forms, and runs that must give the same.

use super::{HandCase, MODEL, event};
use crate::run::names;

fn case() -> HandCase {
    let mut lines = event("use", "a", "2026-01-05").repeat(2) + &event("use", "a", "2026-02-01").repeat(2);
    lines += &(event("ask", "a", "2026-02-02") + &event("use", "b", "2026-01-05"));
    HandCase::of_lines(MODEL, &lines).outcomes([
        "a,won,2026-02-03,12.5,d1",
        "a,self_serve,2026-02-02T09:00:00Z",
        "b,lost,2026-01-05",
        "b,contacted,2026-02-28",
    ])
}

const DATES: &str = "--from 2026-01-10 --to 2026-02-07 --every 2w --horizon 14d";

#[test]
fn rows_say_all_that_the_figures_are_made_of() {
    let case = case();
    case.done(&format!("-q {DATES} --rows rows.csv"));
    assert_eq!(
        case.0.read("rows.csv"),
        "as_of,level,id,group,score,tier,qualified,suppressed,holdout,counts,label,signals\n\
         2026-01-11T00:00:00Z,account,a,0,20,not,false,false,false,true,negative,used:20\n\
         2026-01-11T00:00:00Z,account,b,1,10,not,false,false,false,true,negative,used:10\n\
         2026-01-25T00:00:00Z,account,a,0,20,not,false,false,false,true,positive,used:20\n\
         2026-01-25T00:00:00Z,account,b,1,10,not,false,false,false,true,negative,used:10\n\
         2026-02-08T00:00:00Z,account,a,0,40,good,true,false,false,true,reached_before,used:40;members.asked:50\n\
         2026-02-08T00:00:00Z,account,b,1,10,not,false,false,false,true,negative,used:10\n"
    );
}

#[test]
fn outcomes_have_what_the_model_said_at_the_end_of_the_day_before() {
    let case = case();
    case.done(&format!("-q {DATES} --outcomes-out told.csv"));
    // On the 4th of January nobody was there, and no date goes as far as the 27th of February. The events of the 1st of February count on the 2nd, those of the 2nd on the 3rd.
    assert_eq!(
        case.0.read("told.csv"),
        "level,id,outcome,at,amount,score,tier,signals\n\
         account,b,lost,2026-01-05,,,,\n\
         account,a,self_serve,2026-02-02T09:00:00Z,,40,good,used:40\n\
         account,a,won,2026-02-03,12.5,40,good,members.asked:50;used:40\n\
         account,b,contacted,2026-02-28,,,,\n"
    );
}

#[test]
fn files_take_their_form_from_their_ending_and_come_together() {
    let case = case();
    case.done(&format!("-q {DATES} --rows rows.ndjson --outcomes-out told.json"));
    let first: serde_json::Value =
        serde_json::from_str(case.0.read("rows.ndjson").lines().next().expect("a row")).expect("JSON");
    assert_eq!([&first["id"], &first["label"]], ["a", "negative"]);
    assert!(first["score"].is_number() && first["counts"].is_boolean(), "{first}");
    let told: serde_json::Value = serde_json::from_str(&case.0.read("told.json")).expect("JSON");
    assert!(told.is_array() && told[0].get("tier").is_some(), "{told}");
    let before = case.0.read("rows.ndjson");
    let outcome = case.run(&format!("{DATES} --goal lost --rows rows.ndjson --outcomes-out none/told.json"));
    assert_ne!(outcome.code, 0, "{outcome:?}");
    assert_eq!(case.0.read("rows.ndjson"), before);
    assert!(!names(case.0.path()).iter().any(|name| name.contains(".tmp")), "{:?}", names(case.0.path()));
}

#[test]
fn the_report_comes_as_text_markdown_and_json() {
    let case = case();
    let text = case.done(&format!("-q {DATES}")).stdout;
    let markdown = case.done(&format!("-q {DATES} --format markdown")).stdout;
    let report = case.report(DATES);
    for title in ["Who counts", "What became of new leads", "Where deals came from", "What each signal says"] {
        assert!(text.contains(&format!("{title}\n{}\n", "=".repeat(title.len()))), "{title}: {text}");
        assert!(markdown.contains(&format!("## {title}\n\n")), "{title}: {markdown}");
    }
    assert!(markdown.contains("\n| --- | --- | --- |\n"), "{markdown}");
    assert!(!text.contains('\t') && text.lines().all(|line| line.trim_end() == line), "{text}");
    let keys: Vec<&String> = report.as_object().expect("an object").keys().collect();
    let expected = ["question", "cohort", "triggers", "ranking", "signals", "threshold", "against"];
    assert_eq!(keys.len(), expected.len());
    expected.iter().for_each(|key| assert!(report.get(key).is_some(), "{key}"));
    assert_eq!(report["question"]["goal"], "won");
    assert_eq!(report["question"]["dates"], serde_json::json!(["2026-01-10", "2026-02-07"]));
    let report = case.report(&DATES.replace("2026-02-07", "2026-02-06"));
    assert_eq!(
        report["question"]["dates"],
        serde_json::json!(["2026-01-10", "2026-01-24"]),
        "the last date of the step"
    );
    assert_eq!(report["question"]["date_count"], 2);
}

#[test]
fn text_of_others_formats_nothing_in_markdown() {
    let model = MODEL.replace("name = \"hand\"", "name = \"a|b <i>\"");
    let lines = event("use", "a", "2026-01-05");
    let case = HandCase::of_lines(&model, &lines).outcomes(["a,won,2026-02-03"]);
    let markdown = case.done(&format!("-q {DATES} --format markdown")).stdout;
    assert!(markdown.contains("a\\|b \\<i\\>"), "{markdown}");
}

#[test]
fn the_same_input_gives_the_same_bytes_for_any_number_of_threads() {
    let run = |threads: &str| {
        let case = case();
        let options = format!("{DATES} --capacity 1/1w --against m.toml --rows r.csv --outcomes-out o2.csv {threads}");
        let text = case.done(&format!("-q {options} --format json")).stdout;
        [text, case.0.read("r.csv"), case.0.read("o2.csv")]
    };
    assert_eq!(run("--threads 1"), run("--threads 4"));
}

#[test]
fn the_order_of_events_and_outcomes_changes_nothing() {
    let case = case();
    let all = |case: &HandCase| {
        let text = case.done(&format!("-q {DATES} --format json --rows r.csv --outcomes-out o2.csv")).stdout;
        [text, case.0.read("r.csv"), case.0.read("o2.csv")]
    };
    let before = all(&case);
    for name in ["e.ndjson", "o.csv"] {
        let text = case.0.read(name);
        let (header, lines) = if name == "o.csv" { text.split_once('\n').expect("a header") } else { ("", &*text) };
        let mut turned: Vec<&str> = lines.lines().rev().collect();
        turned.extend((name == "o.csv").then_some(turned[0]));
        case.0.write(name, format!("{header}{}{}\n", if header.is_empty() { "" } else { "\n" }, turned.join("\n")));
    }
    assert_eq!(all(&case), before);
}

#[test]
fn traits_without_dates_are_named_and_can_be_left_out() {
    let model = format!(
        "{}\n[account.traits]\nplan = {{ type = \"text\" }}\nseats = {{ type = \"number\" }}\n[[account.signals]]\nname = \"paid\"\nwhen = \"plan = 'paid'\"\npoints = 7\n",
        MODEL.trim_end()
    );
    let case = case();
    case.0.write("m.toml", model);
    case.0.write("accounts.csv", "account_id,plan,seats\na,paid,5\nb,free,1\n");
    let options = format!("{DATES} --accounts accounts.csv");
    let report = case.report(&options);
    // The model reads no seats.
    assert_eq!(report["question"]["traits_of_today"], serde_json::json!([[], ["plan"]]));
    assert!(case.done(&format!("-q {options}")).stdout.contains("each date sees those of today: plan."));
    assert_eq!(case.rows(&options, &["score"])["a"], ["47"]);
    let dated = format!("{options} --dated-only");
    assert_eq!(case.rows(&dated, &["score"])["a"], ["40"]);
    let text = case.done(&format!("-q {dated}")).stdout;
    assert!(text.contains("Left out, since their tables have no dates: plan."), "{text}");
    // Rows with dates hold where they say so.
    case.0.write("accounts.csv", "account_id,valid_from,plan,seats\na,2026-01-20,paid,5\nb,2026-01-01,free,1\n");
    let report = case.report(&dated);
    assert_eq!(report["question"]["traits_of_today"], serde_json::json!([[], []]));
    assert_eq!(case.rows(&dated, &["score"])["a"], ["47"]);
    let early = case.rows(&dated.replace("2026-02-07", "2026-01-10"), &["score"]);
    assert_eq!(early["a"], ["20"], "paid from the 20th on");
}

#[test]
fn an_outcome_after_a_date_changes_nothing_that_the_date_said() {
    let model = format!(
        "{MODEL}\n[[account.suppress]]\nname = \"customer\"\nwhen = \"days_since_won >= 0\"\n[[account.suppress]]\nname = \"talks\"\nwhen = \"open_opportunity\"\n"
    );
    let lines = event("use", "a", "2026-01-05").repeat(4) + &event("use", "b", "2026-01-05").repeat(4);
    let case = HandCase::of_lines(&model, &lines);
    let said = |outcomes: &[&str]| {
        case.0.write("o.csv", format!("account_id,outcome,at\n{}\nb,contacted,2026-04-30\n", outcomes.join("\n")));
        case.done(&format!("-q {DATES} --rows rows.csv"));
        let table = crate::run::rows(&case.0.read("rows.csv"));
        table.into_iter().map(|row| [0, 2, 4, 5, 6, 7].map(|column| row[column].clone())).collect::<Vec<_>>()
    };
    let without = said(&[]);
    assert_eq!(said(&["a,won,2026-02-08", "b,opportunity,2026-02-08"]), without, "after the last date");
    let moved = said(&["a,won,2026-01-25", "b,opportunity,2026-01-25"]);
    assert_eq!(moved[..5], without[..5], "the dates before");
    assert_eq!([&moved[5][5], &moved[6][5]], ["true", "true"]);
    let earlier = said(&["a,won,2026-01-24", "b,opportunity,2026-01-24"]);
    assert_eq!([&earlier[3][5], &earlier[4][5]], ["true", "true"]);
    assert_eq!(earlier[..3], without[..3]);
}

#[test]
fn sentences_and_tables_keep_within_the_width_of_the_terminal() {
    let case = case();
    let run = |width: &str| {
        let arguments = format!("backtest e.ndjson -m m.toml --outcomes o.csv -q {DATES} --capacity 1/1w");
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_pql"))
            .args(arguments.split(' '))
            .current_dir(case.0.path())
            .env("COLUMNS", width)
            .output()
            .expect("a run");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    for (width, most) in [("100", 100), ("80", 80), ("", 120)] {
        let text = run(width);
        let longest = text.lines().map(|line| line.chars().count()).max().expect("lines");
        assert!(longest <= most, "{width}: {longest}\n{text}");
        assert!(longest > most - 30, "{width}: {longest}\n{text}");
    }
}
