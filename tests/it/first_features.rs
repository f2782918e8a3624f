//! Which events `pql init` takes for features, and what `--set feature_used=EVENT` changes.

use crate::{
    run::Outcome,
    sign_ups::{Habit, LAYOUTS, dump},
};

/// Two more events of daily work, so that there are five.
const WORK: [(&str, Habit); 2] = [("Roster Printed", Habit::Daily), ("Shift Swapped", Habit::Daily)];

/// Writes a model for a dump with some events beside the daily work.
fn init(layout: &str, events: &[(&str, Habit)], options: &[&str]) -> (Outcome, String) {
    let folder = dump(layout, events, 0);
    let arguments: Vec<&str> = ["init", layout, "-o", "m.toml"].into_iter().chain(options.iter().copied()).collect();
    let outcome = folder.pql_with(&arguments, b"");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    let model = folder.read("m.toml");
    (outcome, model)
}

fn line<'m>(model: &'m str, begins: &str) -> &'m str {
    model.lines().find(|line| line.starts_with(begins)).unwrap_or_default()
}

#[test]
fn steps_that_newcomers_take_once_are_no_features() {
    for layout in LAYOUTS {
        for step in ["Brand Colours Chosen", "firstRoomNamed", "import_finished", "Profile Completed"] {
            let (_, model) = init(layout, &[("Signed Up", Habit::First), (step, Habit::NextDay)], &[]);
            let features = line(&model, "feature_used = ");
            assert!(features.contains("Board Sorted") && !features.contains(step), "{layout} {step}: {features}");
        }
        // What people do once, but later, is none.
        let (_, model) = init(layout, &[("Signed Up", Habit::First), ("Year Closed", Habit::Later)], &[]);
        assert!(line(&model, "feature_used = ").contains("Year Closed"), "{layout}: {model}");
    }
}

#[test]
fn the_report_says_whether_a_signal_pays_for_features() {
    for layout in LAYOUTS {
        let (outcome, model) = init(layout, &WORK, &[]);
        let paid = outcome.stderr.split("wired, but no signal pays for it:").next().unwrap_or_default();
        assert!(
            paid.contains("\n  a feature that was used (`feature_used`) = 5 events, by their names\n"),
            "{outcome:?}"
        );
        assert!(model.contains("name = \"feature_breadth\""), "{model}");
        // Nobody can use five of three features.
        let (outcome, model) = init(layout, &[], &[]);
        assert!(!model.contains("name = \"feature_breadth\""), "{model}");
        let lacks =
            "#   user feature_breadth: \"Uses {features_used} different features\"; needs more than 3 features\n";
        assert!(model.contains(lacks), "{model}");
        assert!(outcome.stderr.contains("(`feature_used`) = 3 events, by their names"), "{outcome:?}");
    }
}

#[test]
fn features_that_are_said_leave_the_core_job_and_the_milestones_as_they_are() {
    for layout in LAYOUTS {
        let (_, before) = init(layout, &WORK, &[]);
        let (outcome, model) = init(layout, &WORK, &["--set", "feature_used=Task Completed"]);
        let core = "wedge_workflow_completed = { event = \"Task Completed\" }";
        assert!(before.contains(core) && model.contains(core), "{layout}: {model}");
        assert!(model.contains("feature_used = { event = \"Task Completed\" }"), "{layout}: {model}");
        let milestones = |model: &str| -> Vec<String> {
            let parts = model.split("milestones]]\n").skip(1);
            parts.map(|part| part.split("\n\n").next().unwrap_or_default().to_owned()).collect()
        };
        assert_eq!(milestones(&model), milestones(&before), "{layout}");
        let told = "  feature_used: --set names 1 event in place of the 5 events that `init` takes by their names; the model loses the signal feature_breadth of users\n";
        assert!(outcome.stderr.contains(told), "{outcome:?}");
        let all = ["Task Completed", "Board Sorted", "Chart Drawn", "Roster Printed", "Shift Swapped"];
        let said: Vec<String> = all.iter().map(|name| format!("feature_used={name}")).collect();
        let options: Vec<&str> = said.iter().flat_map(|one| ["--set", one.as_str()]).collect();
        let (outcome, model) = init(layout, &WORK, &options);
        assert!(model.contains("name = \"feature_breadth\""), "{model}");
        assert!(outcome.stderr.contains("by their names; no signal and no milestone is lost\n"), "{outcome:?}");
        let (outcome, _) = init(layout, &WORK, &["--set", "pricing_page_viewed="]);
        assert!(!outcome.stderr.contains("in place of"), "{outcome:?}");
    }
}
