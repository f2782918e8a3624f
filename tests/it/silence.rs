//! What is damaged in a way that hides the rest of a file ends the run, however long the rest is.

use crate::{
    run::{Folder, Outcome, names},
    stored::{everywhere, tar, zip},
};

const MODEL: &str = "schema = 1\n\n[metrics]\nn = { measure = \"count\" }\n\n[[user.signals]]\nname = \"use\"\nper = \"n\"\npoints = 1\n\n[output]\nuser_columns = [\"n\"]\n";

fn folder() -> Folder {
    let folder = Folder::in_memory();
    folder.write("model.toml", MODEL);
    folder
}

/// An event of a user as an object.
fn event(number: usize) -> String {
    format!(
        "{{\"event\":\"visit\",\"timestamp\":\"2026-10-01T10:00:00Z\",\"user_id\":\"u{number}\",\"properties\":{{\"page\":\"p{number}\"}}}}"
    )
}

/// A table of so many rows, the row of a number being another one.
fn table(rows: usize, other: (usize, &str)) -> String {
    let row = |number: usize| match number {
        number if number == other.0 => other.1.to_owned(),
        number => format!("visit,2026-10-01T10:00:00Z,u{number},plain text in a cell"),
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!("event,timestamp,user_id,note\n{}\n", rows.join("\n"))
}

/// Objects over several lines, of which one lacks a brace.
fn spread(objects: usize, broken: usize) -> Vec<String> {
    let one = |number: usize| {
        let pretty = format!(
            "{{\n  \"event\": \"visit\",\n  \"timestamp\": \"2026-10-01T10:00:00Z\",\n  \"user_id\": \"u{number}\",\n  \"properties\": {{\n    \"n\": 1\n  }}\n}}"
        );
        if number == broken { pretty.replace("  }\n}", "}") } else { pretty }
    };
    (0..objects).map(one).collect()
}

/// The run ends with the exit of reading, writes nothing, and says all of some parts.
fn refused(outcome: &Outcome, folder: &Folder, case: &str, parts: &[&str]) {
    assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""), "{case}: {outcome:?}");
    for part in parts {
        assert!(outcome.stderr.contains(part), "{case}: expected {part:?} in {}", outcome.stderr);
    }
    assert!(names(&folder.path().join("out")).is_empty(), "{case}");
}

const SCORE: &str = "score EVENTS -m model.toml --as-of 2026-10-31 --max-line 16KiB --out out -q";

#[test]
fn a_quote_that_nothing_closes_ends_the_run_at_any_size() {
    let folder = folder();
    for rows in [20, 5000] {
        for (ending, delimiter) in [(".csv", ','), (".tsv", '\t')] {
            let text = table(rows, (10, "visit,2026-10-01T10:00:00Z,u10,\"oops")).replace(',', &delimiter.to_string());
            for stored in everywhere(text.as_bytes(), ending) {
                let outcome = stored.run(&folder, SCORE);
                let case = format!("{rows} rows in {}", stored.name);
                refused(&outcome, &folder, &case, &["inside a quoted cell of the row that begins on line 12"]);
            }
        }
    }
}

#[test]
fn a_quote_that_a_far_row_closes_ends_the_run_if_the_limit_lies_between() {
    let folder = folder();
    let mut text = table(5000, (10, "visit,2026-10-01T10:00:00Z,u10,\"oops"));
    text.push_str("visit,2026-10-01T10:00:00Z,last,\"text, with a comma\"\n");
    for stored in everywhere(text.as_bytes(), ".csv") {
        let outcome = stored.run(&folder, SCORE);
        refused(&outcome, &folder, stored.name, &["row that begins on line 12", "--max-line", "4991 lines"]);
    }
}

#[test]
fn rows_between_two_stray_quotes_are_warned_about() {
    let folder = folder();
    let mut text = table(3000, (10, "visit,2026-10-01T10:00:00Z,u10,\"oops"));
    text.push_str("visit,2026-10-01T10:00:00Z,last,\"oops\n");
    text.push_str(&table(5, (9, "")).split_once('\n').expect("a header").1.replace("u", "v"));
    for stored in everywhere(text.as_bytes(), ".csv") {
        let outcome = stored.run(&folder, "score EVENTS -m model.toml --as-of 2026-10-31 --out out --max-rejects 1 -q");
        assert_eq!(outcome.code, 0, "{}: {outcome:?}", stored.name);
        for part in ["warning: ", ":12: ", "2991 lines", "quote"] {
            assert!(outcome.stderr.contains(part), "{}: {part:?} in {}", stored.name, outcome.stderr);
        }
    }
    for command in ["inspect EVENTS", "init EVENTS -o new.toml --force -q", "explain user:u1 EVENTS -m model.toml -q"] {
        let outcome = everywhere(text.as_bytes(), ".csv").remove(0).run(&folder, command);
        assert!(outcome.stderr.contains("warning: plain.data:12: "), "{command}: {outcome:?}");
    }
    // A text of many lines is no row.
    let letter = "Dear all,\nit works.\n\nKim\n".repeat(20);
    folder.write("letters.csv", format!("event,timestamp,user_id,note\nvisit,2026-10-01T10:00:00Z,kim,\"{letter}\"\n"));
    let outcome = folder.pql("score letters.csv -m model.toml --as-of 2026-10-01 --out out -q");
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
    // Rows inside a cell are some, however few they are.
    let few = table(8, (2, "visit,2026-10-01T10:00:00Z,u2,\"oops")).replace(",u6,plain", ",u6,\"plain");
    folder.write("few.csv", few);
    let outcome = folder.pql("score few.csv -m model.toml --as-of 2026-10-31 --out out -q");
    assert!(outcome.stderr.contains("warning: few.csv:4: "), "{outcome:?}");
}

#[test]
fn a_brace_that_nothing_closes_ends_the_run_at_any_size() {
    let folder = folder();
    for objects in [20, 2000] {
        let all = spread(objects, 10);
        let first_line = 8 * 10 + 1;
        for (layout, text, line) in [
            ("objects", all.join("\n"), first_line),
            ("list", format!("[\n{}\n]\n", all.join(",\n")), first_line + 1),
            ("answer", format!("{{\"results\": [\n{}\n], \"next\": null}}\n", all.join(",\n")), first_line + 1),
        ] {
            for stored in everywhere(text.as_bytes(), ".json") {
                let outcome = stored.run(&folder, SCORE);
                let case = format!("{objects} objects as {layout} in {}", stored.name);
                refused(&outcome, &folder, &case, &["stops inside a JSON", &format!("line {line}")]);
            }
        }
    }
    for (text, line) in
        [("[\n{}", 1), ("{\n}\n[\n{}\n,", 3), ("{\"results\":[{}]\n", 1), ("{\"results\":[{}]}\n{\"results\":[{}]", 2)]
    {
        folder.write("open.json", text.replace("{}", &event(1)));
        let outcome = folder.pql("score open.json -m model.toml --out out");
        refused(&outcome, &folder, text, &[&format!("begins on line {line}")]);
    }
}

#[test]
fn a_quote_that_is_missing_in_json_costs_one_record() {
    let folder = folder();
    let mut all = spread(3000, usize::MAX);
    all[10] = all[10].replace("\"u10\"", "\"u10");
    for text in [all.join("\n"), format!("[{}]", all.join(",\n"))] {
        folder.write("events.json", text);
        let outcome = folder.pql("score events.json -m model.toml --as-of 2026-10-31 --max-line 16KiB --out out");
        assert_eq!(outcome.code, 0, "{outcome:?}");
        let run: serde_json::Value = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
        assert_eq!((&run["counts"]["rejected"], &run["counts"]["scored"]), (&1.into(), &2999.into()));
    }
}

#[test]
fn a_zip_that_holds_more_than_its_end_says_is_refused() {
    let folder = folder();
    let (one, two) = (event(1), event(2));
    let whole = zip(&[("a.json", one.as_bytes()), ("b.json", two.as_bytes())]);
    let end = whole.len() - 22;
    let mut fewer = whole.clone();
    fewer[end + 8] = 1;
    fewer[end + 10] = 1;
    let mut same = whole.clone();
    let places: Vec<usize> = (0..same.len() - 6).filter(|at| &same[*at..at + 6] == b"b.json").collect();
    places.iter().for_each(|at| same[*at] = b'a');
    let other = zip(&[("c.json", event(3).as_bytes())]);
    for (name, bytes, part) in [
        ("fewer.zip", fewer, "counts 1 member"),
        ("same.zip", same, "two members of one name"),
        ("joined.zip", [other.clone(), whole.clone()].concat(), "a member that its directory does not list"),
    ] {
        folder.write(name, bytes);
        let outcome = folder.pql(&format!("score {name} -m model.toml --out out"));
        refused(&outcome, &folder, name, &[&format!("`{name}`"), part, "unzip -t"]);
    }
    folder.write("whole.zip", whole);
    assert_eq!(folder.pql("score whole.zip -m model.toml --as-of 2026-10-31 --out out").code, 0);
}

#[test]
fn a_tar_that_stops_or_goes_on_after_its_end_is_refused() {
    let folder = folder();
    let (one, two) = (event(1), event(2));
    let whole = tar(&[("a.json", one.as_bytes()), ("b.json", two.as_bytes())]);
    for (name, bytes, part) in [
        ("cut.tar", whole[..1024].to_vec(), "stops before its end"),
        ("half.tar", whole[..1600].to_vec(), "stops before its end"),
        ("joined.tar", [whole.clone(), whole.clone()].concat(), "goes on after its end"),
    ] {
        folder.write(name, bytes);
        let outcome = folder.pql(&format!("score {name} -m model.toml --out out"));
        refused(&outcome, &folder, name, &[&format!("`{name}`"), part, "tar"]);
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_in_a_folder_is_named() {
    use std::os::unix::fs::symlink;
    let run = |make: &dyn Fn(&std::path::Path)| {
        let folder = folder();
        folder.write("events/day1.ndjson", event(1));
        make(&folder.path().join("events"));
        let score = "score events -m model.toml --as-of 2026-10-01 --level user";
        (folder.pql(&format!("{score} -q")), folder.pql(score))
    };
    let link = |to: &'static str, name: &'static str| {
        move |dir: &std::path::Path| symlink(to, dir.join(name)).expect("a link")
    };
    let circle = |dir: &std::path::Path| {
        symlink("b.ndjson", dir.join("a.ndjson")).expect("a link");
        symlink("a.ndjson", dir.join("b.ndjson")).expect("a link");
    };
    for (name, make, part) in [
        (
            "lost",
            &link("../gone.ndjson", "day2.ndjson") as &dyn Fn(&std::path::Path),
            "day2.ndjson` is a link that leads nowhere",
        ),
        ("lost gzip", &link("../gone", "day2.csv.gz"), ""),
        ("lost archive", &link("../gone.zip", "day2.zip"), "day2.zip` is a link that leads nowhere"),
        ("lost tar", &link("../gone", "day2.tar.gz"), "day2.tar.gz` is a link that leads nowhere"),
        ("circle", &circle, "a.ndjson` is a link that leads back to itself"),
        ("itself", &link("c.ndjson", "c.ndjson"), "c.ndjson` is a link that leads back to itself"),
    ] {
        let (quiet, told) = run(make);
        if part.is_empty() {
            assert_eq!(quiet.code, 0, "{name}: {quiet:?}");
            assert!(told.stderr.contains("day2.csv.gz is not read: it is a link that leads nowhere"), "{told:?}");
            continue;
        }
        assert_eq!((quiet.code, quiet.stdout.as_str()), (3, ""), "{name}: {quiet:?}");
        assert!(quiet.stderr.contains(part), "{name}: {}", quiet.stderr);
    }
    let fifo = |name: &'static str| {
        move |dir: &std::path::Path| {
            let made = std::process::Command::new("mkfifo").arg(dir.join(name)).status().expect("mkfifo");
            assert!(made.success());
        }
    };
    let (quiet, _) = run(&fifo("pipe.ndjson"));
    assert_eq!(quiet.code, 0, "{quiet:?}");
    assert!(quiet.stderr.contains("warning: events/pipe.ndjson is not read: it is a pipe"), "{quiet:?}");
    let (quiet, _) = run(&link("/dev/null", "null.ndjson"));
    assert!(quiet.stderr.contains("warning: events/null.ndjson is not read: it is a device"), "{quiet:?}");
    let (quiet, told) = run(&fifo("pipe"));
    assert_eq!((quiet.code, quiet.stderr.as_str()), (0, ""));
    assert!(told.stderr.contains("note: events/pipe is not read: it is a pipe"), "{told:?}");
    let (_, told) = run(&link("..", "up"));
    assert!(told.stderr.contains("note: events/up is not read: it is a link to a folder"), "{told:?}");
}
