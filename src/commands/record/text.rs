//! A record for people.

use std::path::Path;

use pql_engine::record_folder::{RecordCheck, ShownLevel, ShownRecord, ShownRun, UndoneRun};
use pql_model::{
    EntityKind,
    clock::format_instant,
    diag::escape_controls,
    units::{plural, plural_ending},
};

/// Lines of a report, in which names of models and files steer no terminal.
#[derive(Default)]
struct ReportLines(String);

impl ReportLines {
    fn push(&mut self, line: &str) {
        self.0.push_str(&escape_controls(line));
        self.0.push('\n');
    }
}

/// The runs of a record, newest first, every line ended.
pub(crate) fn shown_text(record: &ShownRecord) -> String {
    let mut out = ReportLines::default();
    if record.runs.is_empty() {
        out.push("no run yet");
    }
    for (place, run) in record.runs.iter().rev().enumerate() {
        push_run(&mut out, run, if place == 0 { "newest" } else { "before it" });
        out.push("");
    }
    if let (Some(first), Some(last)) = (record.log.first(), record.log.last()) {
        let months = plural(record.log.len() as u64, "month", "months");
        out.push(&format!("log         {months} from {} to {}", first.month, last.month));
    }
    out.push(&format!("size        {}", plural(record.bytes, "byte", "bytes")));
    out.0
}

fn push_run(out: &mut ReportLines, run: &ShownRun, which: &str) {
    let published = if run.published { "published" } else { "not published" };
    let (number, as_of) = (run.number, format_instant(run.as_of.instant));
    let partial = if run.as_of.partial { ", in the middle of a day" } else { "" };
    out.push(&format!("run {number}  as of {as_of} ({}{partial}), {which}, lists {published}", run.time_zone));
    out.push(&format!("  model     {} {}", run.model_name, short_hash(&run.model_hash)));
    for kind in EntityKind::ALL {
        push_level(out, kind, &run.levels[kind]);
    }
    let tables: Vec<&str> = run.tables.values().into_iter().flatten().map(String::as_str).collect();
    if !tables.is_empty() {
        out.push(&format!("  tables    {}", tables.join(", ")));
    }
    out.push(&format!("  size      {}", plural(run.bytes, "byte", "bytes")));
}

/// The first digits of a hash, which are enough to tell models apart.
fn short_hash(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

fn push_level(out: &mut ReportLines, kind: EntityKind, level: &ShownLevel) {
    let ShownLevel { present, qualified, suppressed, gone, .. } = level;
    out.push(&format!(
        "  {:<8}  {present}: {qualified} qualified, {suppressed} suppressed; {gone} gone since earlier runs",
        kind.plural()
    ));
    let tiers: Vec<String> = level.tiers.iter().map(|(name, count)| format!("{name} {count}")).collect();
    if !tiers.is_empty() {
        out.push(&format!("            {}", tiers.join(" · ")));
    }
    for alert in &level.alerts {
        out.push(&format!(
            "            alert {}: holds for {}, {} waiting, {} fired in this run",
            alert.name, alert.held, alert.waiting, alert.fired_now
        ));
    }
}

/// What a check found, every line ended.
pub(crate) fn check_text(check: &RecordCheck, dir: &Path) -> String {
    let mut out = ReportLines::default();
    for damage in &check.damage {
        out.push(&format!("damaged: {}", damage.finding()));
    }
    for name in &check.leftovers {
        out.push(&format!("left over: {name}; it belongs to no run of the record, and does no harm"));
    }
    let counts = format!(
        "{} in {} of {}",
        plural(check.bytes, "byte", "bytes"),
        plural(check.files, "file", "files"),
        plural(check.runs, "run", "runs")
    );
    match check.damage.len() as u64 {
        0 => out.push(&format!("whole: {counts}")),
        faults => {
            out.push(&format!("{faults} fault{}; whole: {counts}", plural_ending(faults)));
            out.push(&ways_out(check, dir));
        }
    }
    out.0
}

/// What to do about damage. To go back helps if it lies in runs alone.
fn ways_out(check: &RecordCheck, dir: &Path) -> String {
    let mut ways = vec!["put a backup in place of the whole folder".to_owned()];
    if check.damage.iter().all(|damage| damage.run.is_some()) {
        ways.push(format!("go back to the run before with `pql record undo {}`, if that one is whole", dir.display()));
    }
    ways.push("begin anew with --begin in another folder".to_owned());
    format!("Ways out: {}.", ways.join("; or "))
}

/// What `undo` took back, every line ended.
pub(crate) fn undone_text(undone: &UndoneRun) -> String {
    let (as_of, now) = (format_instant(undone.as_of), format_instant(undone.now));
    let mut out = ReportLines::default();
    out.push(&format!("undone: run {} as of {as_of}", undone.number));
    out.push(&format!("newest now: the run as of {now}"));
    out.push(match undone.published {
        true => "The lists that the undone run published stay as they are until the next run.",
        false => "The lists of the undone run were never published.",
    });
    out.push(&match &undone.unreadable {
        None => {
            let stay = if undone.noted_alerts == 1 { "stays" } else { "stay" };
            format!("alerts: {} that it fired {stay} noted and will not fire again", undone.noted_alerts)
        }
        Some(found) => format!("alerts: those that it fired are lost and may fire again, since {found}"),
    });
    out.0
}
