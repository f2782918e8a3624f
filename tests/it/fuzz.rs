//! The fuzz targets, run on their seeds and on mutated seeds for a short time. libFuzzer runs the
//! same targets for longer (`tests/fuzz`).

use std::{
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

#[path = "../fuzz/targets.rs"]
mod targets;

/// The number of mutations of each seed. `PQL_FUZZ=1000` tries more.
fn changes() -> u64 {
    std::env::var("PQL_FUZZ").ok().and_then(|count| count.parse().ok()).unwrap_or(12)
}

/// Pseudo-random numbers, the same in every run. **Source**: SplitMix64, Steele, Lea and Flood
/// (2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// Bytes with a meaning for one of the readers, which mutations insert.
const SPICE: [&[u8]; 24] = [
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\n",
    b"\r\n",
    b"\0",
    b"\x1b[31m",
    b"\xff",
    b"\xe2\x80\xae",
    b"'",
    b"=",
    b";",
    b"\\ud800",
    b"1e999",
    b"-",
    b"null",
    b"and",
    b"[[user.signals]]\n",
    b"\xef\xbb\xbf",
];

/// A seed with a few mutations; some insert a part of another seed.
fn changed(seeds: &[Vec<u8>], seed: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(12)).min(bytes.len());
        match random.below(7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 => drop(bytes.drain(at..end)),
            2 => drop(bytes.splice(at..at, SPICE[random.below(SPICE.len())].iter().copied())),
            3 => drop(bytes.splice(at..end, SPICE[random.below(SPICE.len())].iter().copied())),
            4 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece.repeat(random.below(40)));
            }
            5 => {
                let other = &seeds[random.below(seeds.len())];
                let from = random.below(other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            _ => bytes.truncate(at),
        }
    }
    bytes
}

fn run(name: &str, target: fn(&[u8])) {
    let pattern = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/fuzz").join(name).join("*");
    let paths = glob::glob(&pattern.display().to_string()).expect("a pattern");
    let seeds: Vec<Vec<u8>> = paths.map(|path| std::fs::read(path.expect("a path")).expect("a seed")).collect();
    assert!(seeds.len() >= 3, "{} seeds of {name}", seeds.len());
    let mut random = Random(20_261_122);
    let mut count = 0;
    let mut attempt = |bytes: &[u8]| {
        count += 1;
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(bytes))) {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{name}"));
            std::fs::write(&path, bytes).expect("a file below the folder of builds");
            let _ = writeln!(std::io::stderr(), "`{name}` breaks on {}", path.display());
            std::panic::resume_unwind(panic);
        }
    };
    for seed in &seeds {
        attempt(seed);
        for _ in 0..changes() {
            attempt(&changed(&seeds, seed, &mut random));
        }
    }
    let _ = writeln!(std::io::stderr(), "fuzz: {name}: {count} inputs of {} seeds", seeds.len());
}

#[test]
fn any_line_is_judged_alike_under_all_models() {
    run("line", targets::line);
}

#[test]
fn any_file_is_accounted_for() {
    run("file", targets::file);
}

#[test]
fn any_model_is_refused_with_its_problems_or_scores() {
    run("model", targets::model);
}

#[test]
fn any_file_of_cases_is_refused_with_its_problems_or_runs() {
    run("case", targets::case);
}

#[test]
fn any_expression_is_refused_at_a_place_or_means_what_is_shown_of_it() {
    run("expression", targets::expression);
}
