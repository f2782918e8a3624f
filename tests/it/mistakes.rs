//! Mistakes that people make in models, inserted by script into the shipped ones. The program must
//! report each on its line.

use std::{collections::BTreeMap, path::Path};

use serde_json::Value as Json;

use crate::run::Folder;

const EXAMPLE: &str = "scoring.example.toml";
const B2B: &str = "fixtures/models/b2b.toml";
const PILOT: &str = "fixtures/models/enterprise.toml";
const MINIMAL: &str = "fixtures/models/minimal.toml";

/// A model, its correct text, the wrong text, and the code of the error. The line of the mistake is
/// the first one that differs.
type Mistake = (&'static str, &'static str, &'static str, &'static str);

const MISTAKES: &[Mistake] = &[
    // Keys and tables
    (MINIMAL, "points = 15", "point = 15", "M002"),
    (MINIMAL, "at_least = 25", "at_leest = 25", "M002"),
    (MINIMAL, "[[user.tiers]]", "[[user.tier]]", "M002"),
    (MINIMAL, "[[user.signals]]", "[[users.signals]]", "M002"),
    (EXAMPLE, "[activity]", "[activities]", "M002"),
    (B2B, "half_life_days", "halflife_days", "M002"),
    (EXAMPLE, "sla_hours = 24", "sla = 24", "M002"),
    (EXAMPLE, "exclude_domains", "excluded_domains", "M002"),
    (EXAMPLE, "free_mail", "freemail", "M002"),
    (B2B, "category = \"adoption\"", "catagory = \"adoption\"", "M002"),
    (B2B, "exclusive = \"return\"", "exlusive = \"return\"", "M002"),
    (B2B, "qualified = true", "qualifed = true", "M002"),
    (B2B, "because = ", "becuase = ", "M002"),
    (B2B, "start_event = ", "start_events = ", "M002"),
    (B2B, "[account.rollups]", "[account.roll_ups]", "M002"),
    (PILOT, "different_users = true", "diffrent_users = true", "M002"),
    (PILOT, "champion = ", "champions = ", "M002"),
    (PILOT, "user_columns = ", "users_columns = ", "M002"),
    (MINIMAL, "schema = 1", "shema = 1", "M004"),
    // Missing keys
    (MINIMAL, "name = \"invites\"\n", "", "M004"),
    (B2B, "name = \"pql\"\n", "", "M004"),
    (B2B, "points = 20\nsay = \"Came back", "say = \"Came back", "M004"),
    (B2B, "ladder = [{ at_least = 1, points = 10 }", "ladder = [{ at_least = 1 }", "M004"),
    (B2B, "\nacquisition_source = { type = \"text\", ", "\nacquisition_source = { ", "M004"),
    (B2B, "from = \"signup_completed\", to =", "to =", "M004"),
    // Types
    (MINIMAL, "points = 15", "points = \"15\"", "M003"),
    (MINIMAL, "qualified = true", "qualified = \"yes\"", "M003"),
    (EXAMPLE, "email_domain = true", "email_domain = \"true\"", "M003"),
    (EXAMPLE, "at_least = 80", "at_least = \"80\"", "M003"),
    (EXAMPLE, "deadline = \"3d\"", "deadline = 3", "M003"),
    (B2B, "last = \"30d\" }", "last = 30 }", "M003"),
    (B2B, "steps = [\"wedge_workflow_completed\", \"repeat_session\"]", "steps = \"wedge_workflow_completed\"", "M003"),
    (B2B, "ignore = [\"signup_completed\", ", "ignore = \"email_delivered\" # ", "M003"),
    (B2B, "k = 5", "k = \"5\"", "M003"),
    (PILOT, "max = 30", "max = \"30\"", "M003"),
    (PILOT, "when = \"decides\"", "when = true", "M003"),
    // TOML
    (MINIMAL, "name = \"pricing\"", "name = \"pricing", "M001"),
    (MINIMAL, "points = 15", "points: 15", "M001"),
    (MINIMAL, "name = \"pricing\"", "name = pricing", "M001"),
    (MINIMAL, "last = \"30d\"", "last = 30d", "M001"),
    (MINIMAL, "points = 10 }, {", "points = 10 } {", "M001"),
    (MINIMAL, "{ at_least = 3, points = 25 }", "{ at_least = 3 points = 25 }", "M001"),
    (MINIMAL, "[[user.tiers]]", "[[user.tiers]", "M001"),
    (B2B, "points = 20", "points = +-20", "M001"),
    (B2B, "min = 0", "min = 0,", "M001"),
    (EXAMPLE, "points = -20", "points = − 20", "M001"),
    // Names
    (MINIMAL, "name = \"pql\"", "name = \"PQL\"", "M005"),
    (EXAMPLE, "name = \"hit_limit\"", "name = \"hit-limit\"", "M005"),
    (B2B, "invites_30 = {", "30_invites = {", "M005"),
    (B2B, "category = \"adoption\"", "category = \"Adoption\"", "M005"),
    (PILOT, "name = \"pilot_user\"", "name = \"pilot user\"", "M005"),
    // Duplicates
    (MINIMAL, "name = \"not\"", "name = \"pql\"", "M006"),
    (EXAMPLE, "name = \"hit_limit\"", "name = \"premium_features\"", "M006"),
    (EXAMPLE, "name = \"warm\"", "name = \"hot\"", "M006"),
    (B2B, "name = \"finish_the_wedge\"", "name = \"meet_sales_assist\"", "M006"),
    (B2B, "invites_30 = {", "invites = {", "M006"),
    (B2B, "name = \"returned_14d\"", "name = \"activated\"", "M006"),
    (PILOT, "sponsors = {", "departments = {", "M006"),
    (PILOT, "points = 20\nsay = \"Decides", "points = 20\npoints = 20\nsay = \"Decides", "M006"),
    (B2B, "workspaces = {", "age_days = {", "M006"),
    // Versions and zones
    (MINIMAL, "schema = 1", "schema = 2", "M007"),
    (B2B, "time_zone = \"UTC\"", "time_zone = \"Berlin\"", "M008"),
    (B2B, "time_zone = \"UTC\"", "time_zone = \"Europe/Berln\"", "M008"),
    (PILOT, "time_zone = \"UTC\"", "time_zone = \"+02:00\"", "M008"),
    // Values
    (MINIMAL, "last = \"30d\"", "last = \"30 days\"", "M009"),
    (MINIMAL, "last = \"30d\"", "last = \"30\"", "M009"),
    (B2B, "week_start = \"monday\"", "week_start = \"mon\"", "M009"),
    (B2B, "measure = \"count\"", "measure = \"counts\"", "M009"),
    (B2B, "unit = \"h\"", "unit = \"hours\"", "M009"),
    (B2B, "within = \"7d\"", "within = \"7\"", "M009"),
    (B2B, "within = \"14d\"", "within = \"two weeks\"", "M009"),
    (B2B, "motion = \"human\"", "motion = \"sales\"", "M009"),
    (B2B, "pick = \"first\"", "pick = \"earliest\"", "M009"),
    (B2B, "{ type = \"number\"", "{ type = \"integer\"", "M009"),
    (B2B, "points = 0.1", "points = 0.1234", "M009"),
    (B2B, "half_life_days = 30", "half_life_days = -30", "M009"),
    (PILOT, "linear_days = 90", "linear_days = 0", "M009"),
    (EXAMPLE, "times = 2", "times = 0", "M009"),
    (EXAMPLE, "count_by = \"days\"", "count_by = \"day\"", "M009"),
    (PILOT, "min_users = 2", "min_users = 0", "M009"),
    // Expressions
    (EXAMPLE, "when = \"limit_hits >= 1\"", "when = \"limit_hits => 1\"", "M010"),
    (EXAMPLE, "when = \"api_uses >= 1\"", "when = \"api_uses == 1\"", "M010"),
    (EXAMPLE, "<> 'student'", "!= 'student'", "M010"),
    (EXAMPLE, "feature_uses >= 1 and premium_uses = 0", "feature_uses >= 1 && premium_uses = 0", "M010"),
    (EXAMPLE, "when = \"tier = 'emerging'\"", "when = 'tier = \"emerging\"'", "M011"),
    (EXAMPLE, "when = \"tier = 'smb'\"", "when = \"tier = smb\"", "M011"),
    (EXAMPLE, "when = \"exports >= 1\"", "when = \"exports >= 'one'\"", "M010"),
    (EXAMPLE, "company_size between 50 and 5000", "company_size between 50 to 5000", "M010"),
    (EXAMPLE, "coalesce(plan, 'free') <> 'student'", "coalesce(plan, 'free' <> 'student'", "M010"),
    (EXAMPLE, "when = \"days_inactive >= 7\"", "when = \"days_inactive\"", "M010"),
    (EXAMPLE, "when = \"days_inactive >= 7\"", "when = \"days_inactive >= 7d\"", "M010"),
    (
        B2B,
        "when = \"wedge_starts >= 1 and not first_success\"",
        "when = \"wedge_starts >= 1 and !first_success\"",
        "M010",
    ),
    (B2B, "lower(industry) in ('software', 'fintech', 'healthcare')", "lower(industry) in 'software'", "M010"),
    (B2B, "lower(role) like 'vp%'", "lowercase(role) like 'vp%'", "M010"),
    (B2B, "then 1 else 0 end + case", "then 1 else 0 + case", "M010"),
    (B2B, "company_size >= 500", "company_size >= 500,000", "M010"),
    (PILOT, "where = \"target_plan = 'enterprise'\"", "where = \"target_plan = 'enterprise\"", "M010"),
    (PILOT, "governance_requests + security_questions +", "governance_requests + role +", "M010"),
    (B2B, "when = \"company_size >= 50\"", "when = \"\"", "M010"),
    // Unknown names
    (EXAMPLE, "value = \"premium_features\"", "value = \"premium_feature\"", "M011"),
    (EXAMPLE, "when = \"account.icp\"", "when = \"account.ICP\"", "M011"),
    (EXAMPLE, "when = \"account.target_industry\"", "when = \"target_industry\"", "M011"),
    (EXAMPLE, "all = [\"setup\", \"aha\"]", "all = [\"setup\", \"aha_moment\"]", "M011"),
    (
        EXAMPLE,
        "say = \"{limit_hits} {limit_hits?hit:hits} on a usage or storage limit in 90 days\"",
        "say = \"Limits hit: {limits_hit}\"",
        "M011",
    ),
    (EXAMPLE, "user_columns = [\"role\"", "user_columns = [\"roles\"", "M011"),
    (B2B, "per = \"wedge_completions\"", "per = \"wedge_completion\"", "M011"),
    (B2B, "since = \"days_since_governance\"", "since = \"days_since_goverance\"", "M011"),
    (B2B, "buyer = \"decides\"", "buyer = \"decider\"", "M011"),
    (PILOT, "value = \"main_workspace\"", "value = \"main_workspaces\"", "M011"),
    // Order, cycles, keys that exclude each other
    (EXAMPLE, "when = \"features_used >= 5\"", "when = \"features_used >= 5 and score > 0\"", "M012"),
    (EXAMPLE, "when = \"account.icp\"", "when = \"account.score >= 50\"", "M012"),
    (B2B, "when = \"company_size >= 500\"", "when = \"company_size >= 500 or tier = 'sales_ready'\"", "M012"),
    (B2B, "'trial' and trial_signs < 2", "'trial' and not sales_assist and trial_signs < 2", "M013"),
    (EXAMPLE, "stickiness = \"active_days_28 / 28\"", "stickiness = \"stickiness / 28\"", "M013"),
    (MINIMAL, "last = \"30d\"", "last = \"30d\"\nfirst = \"7d\"", "M014"),
    (MINIMAL, "points = 15", "points = 15\nladder = [{ at_least = 1, points = 10 }]", "M014"),
    (EXAMPLE, "last = \"28d\", ago = \"28d\"", "ago = \"28d\"", "M014"),
    (
        B2B,
        "exclusive = \"return\"\nwhen = \"activated\"",
        "exclusive = \"return\"\nwhen = \"activated\"\nmin = 3",
        "M002",
    ),
    (B2B, "min = 0\nmax = 100", "min = 0\nmax = -1", "M009"),
    // Ladders and lists
    (
        MINIMAL,
        "[{ at_least = 1, points = 10 }, { at_least = 3, points = 25 }]",
        "[{ at_least = 3, points = 25 }, { at_least = 1, points = 10 }]",
        "M015",
    ),
    (EXAMPLE, "{ above = 0.3, points = 10 }", "{ at_least = 0.3, points = 10 }", "M015"),
    (
        B2B,
        "[{ at_least = 3, points = 15 }, { at_least = 5, points = 25 }]",
        "[{ at_least = 3, points = 15 }, { at_least = 3, points = 25 }]",
        "M015",
    ),
    (B2B, "ladder = [{ at_least = 1, points = 10 }, { at_least = 3, points = 20 }]", "ladder = []", "M015"),
    (MINIMAL, "name = \"not\"", "name = \"not\"\nat_least = 0", "M016"),
    (
        PILOT,
        "name = \"onlooker\"\nlabel = \"Onlooker\"",
        "name = \"onlooker\"\nlabel = \"Onlooker\"\nwhen = \"wedge_done\"",
        "M016",
    ),
    (
        PILOT,
        "action = \"In-product guidance\"",
        "action = \"In-product guidance\"\nwhen = \"tier = 'onlooker'\"",
        "M016",
    ),
    // Templates, reserved words
    (
        EXAMPLE,
        "say = \"Uses {features_used} different features\"",
        "say = \"Uses {features_used different features\"",
        "M017",
    ),
    (EXAMPLE, "say = \"{exports} {exports?export", "say = \"exports} {exports?export", "M017"),
    (B2B, "together[; {pqls} ", "together[; {} ", "M017"),
    (B2B, "wedge_starts = {", "group = {", "M018"),
];

/// Mistakes that are reported on a later line, where the parser stopped: a missing closing bracket.
const LATE: &[Mistake] = &[(MINIMAL, "points = 25 }]", "points = 25 }", "M001")];

/// Mistakes that give another valid model, so that no error can report them. Warnings may.
const QUIET: &[Mistake] = &[
    // Swapped tiers: `warm` takes nobody whom `hot` has not taken.
    (EXAMPLE, "at_least = 50\nstay_at_least = 40", "at_least = 90\nstay_at_least = 80", ""),
    // A threshold that no user can reach.
    (MINIMAL, "at_least = 25", "at_least = 2500", ""),
    // A rung that pays less than the one below it.
    (MINIMAL, "{ at_least = 3, points = 25 }", "{ at_least = 3, points = 2 }", ""),
    // A misspelt category, in which this signal is the only one.
    (EXAMPLE, "category = \"feature\"", "category = \"featrue\"", ""),
    // The product chooses the names of events and properties; only `--events` can know them.
    (MINIMAL, "event = \"team_invite_sent\"", "event = \"team_invites_sent\"", ""),
    (B2B, "value = \"time_since_signup_seconds\"", "value = \"time_since_signup\"", ""),
    // A text that `tier` never equals.
    (B2B, "when = \"tier = 'pql' and not in_touch\"", "when = \"tier = 'pqls' and not in_touch\"", ""),
    // SQL allows a comparison with null, which is never true.
    (EXAMPLE, "status is null or", "status = null or", ""),
    // Bounds of a category without signals.
    (B2B, "[account.categories.intent]", "[account.categories.intents]", ""),
    // A missing minus sign.
    (EXAMPLE, "points = -20", "points = 20", ""),
    // A condition that is always true.
    (EXAMPLE, "when = \"exports >= 1\"", "when = \"exports >= 0\"", ""),
];

fn read(model: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(model)).expect("a shipped model")
}

/// A shipped model with a mistake, and the line of the mistake.
fn made((model, find, replace, _): &Mistake) -> (String, usize) {
    let text = read(model);
    assert!(text.contains(find), "{model} does not hold {find:?}");
    let wrong = text.replacen(find, replace, 1);
    let same = text.lines().zip(wrong.lines()).take_while(|(a, b)| a == b).count();
    (wrong, same + 1)
}

/// The problems that a check reports for each mistake: code, first and last line.
fn told(mistakes: &[Mistake]) -> Vec<Vec<(String, u64, u64)>> {
    let folder = Folder::new();
    let names: Vec<String> = (0..mistakes.len()).map(|at| format!("m{at:03}.toml")).collect();
    for (name, mistake) in names.iter().zip(mistakes) {
        folder.write(name, made(mistake).0);
    }
    let mut arguments = vec!["check", "--format", "json"];
    arguments.extend(names.iter().map(String::as_str));
    let outcome = folder.pql_with(&arguments, b"");
    let problems: Vec<Json> = serde_json::from_str(&outcome.stdout).expect("a list");
    let mut by_file: BTreeMap<&str, Vec<(String, u64, u64)>> = BTreeMap::new();
    for problem in &problems {
        let line = |key: &str| problem[key].as_u64().expect("a line");
        let code = problem["code"].as_str().expect("a code").to_owned();
        let file = problem["file"].as_str().expect("a file");
        by_file.entry(file).or_default().push((code, line("line"), line("end_line")));
    }
    names.iter().map(|name| by_file.remove(name.as_str()).unwrap_or_default()).collect()
}

#[test]
fn a_hundred_mistakes_are_told_on_their_lines() {
    let mut missed = Vec::new();
    for (mistake, told) in MISTAKES.iter().zip(told(MISTAKES)) {
        let (model, find, replace, code) = mistake;
        let line = made(mistake).1 as u64;
        // A missing key is reported at the first key of its table. Keys that exclude each other are
        // reported at one of them.
        let text = made(mistake).0;
        let lines: Vec<&str> = text.lines().collect();
        let same_table = |from: u64| {
            let (from, to) = (from.min(line) as usize, from.max(line) as usize);
            matches!(*code, "M004" | "M014" | "M016")
                && !lines[from..to.min(lines.len())].iter().any(|line| line.starts_with('['))
        };
        let right = |(found, from, to): &(String, u64, u64)| {
            found == code && ((*from..=*to).contains(&line) || same_table(*from))
        };
        if !told.iter().any(right) {
            missed.push(format!("{model}:{line} {find:?} -> {replace:?}: expected {code}, told {told:?}"));
        }
    }
    assert!(missed.is_empty(), "{} of {} missed:\n{}", missed.len(), MISTAKES.len(), missed.join("\n"));
    assert!(MISTAKES.len() >= 100, "{}", MISTAKES.len());
}

#[test]
fn a_bracket_that_is_never_closed_is_told_where_reading_stops() {
    for (mistake, told) in LATE.iter().zip(told(LATE)) {
        let line = made(mistake).1 as u64;
        assert!(told.first().is_some_and(|(code, from, _)| code == mistake.3 && *from > line), "{mistake:?}: {told:?}");
    }
}

#[test]
fn mistakes_that_make_another_valid_model_are_no_errors() {
    for (mistake, told) in QUIET.iter().zip(told(QUIET)) {
        let errors: Vec<_> = told.iter().filter(|(code, ..)| code.as_str() < "M030").collect();
        assert!(errors.is_empty(), "{mistake:?} is told now: move it to the other list: {errors:?}");
    }
}

#[test]
fn the_shipped_models_have_no_problem_and_no_warning() {
    let folder = Folder::new();
    for model in [EXAMPLE, B2B, PILOT, MINIMAL] {
        folder.write("model.toml", read(model));
        let outcome = folder.pql("check model.toml --fail-level warning --format json");
        assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "[]\n"), "{model}: {outcome:?}");
    }
}
