//! Compressed files that were cut or changed. The program passes no part of them on as if it were
//! whole, and reports the position of the damage.

use std::{io::Write, sync::Arc};

use pql_engine::read::{BlockLimits, BlockReader, FramePosition, InputKind, InputSource, LineBlock, ReadError};

use crate::{
    run::{Folder, names},
    stored::gzip,
};

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("memory");
    encoder.include_checksum(true).expect("a checksum");
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn event(user: &str) -> String {
    format!(
        "{{\"event\":\"a\",\"timestamp\":\"2026-10-01T10:00:00Z\",\"user_id\":\"{user}\",\"account_id\":\"acme\"}}\n"
    )
}

/// Reads a file in memory to its end.
fn content(stored: &[u8]) -> Result<Vec<u8>, ReadError> {
    let input = InputSource { name: "events".to_owned(), kind: InputKind::Memory(Arc::from(stored)) };
    let reader = BlockReader::new(vec![input], BlockLimits::STANDARD, 1);
    let (mut block, mut all) = (LineBlock::default(), Vec::new());
    while let Some(next) = reader.next(block)? {
        all.extend_from_slice(&next.bytes);
        block = next;
    }
    Ok(all)
}

/// A compression function.
type Pack = fn(&[u8]) -> Vec<u8>;

const PACKS: [(&str, Pack); 2] = [("gzip", gzip), ("zstd", zstd)];

#[test]
fn every_cut_of_several_members_is_found_and_told_with_its_member() {
    for (name, pack) in PACKS {
        let members: Vec<Vec<u8>> = ["ann", "bob", "cat"].map(|user| pack(event(user).repeat(20).as_bytes())).to_vec();
        let whole = members.concat();
        let starts = [0, members[0].len(), members[0].len() + members[1].len(), whole.len()];
        assert_eq!(content(&whole).expect("a whole file").len(), 60 * event("ann").len(), "{name}");
        for cut in 1..whole.len() {
            let member = starts.iter().rposition(|start| *start < cut).expect("a member");
            match content(&whole[..cut]) {
                Ok(bytes) => {
                    assert!(starts.contains(&cut), "{name}: a cut at {cut} is taken for the end");
                    assert_eq!(bytes.len(), (member + 1) * 20 * event("ann").len(), "{name}: {cut}");
                }
                Err(ReadError::Truncated { part, good_bytes, .. }) => {
                    let expected = FramePosition { number: member as u64 + 1, offset: starts[member] as u64 };
                    assert_eq!(part, expected, "{name}: {cut}");
                    assert!(good_bytes >= (member * 20 * event("ann").len()) as u64, "{name}: {cut}");
                }
                // A magic number that is cut to one byte is not recognised.
                Err(other) => panic!("{name}, cut at {cut}: {other}"),
            }
        }
    }
}

#[test]
fn every_changed_byte_is_found_or_changes_nothing() {
    for (name, pack) in PACKS {
        let text = [event("ann").repeat(20), event("bob").repeat(20)];
        let (first, second) = (pack(text[0].as_bytes()), pack(text[1].as_bytes()));
        let whole = [first.clone(), second].concat();
        let mut found = 0;
        // Without its first bytes the file is of another kind, so they are left alone.
        for at in 4..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 0x10;
            match content(&changed) {
                Ok(bytes) => assert_eq!(bytes, text.concat().as_bytes(), "{name}: byte {at} changes the content"),
                Err(ReadError::Damaged { part, .. } | ReadError::Truncated { part, .. }) => {
                    found += 1;
                    let member = if at < first.len() { 1 } else { 2 };
                    assert_eq!(part.number, member, "{name}: {at}");
                }
                Err(ReadError::ZstdWindow { .. }) => found += 1,
                Err(other) => panic!("{name}, changed at {at}: {other}"),
            }
        }
        assert!(found * 10 > whole.len() * 8, "{name}: {found} of {}", whole.len());
    }
}

#[test]
fn damage_ends_the_run_with_the_member_and_its_place_and_publishes_nothing() {
    let folder = Folder::new();
    folder.write("model.toml", "schema = 1\n");
    folder.write("good.ndjson", event("ann"));
    for (name, pack) in PACKS {
        let first = pack(event("ann").repeat(500).as_bytes());
        let second = pack(event("bob").repeat(500).as_bytes());
        let place = format!("in member 2, which begins at byte {};", first.len());
        let cut = [&first[..], &second[..second.len() - 9]].concat();
        let behind = [&first[..], b"something else"].concat();
        let mut changed = [&first[..], &second].concat();
        let last = changed.len() - 3;
        changed[last] ^= 0xff;
        for (what, bytes) in [("stops in the middle", cut), ("damaged", behind), ("damaged", changed)] {
            folder.write("bad.bin", bytes);
            let outcome = folder.pql("score good.ndjson bad.bin -m model.toml --out out");
            assert_eq!(outcome.code, 3, "{name}, {what}: {outcome:?}");
            for part in ["`bad.bin`", what, &place, name, "good bytes of content"] {
                assert!(outcome.stderr.contains(part), "{name}, `{part}`: {}", outcome.stderr);
            }
            assert_eq!(names(&folder.path().join("out")), [""; 0], "{name}, {what}");
        }
    }
}

#[test]
fn a_member_may_be_empty_and_may_end_within_a_line() {
    for (name, pack) in PACKS {
        let text = event("ann");
        let (head, tail) = text.split_at(30);
        let stored = [pack(b""), pack(head.as_bytes()), pack(b""), pack(tail.as_bytes()), pack(b"")].concat();
        assert_eq!(content(&stored).expect("a whole file"), text.as_bytes(), "{name}");
    }
}

/// Runs the program with a limit on its address space; returns the exit code and the messages.
#[cfg(target_os = "linux")]
fn bounded(folder: &Folder, arguments: &str) -> (i32, String) {
    let script = format!("ulimit -v 600000; exec {} {arguments}", env!("CARGO_BIN_EXE_pql"));
    let output =
        std::process::Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output().expect("a shell");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap_or(-1), stderr)
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_small_when_packed_takes_no_more_memory_than_a_line() {
    let folder = Folder::new();
    folder.write("model.toml", "schema = 1\n");
    let good = event("ann");
    let bomb = |part: &[u8], times: usize| {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("memory");
        encoder.write_all(good.as_bytes()).expect("memory");
        (0..times).for_each(|_| encoder.write_all(part).expect("memory"));
        encoder.write_all(format!("\n{good}").as_bytes()).expect("memory");
        encoder.finish().expect("memory")
    };
    // The inputs are one line of 800 MB, four million bad lines, 800 MB of brackets, and a list
    // without an end. The run may address 600 MB.
    let zeros = vec![b'a'; 1 << 20];
    folder.write("line.zst", bomb(&zeros, 800));
    folder.write("lines.zst", bomb(&b"x\n".repeat(1 << 19), 8));
    folder.write("deep.zst", bomb(&b"[".repeat(1 << 20), 800));
    folder.write("list.zst", zstd(&[b"[".as_slice(), &b"{},".repeat(1 << 20)].concat()));
    for (name, code, said) in [
        ("line.zst", 0, "1 line (too_long)"),
        ("lines.zst", 0, "4194304 lines (invalid_json)"),
        ("deep.zst", 0, "1 line (too_long)"),
        ("list.zst", 3, "stops inside a JSON list"),
    ] {
        let (found, stderr) = bounded(&folder, &format!("score {name} -m model.toml --threads 2 --max-rejects 100%"));
        assert_eq!(found, code, "{name}: {stderr}");
        assert!(stderr.contains(said), "{name}: {stderr}");
    }
}
