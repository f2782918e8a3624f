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
const KEYS: [&str; 11] =
    ["event", "where", "times", "count_by", "steps", "same", "different_users", "all", "within", "min_users", "who"];

/// One milestone, as written.
#[derive(Debug)]
pub(crate) struct MilestoneSyntax {
    pub(crate) name: SpannedText,
    pub(crate) form: MilestoneForm,
    pub(crate) within: Option<Micros>,
    /// Reached when so many users have got there alone, of those for whom `who` holds.
    pub(crate) min_users: Option<usize>,
    pub(crate) who: Option<SpannedText>,
    pub(crate) target: Option<Micros>,
}

/// How a milestone is reached.
#[derive(Debug)]
pub(crate) enum MilestoneForm {
    /// So many events (or dates with one) within a span.
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
            min_users: None,
            who: None,
            target,
        });
    }
    let within = super::duration(&mut table, "within", found);
    let form = if forms.first() == Some(&"steps") {
        steps(&mut table, found)
    } else {
        times(&mut table, within.as_ref(), found)
    };
    let min_users = table.count("min_users", 1..=1_000_000, found);
    let who = table.text("who", found);
    if let (Some(who), None) = (&who, &min_users) {
        found.add(Diagnostic::error(
            codes::KEY_CONFLICT,
            who.span.clone(),
            "`who` without `min_users`",
            "it says which users count towards `min_users`",
        ));
    }
    table.finish(found);
    Some(MilestoneSyntax {
        name: name?,
        // What could not be read has been told; the name is still a name.
        form: form.unwrap_or(MilestoneForm::All(Vec::new())),
        within: within.map(|within| within.value),
        min_users: min_users.and_then(|n| usize::try_from(n.value).ok()),
        who,
        target,
    })
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
