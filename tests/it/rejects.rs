//! Rejected lines: counted, kept in a file, bounded in number, and never shown in messages.

use crate::run::{Folder, names};

/// The smallest useful model.
const MODEL: &str = "schema = 1\n\n[[user.signals]]\nname = \"invites\"\nevent = \"team_invite_sent\"\npoints = 5\n\n[user.traits]\nrole = { type = \"text\" }\n";

/// A text that no message may show.
const SECRET: &str = "hunter2-top-secret";

/// A good event of one user.
fn event(user: &str) -> String {
    format!(
        "{{\"event\":\"team_invite_sent\",\"timestamp\":\"2026-10-01T10:00:00Z\",\"user_id\":\"{user}\",\"account_id\":\"acme\"}}\n"
    )
}

/// A folder with the model.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("model.toml", MODEL);
    folder
}

/// Bad lines, each with its reason.
fn bad_lines() -> Vec<(Vec<u8>, &'static str)> {
    let at = "\"timestamp\":\"2026-10-01T10:00:00Z\"";
    let text = |text: String| text.into_bytes();
    vec![
        (text(format!("{{\"event\":\"e\",\"user_id\":\"{SECRET}\"}}")), "no_time"),
        (text(format!("[\"{SECRET}\"]")), "not_object"),
        ([b"\xff\xfe", SECRET.as_bytes()].concat(), "invalid_utf8"),
        (text(format!("{{\"event\":\"e\",{at},\"user_id\":\"{SECRET}\"")), "invalid_json"),
        (text(format!("{{\"event\":\"e\",\"timestamp\":\"{SECRET}\",\"user_id\":\"u\"}}")), "bad_time"),
        (text(format!("{{\"event\":\"e\",{at},\"user_id\":[\"{SECRET}\"]}}")), "bad_id"),
        (text(format!("{{{at},\"user_id\":\"{SECRET}\"}}")), "no_event"),
        (text(format!("{{\"event\":\"{SECRET}\",{at},\"user_id\":\"NULL\"}}")), "no_id"),
        (
            text(format!("{{\"event\":\"e\",{at},\"user_id\":\"u\",\"properties\":{{\"p\":\"{SECRET}\\ud800\"}}}}")),
            "lone_surrogate",
        ),
    ]
}

/// A file with a good line, the bad lines, and a blank line.
fn file_of_bad_lines() -> Vec<u8> {
    let mut bytes = event("ann").into_bytes();
    for (line, _) in bad_lines() {
        bytes.extend(line);
        bytes.push(b'\n');
    }
    bytes.push(b'\n');
    bytes
}

#[test]
fn too_many_rejects_end_the_run_and_publish_only_the_rejects() {
    let folder = folder();
    let bytes = file_of_bad_lines();
    folder.write("bad.ndjson", &bytes);
    let outcome = folder.pql("score bad.ndjson -m model.toml --out out");
    assert_eq!(outcome.code, 1, "{outcome:?}");
    for part in ["9 of 11 lines rejected", "--max-rejects", "there is no result", "rejects.ndjson"] {
        assert!(outcome.stderr.contains(part), "{}", outcome.stderr);
    }
    assert_eq!(names(&folder.path().join("out")), ["rejects.ndjson"]);
    let rejects = folder.read("out/rejects.ndjson");
    let rejects: Vec<serde_json::Value> =
        rejects.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(rejects.len(), bad_lines().len());
    for (number, ((line, reason), reject)) in bad_lines().iter().zip(&rejects).enumerate() {
        assert_eq!(reject["file"], "bad.ndjson");
        assert_eq!(reject["line"], number + 2);
        assert_eq!(reject["reason"], *reason, "{reject}");
        let offset = reject["offset"].as_u64().expect("an offset") as usize;
        assert!(bytes[offset..].starts_with(line), "{reject}");
        match std::str::from_utf8(line) {
            Ok(text) => assert_eq!(reject["text"], text),
            Err(_) => assert_eq!(reject["hex"], line.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
        }
        assert!(outcome.stderr.contains(&format!("({reason})")), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(&format!("bad.ndjson:{}", number + 2)), "{}", outcome.stderr);
    }
}

#[cfg(unix)]
#[test]
fn rejected_lines_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    folder.write("bad.ndjson", file_of_bad_lines());
    assert_eq!(folder.pql("score bad.ndjson -m model.toml --out out").code, 1);
    assert_eq!(folder.pql("score bad.ndjson -m model.toml --rejects mine.ndjson --max-rejects 100%").code, 0);
    for name in ["out/rejects.ndjson", "mine.ndjson"] {
        let mode = std::fs::metadata(folder.path().join(name)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    assert_eq!(folder.read("mine.ndjson"), folder.read("out/rejects.ndjson"));
}

#[test]
fn the_limit_of_rejects_is_a_share_or_a_count() {
    let folder = folder();
    // One of four lines is bad.
    folder.write("bad.ndjson", format!("{}[]\n{}{}", event("a"), event("b"), event("c")));
    for (limit, code) in [("0", 1), ("1", 0), ("24.9%", 1), ("25%", 0), ("0.249", 1), ("0.25", 0), ("0%", 1)] {
        let outcome = folder.pql(&format!("score bad.ndjson -m model.toml --max-rejects {limit}"));
        assert_eq!(outcome.code, code, "--max-rejects {limit}: {outcome:?}");
        assert_eq!(outcome.stdout.is_empty(), code == 1, "--max-rejects {limit}: {outcome:?}");
    }
    assert_eq!(folder.pql("score bad.ndjson -m model.toml").code, 1, "one in a hundred is the default");
}

#[test]
fn values_of_events_never_show_in_messages() {
    let folder = folder();
    folder.write("bad.ndjson", file_of_bad_lines());
    let same_id = |value: &str| {
        event(SECRET)
            .replace("}\n", &format!(",\"event_id\":\"{SECRET}\",\"properties\":{{\"role\":\"{SECRET}{value}\"}}}}\n"))
    };
    folder.write("good.ndjson", format!("{}{}{}", event("=a"), same_id("1"), same_id("2")));
    // Squares near 1e30, of which some two hundred are more than a sum holds.
    folder.write("sum.ndjson", event("ann").replace("}\n", ",\"properties\":{\"v\":987654321012345}}\n").repeat(500));
    let sum = "schema = 1\n[metrics]\ns = { measure = \"sum\", value = \"v * v\" }\n[output]\nuser_columns = [\"s\"]\n";
    folder.write("sum.toml", sum);
    folder.write("users.csv", format!("user_id,role\n{SECRET},a{SECRET}\n{SECRET},b{SECRET}\n"));
    folder.write("ids.csv", format!("user_id,role\n,{SECRET}\n"));
    for arguments in [
        "score bad.ndjson -m model.toml",
        "score bad.ndjson -m model.toml --max-rejects 2",
        "score bad.ndjson good.ndjson -m model.toml --out out --max-rejects 100%",
        "score good.ndjson -m model.toml --users users.csv",
        "score good.ndjson -m model.toml --users ids.csv",
    ] {
        let outcome = folder.pql(arguments);
        assert!(!outcome.stderr.is_empty(), "{arguments}");
        assert!(!outcome.stderr.contains(SECRET), "{arguments}:\n{}", outcome.stderr);
        assert!(outcome.code == 0 || outcome.stdout.is_empty(), "{arguments}");
    }
    let outcome = folder.pql("score sum.ndjson -m sum.toml");
    assert_eq!(outcome.code, 1, "overflow is an error: {outcome:?}");
    assert!(!outcome.stderr.contains("98765"), "{}", outcome.stderr);
}

#[test]
fn rejects_do_not_depend_on_threads() {
    let folder = folder();
    // About 4 MiB, so that the threads share the file.
    let lines =
        (0..30_000).map(|at| if at % 40 == 0 { format!("bad {at}\n") } else { event(&format!("u{}", at % 50)) });
    folder.write("bad.ndjson", lines.collect::<String>());
    for (limit, code) in [("1%", 1), ("5%", 0), ("1000", 0), ("10", 1)] {
        let run = |threads: usize| {
            let out = format!("out{threads}");
            let arguments =
                format!("score bad.ndjson -m model.toml --out {out} --max-rejects {limit} --threads {threads}");
            let outcome = folder.pql(&arguments);
            assert_eq!(outcome.code, code, "{arguments}: {outcome:?}");
            (outcome.stderr.replace(&out, "out"), folder.read(&format!("{out}/rejects.ndjson")))
        };
        let (said, kept) = run(1);
        for threads in [2, 5] {
            let (also_said, also_kept) = run(threads);
            assert_eq!(also_said, said, "--max-rejects {limit}, {threads} threads");
            assert!(also_kept == kept, "--max-rejects {limit}: other rejects with {threads} threads");
        }
    }
}

#[test]
fn rejects_are_told_and_kept_even_if_no_event_is_left() {
    let folder = folder();
    folder.write("bad.ndjson", "bad\nworse\n");
    let outcome = folder.pql("score bad.ndjson -m model.toml --out out --max-rejects 100%");
    assert_eq!(outcome.code, 1, "{outcome:?}");
    assert!(outcome.stderr.contains("2 lines (invalid_json)"), "{}", outcome.stderr);
    assert_eq!(names(&folder.path().join("out")), ["rejects.ndjson"]);
}
