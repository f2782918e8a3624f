//! Files that are no models: what is no ordinary file or no text is refused without a line of it, and text that is no UTF-8 has a place.

use crate::run::{Folder, Outcome};

/// What no report may show.
const SECRET: &str = "hunter2-of-the-machine";

/// Ways to name a model, each with the exit code of one that cannot be used; `{}` is the model.
const COMMANDS: [(&str, i32); 10] = [
    ("check {}", 1),
    ("check {} --format json", 1),
    ("check {} --format github", 1),
    ("check {} --format sarif", 1),
    ("check {} --format junit", 1),
    ("score events.ndjson -m {}", 2),
    ("explain user:kim events.ndjson -m {}", 2),
    ("inspect events.ndjson -m {}", 2),
    ("diff {} model.toml events.ndjson", 2),
    ("diff model.toml {} events.ndjson", 2),
];

fn folder() -> Folder {
    let folder = Folder::in_memory();
    folder.write("model.toml", "schema = 1\n");
    folder.write("events.ndjson", "{\"event\":\"a\",\"timestamp\":\"2026-03-01T10:00:00Z\",\"user_id\":\"kim\"}\n");
    folder
}

fn run(folder: &Folder, command: &str, model: &str) -> Outcome {
    folder.pql(&command.replace("{}", model))
}

#[test]
fn a_model_in_latin_1_has_a_place_in_every_report() {
    let folder = folder();
    folder.write("latin.toml", b"schema = 1\nname = \"caf\xe9\"\n");
    for (command, code) in COMMANDS {
        let outcome = run(&folder, command, "latin.toml");
        let text = format!("{}{}", outcome.stdout, outcome.stderr);
        assert_eq!(outcome.code, code, "{command}: {text}");
        assert!(text.contains("M001"), "{command}: {text}");
        let place = match command {
            _ if command.contains("format json") => "\"line\": 2",
            _ if command.contains("format github") => "line=2,endLine=2,col=12",
            _ if command.contains("format sarif") => "\"startColumn\": 12",
            _ => "2:12",
        };
        assert!(text.contains(place), "{command}: {text}");
        assert!(text.contains("UTF-8"), "{command}: {text}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&run(&folder, "check {} --format json", "latin.toml").stdout).expect("JSON");
    assert_eq!(json[0]["problems"].as_array().or(json.as_array()).map(Vec::len), Some(1), "{json}");
}

#[test]
fn a_file_of_cases_in_latin_1_has_a_place_and_so_has_its_model() {
    let folder = folder();
    folder.write("cases.toml", b"schema = 1\nmodel = \"model.toml\" # caf\xe9\n");
    let outcome = folder.pql("test cases.toml");
    assert!(outcome.code == 2 && outcome.stderr.contains("cases.toml:2:27"), "{outcome:?}");
    folder.write("latin.toml", b"schema = 1\nname = \"\xfc\"\n");
    folder.write("cases.toml", "schema = 1\nmodel = \"latin.toml\"\nas_of = \"2026-03-01\"\n[[case]]\nname = \"a\"\nevents = []\n[[case.expect]]\nuser = \"kim\"\nabsent = true\n");
    let outcome = folder.pql("test cases.toml");
    assert!(outcome.code == 2 && outcome.stderr.contains("latin.toml:2:9"), "{outcome:?}");
}

#[test]
fn a_model_with_nul_bytes_is_not_text_and_is_not_shown() {
    let folder = folder();
    folder.write("binary.toml", format!("schema = 1\nname = \"{SECRET}\"\n\0\n"));
    for (command, code) in COMMANDS {
        let outcome = run(&folder, command, "binary.toml");
        let text = format!("{}{}", outcome.stdout, outcome.stderr);
        assert_eq!(outcome.code, code, "{command}: {text}");
        assert!(text.contains("not text") && !text.contains(SECRET), "{command}: {text}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_no_ordinary_file_is_refused_after_links_and_is_not_shown() {
    let folder = folder();
    let link = |target: &str, name: &str| {
        std::os::unix::fs::symlink(target, folder.path().join(name)).expect("a link");
    };
    link("/proc/self/environ", "environment.toml");
    link("/proc/self/status", "status.toml");
    link("/dev/zero", "zero.toml");
    link("/dev/null", "null.toml");
    link("environment.toml", "twice.toml");
    let fifo = std::process::Command::new("mkfifo").arg(folder.path().join("fifo.toml")).status().expect("mkfifo");
    assert!(fifo.success());
    for name in [
        "environment.toml",
        "status.toml",
        "zero.toml",
        "null.toml",
        "twice.toml",
        "fifo.toml",
        "/proc/self/environ",
        "/dev/zero",
    ] {
        for (command, code) in COMMANDS {
            let outcome = run(&folder, command, name);
            let text = format!("{}{}", outcome.stdout, outcome.stderr);
            assert_eq!(outcome.code, code, "{name} {command}: {text}");
            assert!(text.contains("not text"), "{name} {command}: {text}");
            assert!(!text.contains("PATH=") && !text.contains("VmPeak"), "{name} {command}: {text}");
        }
        folder.write("cases.toml", format!("schema = 1\nmodel = {name:?}\nas_of = \"2026-03-01\"\n[[case]]\nname = \"a\"\nevents = []\n[[case.expect]]\nuser = \"kim\"\nabsent = true\n"));
        let outcome = folder.pql("test cases.toml");
        assert!(outcome.code == 2 && outcome.stderr.contains("not text"), "{name}: {outcome:?}");
        let outcome = folder.pql(&format!("test {name}"));
        assert!(outcome.code == 2 && outcome.stderr.contains("not text"), "{name}: {outcome:?}");
        assert!(!outcome.stderr.contains("PATH="), "{name}: {outcome:?}");
    }
}
