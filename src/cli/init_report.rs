//! What `pql init` says at its end: what is wired, what is not, and what the model would say of the dump.

use super::print_stderr;
use crate::commands::init::{EventWiring, FirstModel, LevelOutlook};
use pql_model::{
    EntityKind, PerKind, ShippedModel,
    diag::{escape_controls, quoted_list},
    units::plural,
};

/// Events of a kind that are listed.
const LISTED_MAX: usize = 30;

/// What there is to tell of a model that was written.
pub(super) struct InitReport<'r> {
    /// The model's file.
    pub(super) name: &'r str,
    pub(super) shipped: &'r ShippedModel,
    pub(super) wiring: &'r EventWiring,
    pub(super) model: &'r FirstModel,
    /// What the model says of the dump; nothing if it could be read only once.
    pub(super) outlook: Option<&'r PerKind<LevelOutlook>>,
    /// The file of cases, if one was written.
    pub(super) cases: Option<&'r str>,
}

impl InitReport<'_> {
    /// Prints the report.
    pub(super) fn print(&self) {
        let mut lines = vec![self.live()];
        self.wired(&mut lines);
        self.missing(&mut lines);
        for side in EntityKind::ALL {
            lines.extend(self.outlook.map(|outlook| qualified(&outlook[side])));
        }
        if let Some(cases) = self.cases {
            lines.push(format!("{cases}: cases in the names of your events; pql test {cases}"));
        }
        lines.push(format!("next: read the guesses in {}, then: pql score EVENTS -m {}", self.name, self.name));
        lines.iter().for_each(|line| print_stderr(&escape_controls(line)));
    }

    fn live(&self) -> String {
        let of = |side: EntityKind| {
            let dropped = self.model.dropped.iter().filter(|dropped| dropped.side == side).count();
            let live = self.model.live[side].len();
            (live as u64, (live + dropped) as u64)
        };
        let ((users, of_users), (accounts, of_accounts)) = (of(EntityKind::User), of(EntityKind::Account));
        format!(
            "{}: {users} of {of_users} signals of users and {accounts} of {of_accounts} signals of accounts of the model `{}` are live",
            self.name, self.shipped.key
        )
    }

    fn wired(&self, lines: &mut Vec<String>) {
        let wired = self.wiring.wired();
        if !wired.is_empty() {
            lines.push("wired:".to_owned());
        }
        lines.extend(wired.iter().take(LISTED_MAX).map(|(event, names)| {
            format!("  {event} = {}", quoted_list(&names.iter().map(String::as_str).collect::<Vec<_>>()))
        }));
    }

    fn missing(&self, lines: &mut Vec<String>) {
        if !self.model.missing.is_empty() {
            lines.push("not wired; --set NAME=EVENT says which event it is:".to_owned());
        }
        lines.extend(self.model.missing.iter().take(LISTED_MAX).map(|(event, near)| match near.as_slice() {
            [] => format!("  {event}: nothing is near it"),
            near => format!("  {event}: maybe {}", quoted_list(&near.iter().map(String::as_str).collect::<Vec<_>>())),
        }));
    }
}

/// How many of a level qualify, and how fewer would.
fn qualified(outlook: &LevelOutlook) -> String {
    let LevelOutlook { side, count, qualified, fewer } = outlook;
    let word = side.word();
    let all = plural(*count, word, &format!("{word}s"));
    let share =
        if *count > 0 { format!(" ({:.1} %)", *qualified as f64 * 100.0 / *count as f64) } else { String::new() };
    let fewer = fewer.as_ref().map_or_else(String::new, |fewer| {
        format!(
            "; that is over a third, and {} have a score of {} or more: `at_least = {}` on the qualified tiers would leave those",
            fewer.reached, fewer.score, fewer.score
        )
    });
    format!("{qualified} of {all}{share} would qualify{fewer}")
}
