//! Blocks are cut alike whatever the threads, compression and sizes; unreadable content gives
//! errors.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use std::{
    error::Error as _,
    ffi::OsString,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    thread,
};

use flate2::{Compression as Level, write::GzEncoder};
use tempfile::TempDir;

use super::{
    BlockLimits, BlockReader, Compression, InputKind, InputSource, LineBlock, ReadError, resolve_inputs,
    stream::DecompressedStream,
};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Level::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

fn input(path: &Path) -> InputSource {
    InputSource { name: path.file_name().unwrap().display().to_string(), kind: InputKind::File(path.to_path_buf()) }
}

fn limits(block_bytes: usize, line_bytes_max: usize) -> BlockLimits {
    BlockLimits { block_bytes, line_bytes_max, ..BlockLimits::STANDARD }
}

/// Reads a file holding `stored` on one thread; returns its blocks and the reader.
fn read(stored: &[u8], limits: BlockLimits) -> Result<(Vec<LineBlock>, BlockReader), ReadError> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("events");
    fs::write(&path, stored).unwrap();
    let reader = BlockReader::new(vec![input(&path)], limits, 1);
    let mut blocks = Vec::new();
    // A full buffer is passed each time, like a recycled one.
    let stale = || LineBlock { bytes: vec![b'\n'; 100], long_line: Some(7), ..LineBlock::default() };
    while let Some(block) = reader.next(stale())? {
        blocks.push(block);
    }
    Ok((blocks, reader))
}

/// The bytes of all blocks, after checks that hold for the blocks of any file.
fn joined(blocks: &[LineBlock]) -> Vec<u8> {
    let mut all = Vec::new();
    let start = blocks.first().map_or(0, |block| block.offset);
    for (place, block) in blocks.iter().enumerate() {
        assert_eq!(block.index as usize, place);
        assert_eq!(block.offset, start + all.len() as u64);
        assert!(!block.bytes.is_empty());
        assert!(block.bytes.ends_with(b"\n") || place + 1 == blocks.len());
        all.extend_from_slice(&block.bytes);
    }
    all
}

/// Asserts that `stored` reads as `content`, in blocks of every size.
fn check(stored: &[u8], content: &[u8]) {
    for block_bytes in (1..=64).chain([1 << 20]) {
        let (blocks, _) = read(stored, limits(block_bytes, 1 << 20)).unwrap();
        assert_eq!(joined(&blocks), content, "blocks of {block_bytes}");
        assert!(blocks.iter().all(|block| block.long_line.is_none()));
    }
}

fn failure(stored: &[u8]) -> ReadError {
    read(stored, BlockLimits::STANDARD).map(|_| ()).expect_err("expected an error")
}

#[test]
fn any_block_size_gives_the_same_lines() {
    let texts: [&[u8]; 9] = [
        b"",
        b"\n",
        b"\n\n\n\n\n",
        b"a",
        b"a\n",
        b"a\nbb\nccc\n",
        b"a\nbb\nccc",
        b"{\"crlf\":1}\r\n\r\n{\"last\":2}\r\n",
        b"\n0123456789012345678901234567890123456789012345678901234567890123456789\n\nx\n\n",
    ];
    for text in texts {
        check(text, text);
        check(&gzip(text), text);
        check(&zstd(text), text);
    }
}

#[test]
fn a_block_ends_at_its_last_line_end() {
    let (blocks, _) = read(b"aa\nbb\ncccccccccc\nd\ne", limits(8, 100)).unwrap();
    let texts: Vec<_> = blocks.iter().map(|block| block.bytes.as_slice()).collect();
    assert_eq!(texts, [b"aa\nbb\n".as_slice(), b"cccccccccc\nd\n", b"e"]);
}

#[test]
fn a_byte_order_mark_is_passed_over_and_counted() {
    let text = b"\xEF\xBB\xBF{}\n\xEF\xBB\xBFkept\n";
    for stored in [text.to_vec(), gzip(text), zstd(text)] {
        check(&stored, &text[3..]);
        let (blocks, reader) = read(&stored, BlockLimits::STANDARD).unwrap();
        assert_eq!(blocks[0].offset, 3);
        assert_eq!(reader.file_stats()[0].bytes, text.len() as u64);
    }
    assert!(read(b"\xEF\xBB\xBF", BlockLimits::STANDARD).unwrap().0.is_empty());
    check(b"\xEF\xBB", b"\xEF\xBB");
}

#[test]
fn members_and_frames_are_read_to_the_last() {
    let skippable = b"\x5A\x2A\x4D\x18\x03\x00\x00\x00abc";
    check(&[gzip(b"a\nb"), gzip(b""), gzip(b"\nc\n")].concat(), b"a\nb\nc\n");
    check(&[zstd(b"a\nb"), zstd(b""), zstd(b"\nc\n")].concat(), b"a\nb\nc\n");
    check(&[skippable, zstd(b"a\n").as_slice(), skippable].concat(), b"a\n");
}

#[test]
fn a_line_over_the_limit_stands_alone_and_is_cut_short() {
    // The limit is tested on both sides, at line starts anywhere in a block.
    for block_bytes in [1, 2, 3, 7, 64, 4096] {
        for (length, end) in
            [(29, "\n"), (30, "\n"), (31, "\n"), (32, "\n"), (95, "\n"), (96, "\n"), (31, ""), (64, "")]
        {
            for before in ["", "x\n", "xxxxxx\nyyyyyyy\n"] {
                check_long(before, length, end, limits(block_bytes, 30));
            }
        }
    }
}

fn check_long(before: &str, length: usize, end: &str, limits: BlockLimits) {
    let after = if end.is_empty() { "" } else { "\nlast\nx" };
    let line = "L".repeat(length);
    let text = format!("{before}{line}{end}{after}");
    let (blocks, reader) = read(text.as_bytes(), limits).unwrap();
    let (long, rest): (Vec<_>, Vec<_>) = blocks.iter().partition(|block| block.long_line.is_some());
    let rest: Vec<u8> = rest.iter().flat_map(|block| block.bytes.clone()).collect();
    if length <= limits.line_bytes_max {
        assert!(long.is_empty());
        assert_eq!(rest, text.as_bytes());
    } else {
        assert_eq!(long.len(), 1, "{text:?} {limits:?}");
        assert_eq!(long[0].long_line, Some(length as u64));
        assert_eq!(long[0].offset, before.len() as u64);
        assert_eq!(long[0].bytes, "L".repeat(31).as_bytes());
        assert_eq!(rest, format!("{before}{after}").as_bytes());
    }
    for block in blocks.iter().filter(|block| block.long_line.is_none()) {
        assert!(text.as_bytes()[block.offset as usize..].starts_with(&block.bytes));
    }
    assert_eq!(reader.file_stats()[0].bytes, text.len() as u64);
}

#[test]
fn an_endless_line_keeps_one_kibibyte() {
    let text = [vec![b'a'; 5 << 20], b"\nb\n".to_vec()].concat();
    let (blocks, _) = read(&gzip(&text), limits(1 << 16, 1 << 20)).unwrap();
    assert_eq!(blocks[0].long_line, Some(5 << 20));
    assert_eq!(blocks[0].bytes, vec![b'a'; 1024]);
    assert!(blocks.iter().all(|block| block.bytes.capacity() <= 1 << 16));
    assert_eq!(blocks[1].bytes, b"b\n");
    assert_eq!(blocks[1].offset, (5 << 20) + 1);
}

/// Asserts that every prefix of the joined `parts` is an error, unless it ends with a part.
fn check_cuts(parts: &[Vec<u8>], compression: Compression) {
    let whole = parts.concat();
    let mut ends = vec![0];
    for part in parts {
        ends.push(ends[ends.len() - 1] + part.len());
    }
    for cut in 0..=whole.len() {
        match read(&whole[..cut], BlockLimits::STANDARD) {
            Ok(_) => assert!(ends.contains(&cut), "{compression} cut at {cut} passes"),
            Err(ReadError::Truncated { compression: found, .. }) => {
                assert_eq!(found, compression);
                assert!(!ends.contains(&cut), "{compression} cut at {cut} is whole");
            }
            Err(other) => panic!("{compression} cut at {cut}: {other}"),
        }
    }
}

#[test]
fn a_cut_at_any_length_is_seen() {
    let long: String = (0..400).map(|n| format!("{{\"event\":{}}}\n", n * n)).collect();
    let texts = ["a\nb\n", &long, "c\n"];
    check_cuts(&texts.map(|text| gzip(text.as_bytes())), Compression::Gzip);
    check_cuts(&texts.map(|text| zstd(text.as_bytes())), Compression::Zstd);
}

#[test]
fn damage_and_trailing_bytes_are_seen() {
    for (stored, compression) in [(gzip(b"a\nb\n"), "gzip"), (zstd(b"a\nb\n"), "zstd")] {
        let error = failure(&[stored.as_slice(), b"not compressed"].concat());
        let start = stored.len();
        assert!(!error.is_start());
        assert_eq!(
            error.to_string(),
            format!(
                "`events` holds damaged {compression} data, or something else after it, past 4 good bytes of content, \
                 in member 2, which begins at byte {start}; download it again, or check it with `{compression} -t`"
            )
        );
        assert!(error.source().is_some());
    }
    let mut stored = gzip(b"a\nb\n");
    let checksum = stored.len() - 8;
    stored[checksum] ^= 1;
    assert!(matches!(failure(&stored), ReadError::Damaged { good_bytes: 4, .. }));
}

#[test]
fn a_zstd_window_over_the_limit_is_refused() {
    let bomb = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0xA8, 0x01, 0x00, 0x00];
    assert!(matches!(failure(&bomb), ReadError::ZstdWindow { .. }));
}

#[test]
fn formats_without_lines_are_named() {
    let cases: [(&[u8], &str); 6] = [
        (b"PK\x03\x04rest", "a zip archive in a pipe or inside another file"),
        (b"<HTML>", "an HTML page, as servers send for a login or an error in place of the file"),
        (b"Obj\x01rest", "an Avro file"),
        (b"\xFF\xFE{\0", "UTF-16 text"),
        (b"BZh9", "a bzip2 file"),
        (b"\xFD7zXZ\x00", "an xz file"),
    ];
    for (stored, expected) in cases {
        for stored in [stored.to_vec(), gzip(stored)] {
            match failure(&stored) {
                ReadError::UnsupportedFormat { format, .. } => assert_eq!(format, expected),
                other => panic!("{expected}: {other}"),
            }
        }
    }
}

#[test]
fn threads_share_files_and_cut_them_alike() {
    let folder = TempDir::new().unwrap();
    let inputs: Vec<InputSource> = (0..8).map(|n| events_file(folder.path(), n)).collect();
    let block_limits = limits(256, 1 << 20);
    let alone = read_with(&BlockReader::new(inputs.clone(), block_limits, 1), 1);
    let lines: usize = alone.iter().map(|block| memchr::memchr_iter(b'\n', &block.bytes).count()).sum();
    assert_eq!(lines, 8 * 500);
    for threads in [2, 3, 16] {
        let reader = BlockReader::new(inputs.clone(), block_limits, threads);
        assert_eq!(read_with(&reader, threads), alone);
        let stats = reader.file_stats();
        assert_eq!(stats.iter().map(|stats| stats.file).collect::<Vec<_>>(), (0..8).collect::<Vec<_>>());
        assert_eq!(stats.iter().map(|stats| stats.raw_bytes).sum::<u64>(), reader.bytes_read());
        assert_eq!(reader.total_bytes(), Some(reader.bytes_read()));
        assert_eq!(stats[1].compression, Compression::Gzip);
    }
}

/// A file of 500 lines, every third plain, gzip or zstd.
fn events_file(folder: &Path, number: usize) -> InputSource {
    let text: String = (0..500).map(|line| format!("{{\"file\":{number},\"line\":{line}}}\n")).collect();
    let stored = match number % 3 {
        0 => text.into_bytes(),
        1 => gzip(text.as_bytes()),
        _ => zstd(text.as_bytes()),
    };
    let path = folder.join(format!("{number}.ndjson"));
    fs::write(&path, stored).unwrap();
    input(&path)
}

/// All blocks of a reader shared by threads, sorted by file and index.
fn read_with(reader: &BlockReader, threads: usize) -> Vec<LineBlock> {
    let all = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(block) = reader.next(LineBlock::default()).unwrap() {
                    all.lock().unwrap().push(block);
                }
            });
        }
    });
    let mut all = all.into_inner().unwrap();
    all.sort_by_key(|block| (block.file, block.index));
    all
}

#[test]
fn an_error_stops_all_threads_and_is_told_once() {
    let folder = TempDir::new().unwrap();
    let mut inputs: Vec<InputSource> = (0..8).map(|n| events_file(folder.path(), n)).collect();
    inputs.insert(4, input(&folder.path().join("gone")));
    let reader = BlockReader::new(inputs, limits(64, 1 << 20), 4);
    let errors = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    match reader.next(LineBlock::default()) {
                        Ok(Some(_)) => {}
                        Ok(None) => break,
                        Err(error) => errors.lock().unwrap().push(error),
                    }
                }
            });
        }
    });
    let errors = errors.into_inner().unwrap();
    assert!(matches!(errors.as_slice(), [ReadError::Open { name, .. }] if name == "gone"));
    assert_eq!(reader.total_bytes(), None);
    assert!(reader.next(LineBlock::default()).unwrap().is_none());
}

#[test]
fn a_stopped_reader_gives_nothing() {
    let folder = TempDir::new().unwrap();
    let reader = BlockReader::new(vec![events_file(folder.path(), 0)], limits(64, 1 << 20), 2);
    assert!(reader.next(LineBlock::default()).unwrap().is_some());
    reader.stop();
    assert!(reader.next(LineBlock::default()).unwrap().is_none());
}

/// Applies `change` to a file of 500 lines after its first block was read, then reads the rest.
fn read_while(change: impl Fn(&Path)) -> Result<usize, ReadError> {
    let folder = TempDir::new().unwrap();
    let reader = BlockReader::new(vec![events_file(folder.path(), 0)], limits(64, 1 << 20), 1);
    let mut bytes = reader.next(LineBlock::default())?.unwrap().bytes.len();
    change(&folder.path().join("0.ndjson"));
    while let Some(block) = reader.next(LineBlock::default())? {
        bytes += block.bytes.len();
    }
    Ok(bytes)
}

#[test]
fn a_file_that_grows_ends_where_it_ended_when_opened() {
    let still = read_while(|_| {}).unwrap();
    let grown = read_while(|path| {
        let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(b"{\"half\":").unwrap();
    });
    assert_eq!(grown.unwrap(), still);
}

#[cfg(unix)]
#[test]
fn the_line_that_was_being_written_is_read_to_its_end() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.ndjson");
    let append = |bytes: &[u8]| fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(bytes).unwrap();
    fs::write(&path, "{\"a\":1}\n{\"b\":").unwrap();
    let mut stream = DecompressedStream::open(&input(&path), &Arc::default()).unwrap();
    append(b"2}\n{\"c\":3}\n");
    let mut bytes = Vec::new();
    let mut buffer = [0; 7];
    while let got @ 1.. = stream.read(&mut buffer).unwrap() {
        bytes.extend(&buffer[..got]);
    }
    assert_eq!(String::from_utf8(bytes).unwrap(), "{\"a\":1}\n{\"b\":2}\n");
    stream.finish().unwrap();
    assert!(stream.grew());
}

#[cfg(unix)]
#[test]
fn a_file_that_is_written_over_is_an_error() {
    let write_over = |path: &Path, text: &str| {
        // The clock of file times is coarse.
        thread::sleep(std::time::Duration::from_millis(20));
        let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
        file.set_len(0).unwrap();
        file.write_all(text.repeat(400).as_bytes()).unwrap();
    };
    for text in ["{\"other\":1}\n", "{\"n\":1,\"of\":\"another file that is longer than the one before\"}\n"] {
        let error = read_while(|path| write_over(path, text));
        assert!(matches!(error, Err(ReadError::Rewritten { .. } | ReadError::Changed { .. })), "{error:?}");
    }
    // A new file of the same name is another file; the one that was opened is read.
    let replaced = read_while(|path| {
        fs::remove_file(path).unwrap();
        fs::write(path, "{}\n").unwrap();
    });
    assert_eq!(replaced.unwrap(), read_while(|_| {}).unwrap());
}

#[test]
fn a_file_that_shrinks_is_an_error() {
    for size in [0, 70] {
        let error = read_while(|path| fs::OpenOptions::new().write(true).open(path).unwrap().set_len(size).unwrap());
        match error {
            Err(ReadError::Changed { found_bytes, opened_bytes, .. }) => {
                assert!(found_bytes == size && opened_bytes > size);
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Creates files, empty or not, below a fresh folder.
fn tree(paths: &[&str]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for path in paths {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "{}\n").unwrap();
    }
    folder
}

/// Resolves arguments relative to `folder`; returns the names read, skipped and repeated.
fn resolved(folder: &TempDir, args: &[&str]) -> Result<[Vec<String>; 3], ReadError> {
    let top = folder.path().display().to_string();
    let args: Vec<OsString> =
        args.iter().map(|arg| if *arg == "-" { "-".into() } else { format!("{top}/{arg}").into() }).collect();
    let found = resolve_inputs(&args)?;
    let short = |path: &str| path.strip_prefix(&format!("{top}/")).unwrap_or(path).to_owned();
    let all = |paths: Vec<PathBuf>| paths.iter().map(|path| short(path.to_str().unwrap())).collect();
    let repeated = found.duplicates.into_iter().map(|repeated| repeated.path).collect();
    Ok([
        found.inputs.iter().map(|input| short(&input.name)).collect(),
        all(found.skipped.into_iter().map(|skipped| skipped.path).collect()),
        all(repeated),
    ])
}

#[test]
fn a_folder_gives_its_event_files_at_any_depth() {
    let folder = tree(&[
        "b.ndjson",
        "a/x.jsonl.gz",
        "a/deep/y.json.zst",
        "a/z.zstd",
        "Z.JSON",
        "users.csv",
        "users.csv.gz",
        "a/readme.md",
        ".hidden.ndjson",
        ".git/x.json",
        "plain.gz",
    ]);
    let [inputs, skipped, repeated] = resolved(&folder, &[""]).unwrap();
    let bare =
        |paths: Vec<String>| paths.iter().map(|path| path.trim_start_matches('/').to_owned()).collect::<Vec<_>>();
    assert_eq!(bare(inputs), ["Z.JSON", "a/deep/y.json.zst", "a/x.jsonl.gz", "a/z.zstd", "b.ndjson", "plain.gz"]);
    assert_eq!(bare(skipped), ["a/readme.md", "users.csv", "users.csv.gz"]);
    assert!(repeated.is_empty());
}

#[test]
fn a_pattern_gives_files_and_folders_that_match() {
    let folder = tree(&["2024-01/a.json", "2024-02/b.json", "2023-12/c.json", "2024.txt", "odd[1].json"]);
    let [inputs, ..] = resolved(&folder, &["2024-*", "odd[1].json", "20?3-12/*.json"]).unwrap();
    assert_eq!(inputs, ["2023-12/c.json", "2024-01/a.json", "2024-02/b.json", "odd[1].json"]);
    let [inputs, ..] = resolved(&folder, &["**/*.json"]).unwrap();
    assert_eq!(inputs.len(), 4);
    let [inputs, ..] = resolved(&folder, &["2024.txt"]).unwrap();
    assert_eq!(inputs, ["2024.txt"]);
}

#[test]
fn a_pattern_finds_nothing_hidden_that_it_does_not_begin() {
    let folder = tree(&["a/b/c.json", "a/c.json", ".a/c.json", "a/.c.json", "a/c.txt", "[x]/c.json"]);
    for (pattern, found) in [
        ("*/*.json", &["[x]/c.json", "a/c.json"][..]),
        ("*/.*", &["a/.c.json"]),
        (".*/c.json", &[".a/c.json"]),
        ("[.]a/*", &[]),
        ("[[]x]/c.json", &["[x]/c.json"]),
        ("**/c.json", &["[x]/c.json", "a/b/c.json", "a/c.json"]),
        ("a/**", &["a/b/c.json", "a/c.json"]),
        ("a/**/*", &["a/b/c.json", "a/c.json", "a/c.txt"]),
        ("a/**/b/**/c.?son", &["a/b/c.json"]),
        ("a/*/", &["a/b/c.json"]),
        ("*/b/../c.*", &["a/b/../c.json", "a/b/../c.txt"]),
        ("a/c.json/*", &[]),
        ("C.[j]son", &[]),
    ] {
        let inputs = resolved(&folder, &[pattern]).map(|[inputs, _, repeated]| {
            assert!(repeated.is_empty(), "{pattern}: {repeated:?}");
            inputs
        });
        assert_eq!(inputs.unwrap_or_default(), found, "{pattern}");
    }
}

#[test]
fn a_file_is_read_once_whatever_it_is_called() {
    let folder = tree(&["a.json", "b.json", "sub/c.json"]);
    let orders: [&[&str]; 2] = [
        &["-", "a.json", "sub/../a.json", "b.json", "-", "b.json"],
        &["b.json", "sub/../a.json", "-", "b.json", "-", "a.json"],
    ];
    for args in orders {
        let [inputs, _, repeated] = resolved(&folder, args).unwrap();
        assert_eq!(inputs, ["-", "a.json", "b.json"]);
        assert_eq!(repeated, ["b.json", "sub/../a.json", "-"]);
    }
}

#[cfg(unix)]
#[test]
fn links_to_files_are_followed_and_links_to_folders_are_not() {
    let folder = tree(&["real/a.json"]);
    let link = |to: &str, from: &str| std::os::unix::fs::symlink(to, folder.path().join(from)).unwrap();
    link("a.json", "real/b.json");
    link("..", "real/up");
    let [inputs, skipped, repeated] = resolved(&folder, &["real"]).unwrap();
    assert_eq!(inputs, ["real/a.json"]);
    assert_eq!(skipped, ["real/up"]);
    assert_eq!(repeated, ["real/b.json"]);
    link("nowhere", "real/dangling.json");
    assert!(matches!(resolved(&folder, &["real"]), Err(ReadError::DeadLink { circle: false, .. })));
}

#[cfg(unix)]
#[test]
fn a_further_name_of_a_file_is_told_with_the_name_it_is_read_under() {
    let folder = tree(&["a.json", "other.json"]);
    fs::hard_link(folder.path().join("a.json"), folder.path().join("b.json")).unwrap();
    std::os::unix::fs::symlink("a.json", folder.path().join("c.json")).unwrap();
    let found = resolve_inputs(&[folder.path().into(), folder.path().join("b.json").into()]).unwrap();
    assert_eq!(found.inputs.len(), 2);
    let reported: Vec<String> = found.duplicates.iter().map(ToString::to_string).collect();
    let reported = reported.join("\n").replace(&format!("{}/", folder.path().display()), "");
    let again = "b.json is the same file as a.json and not read again";
    assert_eq!(reported, format!("{again}\n{again}\nc.json is the same file as a.json and not read again"));
}

#[test]
fn arguments_that_stand_for_nothing_are_errors() {
    let folder = tree(&["a.json", "csv/users.csv"]);
    let error = |arg: &str| resolved(&folder, &[arg]).map(|_| ()).expect_err("expected an error");
    assert!(matches!(error("b.json"), ReadError::NotFound { .. }));
    assert!(matches!(error("a.json/b"), ReadError::NotFound { .. }));
    assert!(matches!(error("*.gz"), ReadError::NoMatch { .. }));
    assert!(matches!(error("a***b"), ReadError::Pattern { .. }));
    assert!(matches!(error("csv"), ReadError::OnlyTables { .. }));
    for arg in ["b.json", "*.gz", "a***b", "csv"] {
        let error = error(arg);
        assert!(error.is_start());
        let text = error.to_string();
        assert!(text.contains('`') && text.contains(';') && !text.ends_with('.'), "{text}");
    }
    let denied = ReadError::for_path("secret", io::ErrorKind::PermissionDenied.into());
    assert!(matches!(denied, ReadError::Denied { .. }) && !denied.is_start());
}
