//! `[[...milestones]]`: states reached at an instant.

use super::super::{
    codes,
    toml_reader::{DiagnosticSink, SpannedText, TableReader, WithSpan},
};
use crate::{
    diag::Diagnostic,
    units::{DAY_US, Micros},
};

/// Keys that say how a milestone is reached.
const KEYS: [&str; 13] = [
    "event",
    "where",
    "times",
    "count_by",
    "steps",
    "same",
    "different_users",
    "all",
    "within",
    "deadline",
    "min_users",
    "together",
    "who",
];

/// One milestone, as written.
#[derive(Debug)]
pub(crate) struct MilestoneSyntax {
    pub(crate) name: SpannedText,
    pub(crate) form: MilestoneForm,
    /// From the first event or step to the last.
    pub(crate) within: Option<Micros>,
    /// From the start of the entity.
    pub(crate) deadline: Option<Micros>,
    pub(crate) users: Option<UsersSyntax>,
    pub(crate) target: Option<Micros>,
}

/// The users who must each reach a milestone.
#[derive(Debug)]
pub(crate) struct UsersSyntax {
    /// The number.
    pub(crate) count: usize,
    /// The span from the first of them to the last.
    pub(crate) together: Option<Micros>,
    /// The condition on each.
    pub(crate) who: Option<SpannedText>,
}

/// How a milestone is reached.
#[derive(Debug)]
pub(crate) enum MilestoneForm {
    /// The number of events, or of dates with an event, within a span.
    Times { event: Option<Vec<SpannedText>>, filter: Option<SpannedText>, times: usize, by_days: bool },
    /// Events in order.
    Steps { steps: Vec<SpannedText>, same: Option<SpannedText>, different_users: bool },
    /// Other milestones.
    All(Vec<SpannedText>),
}

pub(super) fn milestone(mut table: TableReader<'_>, found: &mut DiagnosticSink) -> Option<MilestoneSyntax> {
    let name = table.name(found);
    let forms: Vec<&str> = ["event", "steps", "all"].into_iter().filter(|key| table.has(key)).collect();
    if let [first, second, ..] = forms[..] {
        let message = format!("`{second}` beside `{first}`");
        found.add(Diagnostic::error(
            codes::KEY_CONFLICT,
            table.key_span(second),
            message,
            "a milestone has one of `event`, `steps` and `all`",
        ));
        for key in KEYS {
            table.skip_key(key);
        }
    }
    let target = super::duration(&mut table, "target", found).map(|target| target.value);
    let deadline = super::duration(&mut table, "deadline", found).map(|deadline| deadline.value);
    if forms.first() == Some(&"all") {
        let parts = table.text_list("all", found);
        if parts.as_ref().is_some_and(Vec::is_empty) {
            found.add(Diagnostic::error(
                codes::BAD_VALUE,
                table.key_span("all"),
                "`all` of nothing",
                "the names of other milestones",
            ));
        }
        table.finish(found);
        return Some(MilestoneSyntax {
            name: name?,
            form: MilestoneForm::All(parts.unwrap_or_default()),
            within: None,
            deadline,
            users: None,
            target,
        });
    }
    let within = super::duration(&mut table, "within", found);
    let form = if forms.first() == Some(&"steps") {
        steps(&mut table, found)
    } else {
        times(&mut table, within.as_ref(), found)
    };
    let users = users(&mut table, found);
    table.finish(found);
    Some(MilestoneSyntax {
        name: name?,
        // The unreadable parts have been reported; the name is still a name.
        form: form.unwrap_or(MilestoneForm::All(Vec::new())),
        within: within.map(|within| within.value),
        deadline,
        users,
        target,
    })
}

/// `min_users`, with `who` and `together`, which mean nothing without it.
fn users(table: &mut TableReader<'_>, found: &mut DiagnosticSink) -> Option<UsersSyntax> {
    let min_users = table.count("min_users", 1..=1_000_000, found);
    let together = super::duration(table, "together", found);
    let who = table.text("who", found);
    if let (Some(who), None) = (&who, &min_users) {
        found.add(Diagnostic::error(
            codes::KEY_CONFLICT,
            who.span.clone(),
            "`who` without `min_users`",
            "it says which users count towards `min_users`",
        ));
    }
    if let Some(together) = &together
        && min_users.as_ref().is_none_or(|count| count.value == 1)
    {
        let beside = if min_users.is_none() { "without `min_users`" } else { "with `min_users = 1`" };
        found.add(Diagnostic::error(
            codes::KEY_CONFLICT,
            together.span.clone(),
            format!("`together` {beside}"),
            "it is the time in which several users must get there: set `min_users` to 2 or more",
        ));
    }
    let count = usize::try_from(min_users?.value).ok()?;
    Some(UsersSyntax { count, together: together.map(|together| together.value), who })
}

fn steps(table: &mut TableReader<'_>, found: &mut DiagnosticSink) -> Option<MilestoneForm> {
    let steps = table.text_list("steps", found);
    let same = table.text("same", found);
    let different_users = table.boolean("different_users", found).is_some_and(|truth| truth.value);
    let steps = steps?;
    if !(2..=8).contains(&steps.len()) {
        let message = format!("a milestone of {}", crate::units::plural(steps.len() as u64, "step", "steps"));
        found.add(Diagnostic::error(codes::BAD_VALUE, table.key_span("steps"), message, "2 to 8 steps"));
        return None;
    }
    Some(MilestoneForm::Steps { steps, same, different_users })
}

fn times(
    table: &mut TableReader<'_>,
    within: Option<&WithSpan<Micros>>,
    found: &mut DiagnosticSink,
) -> Option<MilestoneForm> {
    let event = table.texts("event", found);
    let filter = table.text("where", found);
    let times = table.count("times", 1..=1_000_000, found).map_or(1, |times| usize::try_from(times.value).unwrap_or(1));
    let by_days =
        super::choice(table, "count_by", &[("events", false), ("days", true)], found).is_some_and(|by| by.value);
    if let Some(within) = within
        && times == 1
    {
        found.add(spans_nothing(table, within));
    }
    if let Some(within) = within
        && by_days
        && within.value % DAY_US != 0
    {
        let problem = Diagnostic::error(
            codes::BAD_VALUE,
            within.span.clone(),
            "`count_by = \"days\"` within a part of a day",
            "whole days, such as `7d`",
        );
        found.add(problem);
        return None;
    }
    Some(MilestoneForm::Times { event, filter, times, by_days })
}

/// `within` on a milestone of one event: nothing lies between a first and a last one.
fn spans_nothing(table: &TableReader<'_>, within: &WithSpan<Micros>) -> Diagnostic {
    let problem = Diagnostic::error(
        codes::KEY_CONFLICT,
        within.span.clone(),
        "`within` on a milestone of one event",
        "it is the time from the first event to the last, and there is one",
    );
    problem.help(if table.has("min_users") {
        "write `together` for users who get there close in time, or `deadline` for a time from the start"
    } else {
        "write `deadline` for a time from the start, or ask for `times` of 2 or more"
    })
}
