//! How long each stage takes, on one thread: `cargo bench --manifest-path tests/perf/Cargo.toml`.
//!
//! Two inputs: the events of `gen_events.py` under `model.toml`, slim and fat. What a worker does is timed as far as it goes (read, then
//! split, then decode, then fold), so that the difference of two lines is the stage between them; score and emit stand by themselves.

use std::{
    hint::black_box,
    path::{Path, PathBuf},
    process::Command,
};

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use pql_engine::{decode::{format::{FileFormats, WorkerDecoders}, FastPathResult, HashSeed}, emit::{self, CsvDialect, RowFormat}, fold::{EventFolder, ShardSet}, pipeline::{self, AsOfRequest, FoldedRun, MaxRejects, PipelineJob, RunTables}, plan::Model, read::{BlockLimits, BlockReader, InputKind, InputSource, LineBlock}};
use pql_model::{clock::parse_day, diag::SourceDocument, units::Micros, EntityKind};

/// Enough that tables outgrow the caches, and that a stage takes milliseconds.
const EVENTS: u64 = 100_000;
/// As many events each as in the large comparison.
const USERS: u64 = 4_000;

/// The model says UTC, and this is the end of 2026-10-31 in it.
fn as_of() -> AsOfRequest {
    AsOfRequest::EndOf(parse_day("2026-10-31").expect("a date"))
}

fn model() -> Model {
    let document = SourceDocument { name: "model.toml".to_owned(), text: include_str!("model.toml").to_owned() };
    pql_engine::plan::parse(&document).expect("a model without problems")
}

/// Writes the events once, below the folder of builds.
fn events(form: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("stages-{form}.ndjson"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("gen_events.py");
    let file = std::fs::File::create(&path).expect("a file below the folder of builds");
    let mut python = Command::new("python3");
    python
        .arg(script)
        .args(["--accounts", "400", "--users", &USERS.to_string(), "--events", &EVENTS.to_string()])
        .stdout(file);
    if form == "fat" {
        python.arg("--fat");
    }
    assert!(python.status().expect("python3 on the path").success(), "gen_events.py failed");
    path
}

fn input(path: &Path) -> Vec<InputSource> {
    vec![InputSource { name: path.display().to_string(), kind: InputKind::File(path.to_owned()) }]
}

fn fold(model: &Model, path: &Path, workers: usize) -> FoldedRun {
    let max_rejects = MaxRejects::Count(0);
    let format = "native";
    let job = PipelineJob {
        model,
        format,
        inputs: input(path),
        when: as_of(),
        now: 0,
        workers,
        max_rejects,
        keep_rejects: false,
        limits: BlockLimits::STANDARD,
        users: None,
    };
    pipeline::fold_inputs(&job, None).expect("events without rejects")
}

fn read(path: &Path) -> usize {
    let reader = BlockReader::new(input(path), BlockLimits::STANDARD, 1);
    let mut block = LineBlock::default();
    let mut bytes = 0;
    while let Some(next) = reader.next(block).expect("a file that can be read") {
        bytes += next.bytes.len();
        block = next;
    }
    bytes
}

/// What a worker does, each line with one stage more.
fn worker(group: &mut BenchmarkGroup<'_, WallTime>, model: &Model, path: &Path) {
    let text = std::fs::read_to_string(path).expect("events");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("read", |bench| bench.iter(|| read(path)));
    group.bench_function("split", |bench| {
        bench.iter(|| {
            let text = std::str::from_utf8(black_box(text.as_bytes())).expect("UTF-8");
            memchr::memchr_iter(b'\n', text.as_bytes()).count()
        });
    });
    let formats = FileFormats::new(model, "native", 1);
    group.bench_function("decode", |bench| {
        let mut reading = WorkerDecoders::new(&formats, HashSeed::default(), Micros::MAX);
        let decoder = reading.decoder_for(0, Some(text.as_bytes())).expect("native lines");
        bench.iter(|| text.lines().for_each(|line| drop(black_box(decoder.decode_event(line, line.as_bytes())))));
    });
    group.bench_function("read to fold", |bench| bench.iter(|| fold(model, path, 1)));
}

/// Records to state: what is left of a worker's time beside reading and decoding.
fn folding(group: &mut BenchmarkGroup<'_, WallTime>, model: &Model, path: &Path) {
    let text = std::fs::read_to_string(path).expect("events");
    let (seed, formats) = (HashSeed::default(), FileFormats::new(model, "native", 1));
    let mut reading = WorkerDecoders::new(&formats, seed.clone(), Micros::MAX);
    let decoder = reading.decoder_for(0, Some(text.as_bytes())).expect("native lines");
    group.throughput(Throughput::Elements(EVENTS));
    group.bench_function("decode and fold", |bench| {
        bench.iter(|| {
            let hearth = ShardSet::new(model, &seed, 1);
            let mut folder = EventFolder::new(&hearth, 1);
            text.lines().for_each(|line| match decoder.decode_event(line, line.as_bytes()) {
                FastPathResult::Event(event) => folder.fold_event(0, &event),
                FastPathResult::Line(line) => folder.fold(0, &line),
            });
            let folded = folder.finish();
            hearth.into_state([folded]).take_conflicts()
        });
    });
}

/// From state to rows, per user.
fn result(group: &mut BenchmarkGroup<'_, WallTime>, model: &Model, path: &Path) {
    let folded = fold(model, path, 1);
    let evaluate = || pipeline::score_state((&folded.state, folded.as_of), model, RunTables::default()).expect("scores").0;
    group.throughput(Throughput::Elements(USERS));
    group.bench_function("score", |bench| bench.iter(evaluate));
    let scored = evaluate();
    for (name, format) in [("emit csv", RowFormat::Csv(CsvDialect::Spreadsheet)), ("emit ndjson", RowFormat::Ndjson)] {
        group.bench_function(name, |bench| {
            bench.iter(|| {
                for side in EntityKind::ALL {
                    emit::write_rows(emit::LevelRows { scored: &scored, model, kind: side }, None, format, &mut std::io::sink())
                        .expect("a sink takes everything");
                }
            });
        });
    }
}

fn stages(criterion: &mut Criterion) {
    // Rows are scored and written by a pool; one thread, so that a number is work and not the machine.
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().expect("no pool was made before");
    let model = model();
    for form in ["slim", "fat"] {
        let path = events(form);
        let mut group = criterion.benchmark_group(form);
        group.sample_size(20);
        worker(&mut group, &model, &path);
        // What follows no longer depends on the form of lines.
        if form == "slim" {
            folding(&mut group, &model, &path);
            result(&mut group, &model, &path);
        }
        group.finish();
    }
}

criterion_group!(benches, stages);
criterion_main!(benches);
