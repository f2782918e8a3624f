//! Words and tables that a diff for people and one in Markdown have in common.

use std::cmp::Ordering;

use super::{
    ComparedModel, EntitySample, LevelDiff, ListTransitions, ModelChange, ModelDiff, MoveEnd, MovedEntity, MoverGroup,
    MoverKind, MoverLists, PointsChange, SignalChange, excerpt::excerpts,
};
use pql_model::{
    EntityKind,
    clock::format_instant,
    number_condition::ConditionVerdict,
    units::{Points, plural},
};

/// The most entries of a list for a readable matrix; beyond that, moves are listed.
const MATRIX_MAX: usize = 12;
/// The most signals of a mover that are shown to people; JSON has all of them.
const CHANGES_SHOWN: usize = 6;
/// The most signals of a level, or moves from entry to entry, that are shown to people; JSON has all of them.
pub(super) const LINES_SHOWN: usize = 30;

/// The reason of a move that only the rules of the tiers explain.
const SAME_POINTS: &str = "the same points, another rule";

/// Where a model has no entry for an entity.
pub(super) const NO_ROW: &str = "(no row)";

/// `users`, `accounts`
pub(super) fn many(side: EntityKind) -> &'static str {
    match side {
        EntityKind::User => "users",
        EntityKind::Account => "accounts",
    }
}

/// `PQLs`, `PQAs`
pub(super) fn qualified(side: EntityKind) -> &'static str {
    match side {
        EntityKind::User => "PQLs",
        EntityKind::Account => "PQAs",
    }
}

/// `+3`, `-2`, `0`
pub(super) fn signed(before: u64, after: u64) -> String {
    match after.cmp(&before) {
        Ordering::Greater => format!("+{}", after - before),
        Ordering::Equal => "0".to_owned(),
        Ordering::Less => format!("-{}", before - after),
    }
}

/// Something counted under both models, with the difference.
pub(super) fn count_row((what, [before, after]): (&str, [u64; 2])) -> Vec<String> {
    vec![what.to_owned(), before.to_string(), after.to_string(), signed(before, after)]
}

/// `+10`, `-2.5`
pub(super) fn signed_points(points: Points) -> String {
    format!("{}{points}", if points > Points::ZERO { "+" } else { "" })
}

/// When was looked from: once, or for each model.
pub(super) fn as_of(heads: &[ComparedModel; 2]) -> String {
    let one = |head: &ComparedModel| {
        let partial = if head.as_of.partial { " (in the middle of a day)" } else { "" };
        format!("{}{partial}", format_instant(head.as_of.instant))
    };
    let [old, new] = heads;
    if old.as_of.instant == new.as_of.instant {
        format!("as of {}", one(old))
    } else {
        format!("as of {} under the old model and {} under the new one", one(old), one(new))
    }
}

/// How many entities changed in what.
pub(super) fn changes(level: &LevelDiff) -> String {
    let counts = &level.counts;
    let mut parts = vec![
        format!("{} without a change", counts.unchanged),
        format!("{} with another score", counts.rescored),
        format!("{} in another tier", counts.moved),
        format!("{} on another route", counts.rerouted),
    ];
    for (count, what) in counts.turned_suppressed.iter().zip(["newly suppressed", "no longer suppressed"]) {
        if *count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    for (count, which) in counts.only_in.iter().zip(["old", "new"]) {
        if *count > 0 {
            parts.push(format!("{count} that only the {which} model has"));
        }
    }
    parts.join(", ")
}

/// Who is qualified before and after, and who is left out of these counts.
pub(super) fn qualified_counts(level: &LevelDiff) -> String {
    let [before, after] = level.counts.qualified;
    let counts = format!("{}: {before} before, {after} after", qualified(level.side));
    match level.counts.suppressed {
        [0, 0] => counts,
        [before, after] => format!("{counts}; suppressed, and not among them: {before} before, {after} after"),
    }
}

/// Whether the two models came to the same for everybody.
pub(super) fn nothing_changed(diff: &ModelDiff) -> bool {
    let is_same = |level: &LevelDiff| {
        let counts = &level.counts;
        counts.only_in == [0, 0] && counts.unchanged == counts.rows[0] && counts.rerouted_alone == 0
    };
    diff.levels.values().into_iter().all(is_same)
}

/// The lists of movers in the order of a report.
pub(super) fn mover_lists(movers: &MoverLists) -> [(MoverKind, &[MoverGroup]); 3] {
    [
        (MoverKind::Tier, &movers.tiers),
        (MoverKind::Route, &movers.routes),
        (MoverKind::Suppression, &movers.suppressions),
    ]
}

/// From where to where a group moves, with each name as `mark` writes it.
pub(super) fn group_heading(kind: MoverKind, group: &MoverGroup, mark: impl Fn(&str) -> String) -> String {
    let [old, new] = &group.ends;
    match kind {
        MoverKind::Tier => format!("{} → {}", mark(&end_words(old, new)), mark(&end_words(new, old))),
        MoverKind::Route => {
            format!("route {} → {}, in the same tier", mark(&end_words(old, new)), mark(&end_words(new, old)))
        }
        MoverKind::Suppression => match (&old.name, &new.name) {
            (_, Some(name)) => format!("newly suppressed by {}", mark(name)),
            (Some(name), None) => format!("no longer suppressed by {}", mark(name)),
            (None, None) => "suppressed under neither model".to_owned(),
        },
    }
}

/// The name of an end; with the motion of a route if the other end has another one.
fn end_words(end: &MoveEnd, other: &MoveEnd) -> String {
    let name = end.name.as_deref().unwrap_or(NO_ROW);
    match &end.motion {
        _ if end.motion == other.motion => name.to_owned(),
        Some(motion) => format!("{name} ({motion})"),
        None if end.name.is_some() => format!("{name} (without a motion)"),
        None => name.to_owned(),
    }
}

/// How many suppressed entities move and are not listed.
pub(super) fn suppressed_movers(level: &LevelDiff) -> Option<String> {
    let count = level.movers.suppressed;
    let verb = if count == 1 { "is" } else { "are" };
    let many = plural(count, &format!("suppressed {}", level.side.word()), &format!("suppressed {}", many(level.side)));
    (count > 0).then(|| format!("{many} {verb} in another tier or on another route, and not listed"))
}

/// The tier of a mover, or both: `hot`, `warm → hot`.
fn tier_words(mover: &MovedEntity) -> String {
    match &mover.tiers {
        [None, None] => String::new(),
        [Some(old), Some(new)] if old == new => format!("tier {new}"),
        both => {
            let [old, new] = both.each_ref().map(|tier| tier.as_deref().unwrap_or(NO_ROW));
            format!("tier {old} → {new}")
        }
    }
}

/// How entities move between the entries of a list, as a table.
pub(super) struct TransitionTable {
    /// Entries of the new model, or words.
    pub(super) header: Vec<String>,
    /// Entries of the old model, or from where to where, each with its counts.
    pub(super) rows: Vec<Vec<String>>,
    /// Whether the last row and column are sums.
    pub(super) sums: bool,
    /// What was left out, if it was too much.
    pub(super) omitted_note: Option<String>,
}

/// From the old model (rows) to the new one (columns), with sums; a list of moves where that would be too large to read.
pub(super) fn matrix(moves: &ListTransitions, what: &str) -> TransitionTable {
    let has = |old: bool| moves.cells.keys().any(|(from, to)| if old { from.is_none() } else { to.is_none() });
    let entries = |model: usize| {
        let own = (0..).zip(&moves.names[model]).map(|(place, name)| (Some(place), name.clone()));
        own.chain(has(model == 0).then(|| (None, NO_ROW.to_owned()))).collect::<Vec<(Option<u32>, String)>>()
    };
    let (rows, columns) = (entries(0), entries(1));
    if rows.len().max(columns.len()) > MATRIX_MAX {
        return moves_list(moves, what);
    }
    let at = |from: Option<u32>, to: Option<u32>| moves.cells.get(&(from, to)).copied().unwrap_or(0);
    let row = |name: &str, counts: Vec<u64>| {
        let sum = counts.iter().sum();
        [name.to_owned()].into_iter().chain(counts.iter().chain([&sum]).map(u64::to_string)).collect::<Vec<String>>()
    };
    let mut header = vec![format!("{what} before \\ after")];
    header.extend(columns.iter().map(|(_, name)| name.clone()));
    header.push("before".to_owned());
    let of = |from: Option<u32>| columns.iter().map(|(to, _)| at(from, *to)).collect();
    let mut table: Vec<Vec<String>> = rows.iter().map(|(from, name)| row(name, of(*from))).collect();
    let sums = columns.iter().map(|(to, _)| rows.iter().map(|(from, _)| at(*from, *to)).sum());
    table.push(row("after", sums.collect()));
    TransitionTable { header, rows: table, sums: true, omitted_note: None }
}

fn moves_list(moves: &ListTransitions, what: &str) -> TransitionTable {
    let name = |model: usize, place: Option<u32>| {
        place.and_then(|place| moves.names[model].get(place as usize)).map_or(NO_ROW, String::as_str)
    };
    let mut found: Vec<(&str, &str, u64)> =
        moves.cells.iter().map(|((from, to), count)| (name(0, *from), name(1, *to), *count)).collect();
    found.retain(|(from, to, _)| from != to);
    found.sort_by_key(|(.., count)| std::cmp::Reverse(*count));
    let more = found.len().saturating_sub(LINES_SHOWN);
    let row = |(from, to, count): &(&str, &str, u64)| vec![format!("{from} → {to}"), count.to_string()];
    TransitionTable {
        header: vec![format!("{what} before → after"), "count".to_owned()],
        rows: found.iter().take(LINES_SHOWN).map(row).collect(),
        sums: false,
        omitted_note: (more > 0).then(|| format!("and {more} more; --format json has all of them")),
    }
}

/// The most changes of the model that are shown to people; JSON has all of them.
const MODEL_CHANGES_SHOWN: usize = 50;

/// A change of the model: what it is about, and from what to what.
pub(super) struct ChangeWords {
    /// `user tier hot: at_least`
    pub(super) subject: String,
    /// The value before, or what happened.
    pub(super) values: ChangedValues,
}

/// The values of a change.
pub(super) enum ChangedValues {
    /// From one value to another.
    Other(String, String),
    /// Only the new model has it.
    Added(String),
    /// Only the old model has it.
    Removed(String),
}

/// The changes of the model that are shown, and a sentence about the others.
pub(super) fn model_changes(changes: &[ModelChange]) -> (Vec<ChangeWords>, Option<String>) {
    let shown = changes.iter().take(MODEL_CHANGES_SHOWN).filter_map(change_words).collect();
    let more = changes.len().saturating_sub(MODEL_CHANGES_SHOWN);
    (shown, (more > 0).then(|| format!("and {more} more; --format json has all of them")))
}

fn change_words(change: &ModelChange) -> Option<ChangeWords> {
    let parts = [change.subject.as_str(), change.key.as_str()].into_iter().filter(|part| !part.is_empty());
    let subject = parts.collect::<Vec<&str>>().join(": ");
    let values = match excerpts(change.values.clone()) {
        [Some(old), Some(new)] => ChangedValues::Other(old, new),
        [None, Some(new)] => ChangedValues::Added(new),
        [Some(old), None] => ChangedValues::Removed(old),
        [None, None] => return None,
    };
    Some(ChangeWords { subject, values })
}

/// That two models ask for the same, whatever their texts are.
pub(super) const NO_MODEL_CHANGE: &str = "the models say the same";

/// What made the difference for some movers, signal by signal: the signal, for how many, and the points of all.
pub(super) fn reasons_of_all(one: &MoverGroup) -> Vec<[String; 3]> {
    let signal =
        |change: &SignalChange| [change.name.clone(), change.entities.to_string(), signed_points(change.points)];
    let signals = one.signals.iter().take(LINES_SHOWN).map(signal);
    let by_rule = [SAME_POINTS.to_owned(), one.by_rule_alone.to_string(), "0".to_owned()];
    signals.chain((one.by_rule_alone > 0).then_some(by_rule)).collect()
}

/// What a list leaves out.
pub(super) fn not_listed(crowd: &EntitySample) -> Option<String> {
    let more = crowd.count - crowd.listed.len() as u64;
    let others = if crowd.listed.is_empty() { more.to_string() } else { format!("and {more} more") };
    (more > 0).then(|| format!("{others}; --limit {} lists them", crowd.count))
}

/// `70 → 80`
pub(super) fn scores(mover: &MovedEntity) -> String {
    let [before, after] = mover.scores.map(|score| score.map_or_else(|| "-".to_owned(), |score| score.to_string()));
    format!("{before} → {after}")
}

/// Why a mover moves: the signals that made the difference, the largest first. For one whose suppression changes, its tier.
pub(super) fn reasons(kind: MoverKind, mover: &MovedEntity) -> String {
    match kind {
        MoverKind::Suppression => tier_words(mover),
        MoverKind::Tier | MoverKind::Route => signal_words(mover),
    }
}

fn signal_words(mover: &MovedEntity) -> String {
    if mover.changes.is_empty() {
        return SAME_POINTS.to_owned();
    }
    let one = |change: &PointsChange| format!("{} {}", change.name, signed_points(change.points[1] - change.points[0]));
    let mut shown: Vec<String> = mover.changes.iter().take(CHANGES_SHOWN).map(one).collect();
    let more = mover.changes.len().saturating_sub(CHANGES_SHOWN);
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    shown.join(", ")
}

/// Which changes of the model move a mover.
pub(super) fn cause_words(cause: &[String], mark: impl Fn(&str) -> String) -> String {
    if cause.is_empty() {
        return "only by several changes together".to_owned();
    }
    let each = cause.iter().map(|subject| format!("by {} alone", mark(subject)));
    each.collect::<Vec<String>>().join(" or ")
}

/// Whether a condition held, in a word.
pub(super) fn verdict(verdict: &ConditionVerdict) -> &'static str {
    match verdict.holds {
        Some(true) => "fails",
        Some(false) => "passes",
        None => "passes, since it is null (something was divided by 0)",
    }
}
