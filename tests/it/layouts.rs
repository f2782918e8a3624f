//! Ways in which events are written down that nobody would call by a name: what is plainly meant is read, what is not is named.

use serde_json::Value as Json;

use crate::{
    run::{Folder, names, rows},
    stored::{everywhere, gzip, tar, zip, zstd},
};

const MODEL: &str = "schema = 1\n\n[metrics]\nn = { measure = \"count\" }\n\n[[user.signals]]\nname = \"use\"\nper = \"n\"\npoints = 1\n\n[output]\nuser_columns = [\"n\"]\n";

const MARK: &str = "\u{feff}";

fn folder() -> Folder {
    let folder = Folder::in_memory();
    folder.write("model.toml", MODEL);
    folder
}

fn event(user: &str, minute: u32) -> String {
    format!(
        "{{\"event\":\"visit\",\"timestamp\":\"2026-10-01T10:{minute:02}:00Z\",\"user_id\":\"{user}\",\"event_id\":\"{user}{minute}\",\"properties\":{{\"text\":\"a }}{{ b, c\"}}}}"
    )
}

/// Users with their events of the last run.
fn counts(folder: &Folder) -> Vec<(String, String)> {
    let users = rows(&folder.read("out/users.csv"));
    let n = users[0].iter().position(|name| name == "n").expect("a column");
    users.iter().skip(1).map(|row| (row[0].clone(), row[n].clone())).collect()
}

fn buckets(folder: &Folder) -> Json {
    serde_json::from_str::<Json>(&folder.read("out/run.json")).expect("JSON")["counts"].clone()
}

/// Every way of storing a content gives these users with these numbers of events, nothing being rejected; gives the lines that are blank.
fn read_as(text: &str, ending: &str, expected: &[(&str, u32)]) -> u64 {
    let folder = folder();
    let expected: Vec<(String, String)> =
        expected.iter().map(|(user, n)| ((*user).to_owned(), n.to_string())).collect();
    let mut blank = 0;
    for stored in everywhere(text.as_bytes(), ending) {
        let outcome = stored.run(&folder, "score EVENTS -m model.toml --as-of 2026-10-31 --max-rejects 0 --out out");
        assert_eq!(outcome.code, 0, "{} {text:?}: {outcome:?}", stored.name);
        let mut found = counts(&folder);
        found.sort();
        assert_eq!(found, expected, "{} {text:?}", stored.name);
        blank = buckets(&folder)["blank"].as_u64().expect("a number");
        // Every command sees the same events.
        let outcome = stored.run(&folder, "inspect EVENTS --format json");
        assert_eq!(outcome.code, 0, "{} {text:?}: {outcome:?}", stored.name);
        let seen: Json = serde_json::from_str(&outcome.stdout).expect("JSON");
        let all: u64 = expected.iter().map(|(_, n)| n.parse::<u64>().expect("a number")).sum();
        assert_eq!(seen["events"].as_u64(), Some(all), "{} {text:?}: {}", stored.name, outcome.stdout);
    }
    blank
}

#[test]
fn objects_on_one_line_are_records_each() {
    let (a, b, c, d) = (event("ann", 1), event("ann", 2), event("bob", 3), event("bob", 4));
    for text in [
        format!("{a}{b}{c}{d}"),
        format!("{a}{b}{c}{d}\n"),
        format!("{a} {b}\t{c}\n{d}\n"),
        format!("{a}\n{b}{c}\n{d}"),
        format!("{a}\n{b}\n{c}{d}\r\n"),
        format!("{a}\r{b}\r{c}\r{d}"),
        format!("{a},{b},{c},{d}"),
        format!("\u{1e}{a}\n\u{1e}{b}\n\u{1e}{c}\n\u{1e}{d}\n"),
        serde_json::to_string_pretty(&parsed(&a)).expect("JSON") + &format!("{b}{c}\n{d}"),
    ] {
        read_as(&text, ".json", &[("ann", 2), ("bob", 2)]);
    }
}

#[test]
fn objects_on_a_line_over_the_limit_are_records_each() {
    let folder = folder();
    let all: String = (0..400).map(|n| event(&format!("u{:03}", n % 100), n % 60)).collect();
    for text in [
        all.clone(),
        format!("{}\n{all}", event("ann", 1)),
        format!("{}\n{all}\n{}\n", event("ann", 1), event("ann", 2)),
    ] {
        for stored in everywhere(text.as_bytes(), ".json") {
            let outcome = stored.run(
                &folder,
                "score EVENTS -m model.toml --as-of 2026-10-31 --max-line 4KiB --max-rejects 0 --out out",
            );
            assert_eq!(outcome.code, 0, "{}: {outcome:?}", stored.name);
            assert!(counts(&folder).len() >= 100);
        }
    }
}

fn parsed(text: &str) -> Json {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn a_list_that_lost_its_brackets_is_read() {
    let (a, b, c) = (event("ann", 1), event("ann", 2), event("bob", 3));
    let pretty = |text: &str| serde_json::to_string_pretty(&parsed(text)).expect("JSON");
    for text in [
        format!("{a},\n{b},\n{c},\n"),
        format!("{a},\n{b},\n{c}\n"),
        format!("{a},\r\n{b},\r\n{c}\r\n]\r\n"),
        format!("{a}\n,{b}\n,{c}\n"),
        format!("{a} ,\n  {b} ,\n{c},\n]\n"),
        format!("{},\n{},\n{}\n", pretty(&a), pretty(&b), pretty(&c)),
        format!("{},\n{},\n{}\n]", pretty(&a), pretty(&b), pretty(&c)),
    ] {
        read_as(&text, ".json", &[("ann", 2), ("bob", 1)]);
    }
}

#[test]
fn marks_inside_joined_files_are_no_text() {
    let (a, b, c) = (event("ann", 1), event("ann", 2), event("bob", 3));
    for text in [
        format!("{MARK}{a}\n{MARK}{b}\n{MARK}{c}\n"),
        format!("{a}\n{b}\n{MARK}{c}"),
        format!("{MARK}[{a}]\n{MARK}[{b},{c}]\n"),
        format!("{a}{MARK}{b}\n{c}\n"),
        format!("{a}\n{MARK}\n{b}\n{MARK}\n{c}\n"),
    ] {
        read_as(&text, ".ndjson", &[("ann", 2), ("bob", 1)]);
    }
}

#[test]
fn dialects_of_tables_are_read() {
    let table = "event,timestamp,user_id,note\nvisit,2026-10-01 10:00:00,ann,\nvisit,2026-10-01 10:01:00,ann,x\nvisit,2026-10-01 10:02:00,bob,\n";
    for delimiter in [",", ";", "\t", "|"] {
        let table = table.replace(',', delimiter);
        let crlf = table.replace('\n', "\r\n");
        let expected = [("ann", 2), ("bob", 1)];
        read_as(&table, ".csv", &expected);
        read_as(&format!("sep={delimiter}\r\n{crlf}"), ".csv", &expected);
        read_as(&format!("{MARK}\"sep={delimiter}\"\n{table}"), ".csv", &expected);
        read_as(&format!("SEP={delimiter}\n\n{table}"), ".csv", &expected);
        for title in [
            "Event export\n",
            "Event export\n\n",
            "Events, all of them\nFrom 2026-10-01 to 2026-10-31\n\n",
            "# made by a tool\n# on a day\n",
        ] {
            read_as(&format!("{title}{table}"), ".csv", &expected);
        }
        let padded = format!("Event export{}\n{table}", delimiter.repeat(3));
        read_as(&padded, ".csv", &expected);
    }
    // Those of Hive and of mainframes.
    for delimiter in ["\u{1}", "^", "~"] {
        read_as(&table.replace(',', delimiter), ".csv", &[("ann", 2), ("bob", 1)]);
    }
    // Another delimiter than these, where the file says so.
    read_as(&format!("sep=#\n{}", table.replace(',', "#")), ".csv", &[("ann", 2), ("bob", 1)]);
}

#[test]
fn header_rows_inside_joined_tables_are_no_rows() {
    let head = "event,timestamp,user_id,note\n";
    let (a, b, c) =
        ("visit,2026-10-01 10:00:00,ann,\n", "visit,2026-10-01 10:01:00,ann,x\n", "visit,2026-10-01 10:02:00,bob,\n");
    let expected = [("ann", 2), ("bob", 1)];
    for (text, blank) in [
        (format!("{head}{a}{head}{b}{c}"), 1),
        (format!("{MARK}{head}{a}{MARK}{head}{b}{MARK}{head}{c}"), 2),
        (format!("{head}{a}{head}{head}{b}{c}{head}"), 3),
        (format!("{head}{a}{}{b}{c}", head.replace('\n', "\r\n")), 1),
        (format!("{head}{a}\"event\",\"timestamp\",\"user_id\",\"note\"\n{b}{c}"), 1),
        // Columns in another order, others, and fewer; another delimiter.
        (format!("{head}{a}{b}user_id,timestamp,event,note\nbob,2026-10-01 10:02:00,visit,\n"), 1),
        (format!("{head}{a}{b}user_id,timestamp,event\nbob,2026-10-01 10:02:00,visit\n"), 1),
        (format!("{head}{a}{b}{}{}", head.replace(',', ";"), c.replace(',', ";")), 1),
        (format!("sep=,\n{head}{a}{b}sep=;\n{}{}", head.replace(',', ";"), c.replace(',', ";")), 2),
    ] {
        assert_eq!(read_as(&text, ".csv", &expected), blank, "{text:?}");
    }
}

#[test]
fn rows_of_delimiters_are_blank() {
    let text = "event;timestamp;user_id;note;;\nvisit;2026-10-01 10:00:00;ann;;;\n;;;;;\n;;;;;\nvisit;2026-10-01 10:02:00;bob;;;\n\"\";\"\";;;;\n ; ;;;;\n;;;;;";
    assert_eq!(read_as(text, ".csv", &[("ann", 1), ("bob", 1)]), 5);
}

#[test]
fn a_long_header_row_is_one() {
    let names: Vec<String> = (0..9000).map(|n| format!("column_{n}")).collect();
    let text = format!(
        "event,timestamp,user_id,{}\nvisit,2026-10-01T10:00:00Z,ann{}\n",
        names.join(","),
        ",v".repeat(names.len())
    );
    assert!(text.find('\n') > Some(100_000));
    let folder = folder();
    for stored in everywhere(text.as_bytes(), ".csv") {
        let outcome = stored.run(&folder, "score EVENTS -m model.toml --as-of 2026-10-31 --out out");
        assert_eq!(outcome.code, 0, "{}: {outcome:?}", stored.name);
        assert_eq!(counts(&folder), [("ann".to_owned(), "1".to_owned())]);
    }
    folder.write("wide.csv", &text);
    std::fs::remove_dir_all(folder.path().join("out")).expect("a folder");
    let outcome = folder.pql("score wide.csv -m model.toml --max-line 64KiB --out out");
    assert_eq!(outcome.code, 3, "{outcome:?}");
    for part in ["`wide.csv` is a table whose header row is longer than --max-line allows", "64 KiB"] {
        assert!(outcome.stderr.contains(part), "{part:?} in {}", outcome.stderr);
    }
}

#[test]
fn a_table_that_cannot_be_read_is_named_as_one() {
    let folder = folder();
    let latin = "\u{e9}v\u{e9}nement,timestamp,user_id\n".chars().map(|c| c as u8).collect::<Vec<u8>>();
    let utf16: Vec<u8> = "event,timestamp\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = "{\"event\":1}\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let cases: [(&str, Vec<u8>, &[&str]); 11] = [
        (
            "open.csv",
            b"event,timestamp,\"user_id,note\nvisit,2026-10-01T10:00:00Z,ann,x\n".to_vec(),
            &["`open.csv", "stops inside a quoted cell", "line 1"],
        ),
        (
            "closed.csv",
            b"event;timestamp;\"user_id;note\nvisit;2026-10-01T10:00:00Z;ann;\"\n".to_vec(),
            &["inside a quoted cell", "line 1"],
        ),
        (
            "single.csv",
            b"'event','timestamp','user_id'\n'visit','2026-10-01T10:00:00Z','ann'\n".to_vec(),
            &["single quotes", "double quotes"],
        ),
        ("bare.txt", b"visit^2026-10-01T10:00:00Z^ann\n".to_vec(), &["without a header row", "carets"]),
        (
            "bare.csv",
            b"visit,2026-10-01T10:00:00Z,ann\nvisit,2026-10-01T10:01:00Z,bob\n".to_vec(),
            &["without a header row", "commas", "event,timestamp,user_id"],
        ),
        ("bare.psv", b"visit|2026-10-01T10:00:00Z|ann\n".to_vec(), &["without a header row", "bars"]),
        (
            "titles.csv",
            b"All events\nwhen;who;what\n2026-10-01;ann;visit\n".to_vec(),
            &["a table of 3 columns", "line 2", "[input]"],
        ),
        ("latin.csv", latin, &["header row is not UTF-8", "byte 1", "iconv -f WINDOWS-1252 -t UTF-8"]),
        ("wide.csv", utf16, &["UTF-16", "iconv -f UTF-16LE -t UTF-8"]),
        ("wide.json", big, &["UTF-16", "iconv -f UTF-16BE -t UTF-8"]),
        (
            "old.csv",
            b"event,timestamp,user_id\rvisit,2026-10-01T10:00:00Z,ann\rvisit,2026-10-01T10:00:00Z,bob\r".to_vec(),
            &["carriage return", "tr '\\r' '\\n'"],
        ),
    ];
    for (name, bytes, parts) in cases {
        for (name, bytes) in [(name.to_owned(), bytes.clone()), (format!("{name}.gz"), gzip(&bytes))] {
            folder.write(&name, bytes);
            for command in ["score EVENTS -m model.toml --out out", "inspect EVENTS", "init EVENTS -o new.toml"] {
                let outcome = folder.pql(&command.replace("EVENTS", &name));
                assert_eq!(outcome.code, 3, "{name}: {outcome:?}");
                for part in parts {
                    assert!(outcome.stderr.contains(part), "{name}: {part:?} in {}", outcome.stderr);
                }
            }
        }
    }
}

/// Members of an archive: folders, what is hidden, what is left out, and events in several forms.
fn members() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("./export/b.json.gz", gzip(event("bob", 1).as_bytes())),
        ("./export/a.ndjson", format!("{}\n{}\n", event("ann", 1), event("ann", 2)).into_bytes()),
        ("./export/c.csv", b"event,timestamp,user_id\nvisit,2026-10-01T10:00:00Z,cid\n".to_vec()),
        ("./export/d.json", format!("[{}]", event("dan", 1)).into_bytes()),
        ("./export/README.md", b"read me".to_vec()),
        ("./export/.hidden.json", b"junk".to_vec()),
        ("./export/manifest.json", b"{\"files\":[]}".to_vec()),
        ("./export/e.json.zst", zstd(event("eve", 1).as_bytes())),
    ]
}

#[test]
fn a_tar_is_read_as_the_files_in_it() {
    let folder = folder();
    let members = members();
    let members: Vec<(&str, &[u8])> = members.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    let tar = tar(&members);
    for (name, bytes) in [
        ("x.tar", tar.clone()),
        ("x.tgz", gzip(&tar)),
        ("x.tar.gz", gzip(&tar)),
        ("x.tar.zst", zstd(&tar)),
        ("x.bin", gzip(&tar)),
    ] {
        folder.write(&format!("dump/{name}"), bytes);
        let arguments = if name == "x.bin" { "dump/x.bin" } else { "dump" };
        for threads in [1, 4] {
            let outcome = folder.pql(&format!(
                "score {arguments} -m model.toml --as-of 2026-10-31 --out out --max-rejects 0 --threads {threads}"
            ));
            assert_eq!(outcome.code, 0, "{name}: {outcome:?}");
            let expected = [("ann", "2"), ("bob", "1"), ("cid", "1"), ("dan", "1"), ("eve", "1")];
            assert_eq!(counts(&folder), expected.map(|(user, n)| (user.to_owned(), n.to_owned())), "{name}");
            let run: Json = serde_json::from_str(&folder.read("out/run.json")).expect("JSON");
            let mut files: Vec<&str> = run["files"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|file| file["name"].as_str().expect("text"))
                .collect();
            files.sort_unstable();
            let named = ["a.ndjson", "b.json.gz", "c.csv", "d.json", "e.json.zst"];
            assert_eq!(files, named.map(|file| format!("dump/{name}:./export/{file}")), "{name}");
            for part in [
                "README.md is not read: its ending is none of events",
                ".hidden.json is not read: hidden",
                "manifest.json is not read: a list of files",
            ] {
                assert!(outcome.stderr.contains(part), "{part:?} in {}", outcome.stderr);
            }
        }
        std::fs::remove_file(folder.path().join("dump").join(name)).expect("a file");
    }
}

/// A tar whose names are too long for a header, written as GNU does it or as PAX does it.
fn tar_of_long_names(pax: bool) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (number, user) in ["ann", "bob", "cid"].into_iter().enumerate() {
        // Names of several lengths, so that what fills the last block of a name differs too.
        let name = format!("dump/{}{number}.json", "long".repeat(30 + 90 * number));
        let text = event(user, 1);
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        if pax {
            builder.append_pax_extensions([("path", name.as_bytes()), ("mtime", b"1790000000.25")]).expect("memory");
            header.set_path(format!("short{number}.json")).expect("a name");
            header.set_cksum();
            builder.append(&header, text.as_bytes()).expect("memory");
        } else {
            builder.append_data(&mut header, &name, text.as_bytes()).expect("memory");
        }
    }
    builder.into_inner().expect("memory")
}

#[test]
fn a_tar_of_long_names_is_read() {
    let folder = folder();
    for (form, tar) in [("GNU", tar_of_long_names(false)), ("PAX", tar_of_long_names(true))] {
        for (name, bytes) in [("x.tar", tar.clone()), ("x.tar.gz", gzip(&tar)), ("x.tar.zst", zstd(&tar))] {
            folder.write(name, bytes);
            let outcome =
                folder.pql(&format!("score {name} -m model.toml --as-of 2026-10-31 --out out --max-rejects 0"));
            assert_eq!(outcome.code, 0, "{name} of {form}: {outcome:?}");
            let expected = ["ann", "bob", "cid"].map(|user| (user.to_owned(), "1".to_owned()));
            assert_eq!(counts(&folder), expected, "{name} of {form}");
        }
    }
}

/// A tar of empty files with names of a length.
fn tar_of_names(count: usize, length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in 0..count {
        let name = format!("{number:08}{}.json", "n".repeat(length - 13));
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        builder.append_data(&mut header, &name, [].as_slice()).expect("memory");
        let member = builder.into_inner().expect("memory");
        // Without the two blocks that end an archive.
        bytes.extend(&member[..member.len() - 1024]);
    }
    bytes.extend([0; 1024]);
    bytes
}

#[test]
fn a_tar_of_names_that_would_fill_the_memory_is_told() {
    let folder = folder();
    for (tar, part) in [
        (tar_of_names(1, 70_000), "holds a name of over 64 KiB (byte "),
        (tar_of_names(2200, 65_000), "holds too many members: their names take over 128 MiB (byte "),
    ] {
        folder.write("names.tar.zst", zstd(&tar));
        let outcome = folder.pql("score names.tar.zst -m model.toml --out out");
        assert_eq!(outcome.code, 3, "{outcome:?}");
        assert!(
            outcome.stderr.contains(&format!("`names.tar.zst` is a tar archive that {part}")),
            "{}",
            outcome.stderr
        );
    }
    folder.write("names.tar.zst", zstd(&tar_of_names(20, 4096)));
    let outcome = folder.pql("score names.tar.zst -m model.toml --out out");
    assert_ne!(outcome.code, 3, "{outcome:?}");
}

#[test]
fn properties_that_are_json_in_a_text_are_properties() {
    let folder = folder();
    folder.write("model.toml", MODEL.replace("measure = \"count\"", "measure = \"sum\", value = \"seats\""));
    let event = |user: &str, properties: &str| {
        format!(
            "{{\"event\":\"visit\",\"timestamp\":\"2026-10-01T10:00:00Z\",\"user_id\":\"{user}\",\"event_id\":\"{user}\"{properties}}}\n"
        )
    };
    let object = "{\"seats\":3,\"text\":\"a \\\"quoted\\\" b\"}";
    let text = serde_json::to_string(object).expect("JSON");
    for lines in [
        // The first record shows nothing, and copies agree in what they hold.
        event("ann", "")
            + &event("bob", &format!(",\"properties\":{text}"))
            + &event("bob", &format!(",\"properties\":{object}")),
        event("ann", "")
            + &event("bob", &format!(",\"properties\":{object}"))
            + &event("bob", &format!(",\"properties\":{text}")),
    ] {
        for stored in everywhere(lines.as_bytes(), ".ndjson") {
            let outcome =
                stored.run(&folder, "score EVENTS -m model.toml --as-of 2026-10-31 --max-rejects 0 --out out");
            assert_eq!(outcome.code, 0, "{}: {outcome:?}", stored.name);
            let expected = [("bob", "3"), ("ann", "0")].map(|(user, n)| (user.to_owned(), n.to_owned()));
            assert_eq!(counts(&folder), expected, "{}", stored.name);
            assert_eq!(buckets(&folder)["duplicate"], 1, "{}", stored.name);
        }
    }
}

#[test]
fn many_members_of_a_packed_tar_are_read_once() {
    let folder = folder();
    let all: Vec<(String, String)> =
        (0..600).map(|n| (format!("day{}.json", n * 7 % 600), event(&format!("u{n:03}"), 1))).collect();
    let members: Vec<(&str, &[u8])> = all.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    folder.write("many.tar.gz", gzip(&tar(&members)));
    let started = std::time::Instant::now();
    let outcome = folder.pql("score many.tar.gz -m model.toml --as-of 2026-10-31 --out out --max-rejects 0");
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert_eq!(counts(&folder).len(), 600);
    assert!(started.elapsed().as_secs() < 20);
}

#[test]
fn archives_in_archives_are_refused_by_name() {
    let folder = folder();
    let one = event("ann", 1);
    let inner = tar(&[("a.json", one.as_bytes())]);
    let nested: [(&str, Vec<u8>); 7] = [
        ("inner.tar", inner.clone()),
        ("inner.tar.gz", gzip(&inner)),
        ("inner.tgz", gzip(&inner)),
        ("inner.json", inner.clone()),
        ("inner.json.gz", gzip(&inner)),
        ("inner.zip", zip(&[("a.json", one.as_bytes())])),
        ("inner.json", zip(&[("a.json", one.as_bytes())])),
    ];
    for (name, bytes) in &nested {
        for (outer, packed) in [
            ("outer.tar", tar(&[(name, bytes)])),
            ("outer.tar.gz", gzip(&tar(&[(name, bytes)]))),
            ("outer.zip", zip(&[(name, bytes)])),
        ] {
            folder.write(outer, packed);
            let outcome = folder.pql(&format!("score {outer} -m model.toml --out out"));
            assert_eq!(outcome.code, 3, "{name} in {outer}: {outcome:?}");
            assert!(outcome.stderr.contains(&format!("`{outer}:{name}` is ")), "{name} in {outer}: {}", outcome.stderr);
            assert!(outcome.stderr.contains("archive"), "{}", outcome.stderr);
            assert!(names(&folder.path().join("out")).is_empty());
        }
    }
    for bytes in [inner.clone(), gzip(&inner)] {
        let outcome = folder.pql_with(&["score", "-", "-m", "model.toml"], &bytes);
        assert_eq!(outcome.code, 3, "{outcome:?}");
        assert!(outcome.stderr.contains("`-` is a tar archive in a pipe"), "{}", outcome.stderr);
    }
}

#[test]
fn a_mark_between_a_title_and_the_header_row_is_no_row() {
    let rows: String = (0..30).map(|n| format!("visit,2026-10-01 10:{n:02}:00,u{n:02},\n")).collect();
    let expected: Vec<(String, u32)> = (0..30).map(|n| (format!("u{n:02}"), 1)).collect();
    let expected: Vec<(&str, u32)> = expected.iter().map(|(user, n)| (user.as_str(), *n)).collect();
    for title in ["Event export\n", "Event export of October, with a name that is longer than the rows\n", "Title\n\n"]
    {
        read_as(&format!("{title}{MARK}event,timestamp,user_id,note\n{rows}"), ".csv", &expected);
    }
    let folder = folder();
    let about: String = (0..30).map(|n| format!("x,u{n:02},admin\n")).collect();
    let model = "schema = 1\n[user.traits]\nrole = { type = \"text\" }\n[output]\nuser_columns = [\"role\"]\n";
    folder.write("model.toml", model);
    folder.write("events.csv", format!("event,timestamp,user_id,note\n{rows}"));
    for mark in [MARK.to_owned(), MARK.repeat(2)] {
        for title in ["Users export\n", "Users of October, a title that is longer than three rows of the table\n"] {
            folder.write("users.csv", format!("{title}{mark}note,user_id,role\n{about}"));
            let outcome = folder.pql("score events.csv -m model.toml --users users.csv --out out --as-of 2026-10-31");
            assert_eq!(outcome.code, 0, "{title:?}: {outcome:?}");
            let users = crate::run::rows(&folder.read("out/users.csv"));
            let with_role = users.iter().filter(|row| row.last().is_some_and(|role| role == "admin"));
            assert_eq!(with_role.count(), 30, "{title:?} {mark:?}");
        }
    }
}

#[test]
fn rows_whose_cells_are_called_like_columns_are_rows() {
    let head = "event,timestamp,user_id,note\n";
    let good = "visit,2026-10-01 10:00:00,ann,\n".repeat(200);
    let folder = folder();
    for row in ["record,,u2,type", "data,,u2,type", "payload,,u2,topic", "uuid,,distinct_id,team_id", ",record,u2,type"]
    {
        folder.write("events.csv", format!("{head}{good}{row}\n{good}"));
        let outcome = folder.pql("score events.csv -m model.toml --as-of 2026-10-31 --out out");
        assert_eq!(outcome.code, 0, "{row}: {outcome:?}");
        assert_eq!(counts(&folder), [("ann".to_owned(), "400".to_owned())], "{row}");
        let counts = buckets(&folder);
        assert_eq!((counts["blank"].as_u64(), counts["rejected"].as_u64()), (Some(0), Some(1)), "{row}");
    }
}

#[test]
fn a_header_row_over_the_limit_is_told_and_not_skipped() {
    let folder = folder();
    let names: Vec<String> = (0..200).map(|n| format!("column_{n}")).collect();
    let (head, cells) = (names.join(","), ",".repeat(names.len()));
    folder.write(
        "events.csv",
        format!("event,timestamp,user_id,{head}\nvisit,2026-10-01 10:00:00,ann{cells}\nvisit,2026-10-01 10:00:00,bob{cells}\n"),
    );
    for (command, code) in [("score events.csv -m model.toml --out out", 3), ("inspect events.csv", 3)] {
        let outcome = folder.pql(&format!("{command} --max-line 1500"));
        assert_eq!(outcome.code, code, "{command}: {outcome:?}");
        for part in [
            "`events.csv` is a table whose header row is longer than --max-line allows (1500 bytes)",
            "leave columns out",
        ] {
            assert!(outcome.stderr.contains(part), "{command}: {part:?} in {}", outcome.stderr);
        }
    }
}
