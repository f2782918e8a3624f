//! Several models in one run of `score`: a folder for each, with what a run of that model alone writes.

use crate::run::{Folder, names};

fn model(name: &str, points: u32) -> String {
    format!("schema = 1\n{name}[[user.signals]]\nname = \"visits\"\nevent = \"visit\"\npoints = {points}\n")
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("new.toml", model("name = \"new business\"\n", 10));
    folder.write("expansion.toml", model("", 20));
    folder.write(
        "events.ndjson",
        "{\"event\":\"visit\",\"timestamp\":\"2026-10-01T10:00:00Z\",\"user_id\":\"kim\",\"account_id\":\"acme\"}\n",
    );
    folder
}

#[test]
fn each_model_writes_into_a_folder_of_its_name() {
    let folder = folder();
    let outcome = folder.pql("score events.ndjson -m new.toml -m expansion.toml --out out -q");
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
    assert_eq!(names(&folder.path().join("out")), ["expansion", "new business"]);
    for (path, name) in [("new.toml", "new business"), ("expansion.toml", "expansion")] {
        assert_eq!(folder.pql(&format!("score events.ndjson -m {path} --out alone -q")).code, 0);
        let all = names(&folder.path().join("alone"));
        assert_eq!(names(&folder.path().join("out").join(name)), all);
        for file in all.iter().filter(|file| !file.starts_with('.')) {
            assert_eq!(
                folder.read(&format!("out/{name}/{file}")),
                folder.read(&format!("alone/{file}")),
                "{name}: {file}"
            );
        }
    }
}

#[test]
fn a_run_of_several_models_is_refused_before_it_writes() {
    let folder = folder();
    folder.write("again.toml", model("name = \"New Business\"\n", 30));
    folder.write("path.toml", model("name = \"a/b\"\n", 30));
    folder.write("up.toml", model("name = \"..\"\n", 30));
    folder.write("broken.toml", "schema = 1\npoint = 1\n");
    for (arguments, told) in [
        ("-m new.toml -m expansion.toml", "several models need --out DIR"),
        ("-m new.toml -m again.toml --out out", "the models `new.toml` and `again.toml` have one name, `New Business`"),
        ("-m new.toml -m new.toml --out out", "the models `new.toml` and `new.toml` have one name"),
        ("-m new.toml -m path.toml --out out", "`a/b` cannot be the name of a folder"),
        ("-m new.toml -m up.toml --out out", "`..` cannot be the name of a folder"),
        ("-m new.toml -m broken.toml --out out", "error[M002]"),
        ("-m new.toml -m missing.toml --out out", "cannot read the model `missing.toml`"),
        ("-m new.toml -m expansion.toml --out out --rejects r.ndjson", "--rejects names one file"),
        ("-m new.toml -m expansion.toml --out out --id-map ids.csv", "--id-map names one file"),
    ] {
        let outcome = folder.pql(&format!("score events.ndjson {arguments}"));
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{arguments}: {outcome:?}");
        assert!(outcome.stderr.contains(told), "{arguments}: {}", outcome.stderr);
        assert!(!folder.path().join("out").exists(), "{arguments}");
    }
    // The second model would read what the first one wrote.
    folder.write("events/a.ndjson", folder.read("events.ndjson"));
    let outcome = folder.pql("score events -m new.toml -m expansion.toml --out events/out");
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.stderr.contains("lies in the folder `events` of events"), "{}", outcome.stderr);
    assert!(!folder.path().join("events/out").exists());
    // Events that can be read only once are enough for one model.
    let arguments = ["score", "-", "-m", "new.toml", "-m", "expansion.toml", "--out", "out"];
    let outcome = folder.pql_with(&arguments, folder.read("events.ndjson").as_bytes());
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.stderr.contains("name a file"), "{}", outcome.stderr);
}

#[test]
fn the_most_severe_end_counts_and_the_other_models_are_published() {
    let folder = folder();
    folder.write("strict.toml", format!("{}[[expect]]\nthat = \"users > 5\"\n", model("name = \"strict\"\n", 1)));
    let outcome = folder.pql("score events.ndjson -m strict.toml -m expansion.toml --out out -q");
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(outcome.stderr.contains("strict.toml:"), "{}", outcome.stderr);
    assert!(!folder.path().join("out/strict/users.csv").exists());
    assert!(folder.path().join("out/expansion/users.csv").exists());
}
