//! What is tried on bytes that may be anything. Each target panics if a promise does not hold; that none of the program's code panics is the
//! first of them. `tests/it/fuzz.rs` runs them on changed seeds with every `cargo test`, and libFuzzer for as long as one likes.

use std::{collections::BTreeSet, io::Write, ops::Range, sync::OnceLock};

use pql_engine::{
    cases,
    decode::{
        DecodedLine, FastPathResult, HashSeed, RejectReason,
        format::{FileFormats, WorkerDecoders},
        json::{JsonScanner, Projection},
    },
    emit::{self, CsvDialect, RowFormat},
    fold::FileCounts,
    pipeline::{self, AsOfRequest, MaxRejects, PipelineJob, RunTables},
    plan::{Model, parse, parse_all_facts},
    read::{BlockLimits, InputKind, InputSource},
};
use pql_model::{
    EXAMPLE, EntityKind,
    diag::{ColourMode, DocumentProblems, SourceDocument, render},
    expr::{self, EvalScope, ExprError, NameResolver, ResolvedName, Value, ValueType},
};

/// Sunday, 2026-11-01, in microseconds since 1970.
const NOW: i64 = 1_793_491_200_000_000;

/// A model that reads what the seeds have, in columns of every kind.
const READING: &str = r#"schema = 1
[metrics]
kinds = { measure = "distinct", value = "p" }
largest = { measure = "max", value = "p", where = "p > 0" }
commonest = { measure = "top", value = "p", k = 3 }
newest = { measure = "latest", value = "p" }
steps = { measure = "elapsed", from = "a", to = "b" }
[user.traits]
role = { type = "text" }
[[user.signals]]
name = "any"
per = "events"
points = 1
max = 1000
say = "{newest|nothing} and {role}"
[[account.milestones]]
name = "habit"
times = 2
within = "7d"
[output]
user_columns = ["role", "kinds", "largest", "commonest", "newest", "steps"]
"#;

fn parsed(slot: &'static OnceLock<Model>, text: &str) -> &'static Model {
    slot.get_or_init(|| {
        let document = SourceDocument { name: "model.toml".to_owned(), text: text.to_owned() };
        parse(&document).unwrap_or_else(|problems| panic!("{problems}"))
    })
}

fn reading() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    parsed(&MODEL, READING)
}

fn blind() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    parsed(&MODEL, "schema = 1\n")
}

fn example() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    parsed(&MODEL, EXAMPLE)
}

/// Whether a line is JSON that is accepted; none if what is wrong with it is no matter of JSON.
fn is_json(line: &DecodedLine<'_>) -> bool {
    let of_json = [
        RejectReason::InvalidUtf8,
        RejectReason::InvalidJson,
        RejectReason::TooDeep,
        RejectReason::LoneSurrogate,
        RejectReason::NotObject,
    ];
    !matches!(line, DecodedLine::Rejected(reason) if of_json.contains(reason))
}

/// Lines that one scanner walks over the short way wherever it can, and another the long way: both find the same. Twice, since all that is
/// remembered of lines is known the second time; and once more after the first one came often, since what stayed the same is compared at once then.
fn scanned_alike(text: &str) {
    let mut projection = Projection::new();
    for path in ["event", "user_id", "properties", "properties.p", "properties.p.1", "context.page", "context.page.url"]
    {
        projection.add(&path.split('.').map(str::to_owned).collect::<Vec<String>>());
    }
    projection.hash_at(&["context".to_owned()]);
    let seed = HashSeed::default();
    for often in [0, 16] {
        let [mut short, mut long] = [(); 2].map(|()| JsonScanner::new(&projection, seed.clone()));
        for first in text.split('\n').next().iter().cycle().take(often) {
            _ = short.scan(first);
        }
        for _ in 0..2 {
            let mut start = 0;
            for line in text.split('\n') {
                let here = short.scan_with_lookahead(line, &text.as_bytes()[start..]);
                start += line.len() + 1;
                assert_eq!(here, long.scan_slow(line), "{line:?}");
                if here.is_ok() {
                    assert_eq!((&short.found, short.hash), (&long.found, long.hash), "{line:?}");
                }
            }
        }
    }
}

/// One line: its verdict does not depend on the model, and is that of serde_json.
pub fn line(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    scanned_alike(text);
    let text = text.replace('\n', " ");
    let verdict = |model: &Model, format: &str| {
        let formats = FileFormats::new(model, format, 1);
        let mut reading = WorkerDecoders::new(&formats, HashSeed::default(), NOW);
        let Ok(decoder) = reading.decoder_for(0, Some(text.as_bytes())) else { return None };
        let said = |line: &DecodedLine<'_>| match line {
            DecodedLine::Event(record) => format!("{:?}", record.event()),
            other => format!("{other:?}"),
        };
        let any = said(&decoder.decode(&text));
        let usual = match decoder.decode_event(&text, text.as_bytes()) {
            FastPathResult::Event(event) => format!("{event:?}"),
            FastPathResult::Line(line) => said(&line),
        };
        assert_eq!(usual, any, "both ways of an event say the same: {text:?}");
        let line = decoder.decode(&text);
        let code = match &line {
            DecodedLine::Rejected(reason) => reason.code(),
            DecodedLine::Blank => "blank",
            DecodedLine::Identify(_) => "identify",
            DecodedLine::Group(_) => "group",
            DecodedLine::Alias { .. } | DecodedLine::Merge { .. } => "join",
            DecodedLine::Event(_) | DecodedLine::AfterAsOf(_) => "event",
            DecodedLine::Excluded(_) => "excluded",
        };
        Some((code, is_json(&line)))
    };
    let one = verdict(blind(), "native");
    assert_eq!(one, verdict(reading(), "native"), "the verdict depends on what the model reads");
    if let Some((code, taken)) = one.filter(|(code, _)| *code != "blank") {
        let by_serde = serde_json::from_str::<serde_json::Value>(&text);
        // The grammar of JSON allows numbers that no double holds, and 128 levels are one more than serde_json takes.
        let beyond = by_serde.as_ref().is_err_and(|error| {
            let text = error.to_string();
            text.starts_with("number out of range") || text.starts_with("recursion limit exceeded")
        });
        let object = by_serde.is_ok_and(|value| value.is_object());
        assert!(object == taken || beyond, "{code}, and by serde_json: {object}");
    }
    for format in ["segment", "rudderstack", "amplitude", "mixpanel", "posthog", "snowplow", "ga4", "auto"] {
        verdict(reading(), format);
    }
}

/// A file: the first byte says how it is packed and read, the others are what is in it. What comes out accounts for every record.
pub fn file(bytes: &[u8]) {
    let Some((how, content)) = bytes.split_first() else { return };
    let content = match how & 3 {
        0 => content.to_vec(),
        1 => gzip(content),
        2 => [zstd::encode_all(content, 1).unwrap_or_default(), gzip(content)].concat(),
        _ => [gzip(content), gzip(content)].concat(),
    };
    let line_bytes_max = if how & 4 == 0 { BlockLimits::STANDARD.line_bytes_max } else { 256 };
    let format = ["auto", "native", "segment", "mixpanel"][usize::from(how >> 4 & 3)];
    let job = PipelineJob {
        model: reading(),
        inputs: vec![InputSource { name: "file".to_owned(), kind: InputKind::Memory(content.into()) }],
        format,
        when: if how & 8 == 0 { AsOfRequest::Latest } else { AsOfRequest::At(NOW) },
        now: NOW,
        workers: 1,
        max_rejects: MaxRejects::Share(1.0),
        keep_rejects: true,
        limits: BlockLimits { block_bytes: 128, line_bytes_max, ..BlockLimits::STANDARD },
        users: None,
    };
    let mut folded = match pipeline::fold_inputs(&job, None) {
        Ok(folded) => folded,
        Err(error) => return drop(error.to_string()),
    };
    let mut rejects = Vec::new();
    folded.rejects.write(&mut rejects).expect("memory");
    let rejected = rejects.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
    for line in rejects.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        serde_json::from_slice::<serde_json::Value>(line).expect("a reject is JSON");
    }
    let Ok((scored, _)) = pipeline::score_state((&folded.state, folded.as_of), job.model, RunTables::default()) else {
        return;
    };
    let mut total = FileCounts::default();
    scored.entities.counts.iter().for_each(|counts| total.add(counts));
    let FileCounts { blank, excluded, after_as_of, identity, duplicate, anonymous, events, .. } = total;
    assert_eq!(total.rejected, i64::try_from(rejected).expect("a count"), "rejects are kept");
    let sum = blank + total.rejected + excluded + after_as_of + identity + duplicate + anonymous + events;
    assert_eq!(total.records, sum, "every record is in one bucket");
    rows(&scored, job.model);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// Rows of all forms: JSON is JSON, and a cell for a spreadsheet is the exact one behind at most one apostrophe.
fn rows(scored: &pql_engine::score::ScoredEntities<'_>, model: &Model) {
    for side in [EntityKind::User, EntityKind::Account] {
        let shown = |format| {
            let mut bytes = Vec::new();
            emit::write_rows(emit::LevelRows { scored, model, kind: side }, None, format, &mut bytes).expect("memory");
            String::from_utf8(bytes).expect("rows are UTF-8")
        };
        serde_json::from_str::<serde_json::Value>(&shown(RowFormat::Json)).expect("rows are JSON");
        let exact = cells(&shown(RowFormat::Csv(CsvDialect::Exact)));
        let defused = cells(&shown(RowFormat::Csv(CsvDialect::Spreadsheet)));
        assert_eq!(exact.len(), defused.len(), "a cell is lost");
        for (exact, defused) in exact.iter().zip(&defused).filter(|(exact, _)| !exact.contains(['\n', '\r'])) {
            // In a row with line ends, apostrophes may stand within cells too.
            let parts = |text: &str| text.replace('\'', "");
            let same = defused.strip_prefix('\'').unwrap_or(defused) == exact || parts(defused) == parts(exact);
            assert!(same, "an apostrophe stands before what needs one, and nothing else is changed");
        }
        let summary = emit::level_summary_text(scored, model, side, 80);
        assert!(!summary.contains(['\u{1b}', '\u{202e}', '\u{9b}', '\r']), "a terminal is not steered");
    }
}

/// All cells of a CSV text of ours.
fn cells(text: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' | '\n' if !quoted => cells.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    cells
}

/// A model: its problems are drawn, and one without any scores.
pub fn model(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let document = SourceDocument { name: "model.toml".to_owned(), text: text.to_owned() };
    match parse(&document) {
        Err(problems) => drawn(&problems),
        Ok(model) => {
            let whole = parse_all_facts(&document).unwrap_or_else(|problems| panic!("a model and none: {problems}"));
            score_few(&model);
            score_few(&whole);
        }
    }
}

/// Problems are at least one, and are drawn without what steers a terminal.
fn drawn(problems: &DocumentProblems) {
    assert!(!problems.list.is_empty(), "refused without a problem");
    let drawn = render(&problems.document, &problems.list, ColourMode::Plain);
    assert!(!drawn.contains(['\u{1b}', '\u{202e}', '\u{9b}', '\r']), "a terminal is not steered");
}

/// Scores a few events under a model.
fn score_few(model: &Model) {
    let mut lines = String::new();
    let names: BTreeSet<&str> = model.aggregation.names.iter().map(String::as_str).take(8).chain(["other"]).collect();
    for (at, name) in names.iter().enumerate() {
        let event = serde_json::json!({
            "event": name, "timestamp": NOW / 1_000_000 - 40_000 * (at as i64 + 1), "user_id": format!("u{}", at % 3),
            "account_id": "acme", "event_id": format!("e{at}"), "properties": { "p": at, "feature": "sso", "role": "vp" },
        });
        lines.push_str(&format!("{event}\n"));
    }
    let job = PipelineJob {
        model,
        inputs: vec![InputSource { name: "events".to_owned(), kind: InputKind::Memory(lines.into_bytes().into()) }],
        format: "native",
        when: AsOfRequest::At(NOW),
        now: NOW,
        workers: 1,
        max_rejects: MaxRejects::Share(1.0),
        keep_rejects: false,
        limits: BlockLimits::STANDARD,
        users: None,
    };
    if let Ok(folded) = pipeline::fold_inputs(&job, None)
        && let Ok((scored, _)) = pipeline::score_state((&folded.state, folded.as_of), model, RunTables::default())
    {
        rows(&scored, model);
    }
}

/// A file of cases: its problems are drawn, and one without any runs.
pub fn case(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let document = SourceDocument { name: "cases.toml".to_owned(), text: text.to_owned() };
    let bound = cases::parse_suite(document).and_then(|suite| cases::bind(&suite, example()));
    match bound {
        Err(problems) => drawn(&problems),
        Ok((cases, _)) => {
            let mut coverage = cases::Coverage::new(example());
            for case in cases.iter().take(3) {
                cases::run(case, example(), &mut coverage);
            }
        }
    }
}

/// Names of every type, by their first letter.
struct OfEveryType;

impl NameResolver for OfEveryType {
    fn resolve(&mut self, path: &[String], span: &Range<usize>) -> Result<ResolvedName, ExprError> {
        let kinds = [
            ('n', ValueType::Number),
            ('t', ValueType::Text),
            ('b', ValueType::Boolean),
            ('d', ValueType::Date),
            ('j', ValueType::Json),
        ];
        let first = path.first().and_then(|name| name.chars().next());
        match kinds.iter().position(|(letter, _)| Some(*letter) == first) {
            Some(at) => Ok(ResolvedName { slot: at as u32, kind: kinds[at].1 }),
            None => Err(ExprError { span: span.clone(), message: String::new(), label: String::new(), help: None }),
        }
    }
}

/// Values of every type, or none at all.
struct Values(bool);

impl EvalScope for Values {
    fn get(&self, slot: u32) -> Value<'_> {
        match slot {
            _ if self.0 => Value::Null,
            0 => Value::Number(2.5),
            1 => Value::Text("vp".into()),
            2 => Value::Boolean(true),
            3 => Value::Date(20_000),
            _ => Value::Digits("12.50"),
        }
    }
}

/// An expression: problems lie within the text, and what is printed of a program is an expression of the same value.
pub fn expression(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let within = |error: &ExprError| {
        let Range { start, end } = error.span.clone();
        assert!(start <= end && end <= text.len(), "{start}..{end} of {}", text.len());
    };
    let node = match expr::parse(text) {
        Ok(node) => node,
        Err(error) => return within(&error),
    };
    let program = match expr::compile(text, &node, &mut OfEveryType) {
        Ok((program, _)) => program,
        Err(errors) => return errors.iter().for_each(within),
    };
    let names = ["n", "t", "b", "d", "j"];
    let shown = program.to_source(&|slot| names[slot as usize].to_owned());
    for nothing in [false, true] {
        let scope = Values(nothing);
        let value = program.eval(&scope);
        if let Value::Number(number) = value {
            assert!(number.is_finite(), "a number that is none");
        }
        let Ok(node) = expr::parse(&shown) else { continue };
        if let Ok((again, _)) = expr::compile(&shown, &node, &mut OfEveryType) {
            assert_eq!(again.eval(&scope).to_text(), value.to_text(), "`{shown}` is something else");
        }
    }
}
