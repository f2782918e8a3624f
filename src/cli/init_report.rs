//! What `pql init` says at its end: what is wired, what is not, and what the model would say of the dump.

use super::print_stderr;
use crate::commands::init::{
    DroppedKind, EntityTable, EventWiring, FirstModel, LevelOutlook, TierShortfall, WiredName, WiredUse, title_of,
};
use pql_engine::pipeline::EnrichmentCoverage;
use pql_model::{
    EntityKind, PerKind, ShippedModel,
    diag::{escape_controls, quoted_list},
    units::plural,
};

/// Entries of a kind that are listed.
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
    /// The rows of the files of users and accounts; nothing as above.
    pub(super) coverage: Option<&'r EnrichmentCoverage>,
    /// These files.
    pub(super) tables: &'r PerKind<Option<EntityTable>>,
    /// What was found of the files of outcomes.
    pub(super) outcomes: &'r [String],
    /// The file of cases, if one was written.
    pub(super) cases: Option<&'r str>,
    /// The command that scores the dump with the model.
    pub(super) next: &'r str,
}

impl InitReport<'_> {
    /// Prints the report.
    pub(super) fn print(&self) {
        let mut lines = vec![self.live()];
        self.wired(&mut lines);
        EntityKind::ALL.into_iter().for_each(|side| self.table(side, &mut lines));
        self.missing(&mut lines);
        add_list(&mut lines, "to look at:", self.model.remarks.iter().map(|remark| format!("  {remark}")));
        for side in EntityKind::ALL {
            lines.extend(self.outlook.map(|outlook| qualified(&outlook[side])));
            lines.extend(self.outlook.into_iter().flat_map(|outlook| left_out(&outlook[side])));
        }
        lines.extend(self.outcomes.iter().cloned());
        if let Some(cases) = self.cases {
            lines.push(format!("{cases}: cases in the names of your events; pql test {cases}"));
        }
        lines.push(format!("next: read the guesses in {}, then: {}", self.name, self.next));
        lines.iter().for_each(|line| print_stderr(&escape_controls(line)));
    }

    fn live(&self) -> String {
        let of = |side: EntityKind| {
            let is_signal_of =
                |side| self.model.dropped.iter().filter(move |one| one.side == side && one.kind == DroppedKind::Signal);
            let live = self.model.live[side].len();
            (live as u64, (live + is_signal_of(side).count()) as u64)
        };
        let ((users, of_users), (accounts, of_accounts)) = (of(EntityKind::User), of(EntityKind::Account));
        format!(
            "{}: {users} of {of_users} signals of users and {accounts} of {of_accounts} signals of accounts of the model `{}` are live",
            self.name, self.shipped.key
        )
    }

    /// The names of the model for events: those that a signal pays for, the start, then the others.
    fn wired(&self, lines: &mut Vec<String>) {
        let headlines = [
            (WiredUse::Pays, "wired:"),
            (
                WiredUse::Start,
                "wired as the start, from which the age of users and accounts counts; it is no activity:",
            ),
            (WiredUse::Unpaid, "wired, but no signal pays for it:"),
        ];
        for (kind, headline) in headlines {
            let of_kind = self.model.wired.iter().filter(|one| one.kind == kind);
            add_list(lines, headline, of_kind.map(|one| self.wired_line(one)));
        }
    }

    fn wired_line(&self, wired: &WiredName) -> String {
        match self.wiring.named_features() {
            Some((name, count)) if name == wired.name => {
                format!("  {} = {}, by their names", wired.title, plural(count as u64, "event", "events"))
            }
            _ => {
                let events: Vec<&str> = wired.events.iter().map(String::as_str).collect();
                format!("  {} = {}", wired.title, quoted_list(&events))
            }
        }
    }

    /// What was read of a file of users or accounts.
    fn table(&self, side: EntityKind, lines: &mut Vec<String>) {
        let Some(table) = &self.tables[side] else { return };
        let rows = self.coverage.and_then(|coverage| Some((coverage.rows[side]?, coverage.without_row[side]?)));
        let known = rows.map_or_else(String::new, |(rows, without)| {
            let all = plural(rows.matched + without, side.word(), side.plural());
            format!(", with rows of {} of {all} with events", rows.matched)
        });
        let headline = format!("{}: ids in the column `{}`{known}; read:", table.name, table.key);
        let read = self.model.columns.iter().filter(|(of, ..)| *of == side);
        let read: Vec<String> = read.map(|(_, name, column)| format!("  {name} = `{column}`")).collect();
        if read.is_empty() {
            lines.push(format!(
                "{}: ids in the column `{}`{known}; the model reads no other column",
                table.name, table.key
            ));
        }
        add_list(lines, &headline, read.into_iter());
    }

    fn missing(&self, lines: &mut Vec<String>) {
        let events = self.model.missing.iter().map(|(event, near)| match near.as_slice() {
            [] => format!("  {}: nothing is near it", title_of(event)),
            near => {
                let near: Vec<&str> = near.iter().map(String::as_str).collect();
                format!("  {}: maybe {}", title_of(event), quoted_list(&near))
            }
        });
        add_list(lines, "not wired; --set NAME=EVENT says which event it is:", events);
        for (side, option) in [(EntityKind::User, "--users"), (EntityKind::Account, "--accounts")] {
            let of_side = self.model.missing_traits.iter().filter(|(of, _)| *of == side);
            let mut names: Vec<&str> = of_side.map(|(_, name)| name.as_str()).collect();
            if side == EntityKind::Account && names.contains(&"company") {
                names.retain(|name| *name != "company");
                lines.push(format!(
                    "not known of accounts: company, so the list names companies by their ids only; a file for {option} may have the names"
                ));
            }
            if !names.is_empty() {
                lines.push(format!(
                    "not known of {}; a file for {option} may have it: {}",
                    side.plural(),
                    names.join(", ")
                ));
            }
        }
    }
}

/// Adds a headline and lines, if there are lines.
fn add_list(all: &mut Vec<String>, headline: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.take(LISTED_MAX).peekable();
    if lines.peek().is_some() {
        all.push(headline.to_owned());
        all.extend(lines);
    }
}

/// How many of a level each suppression leaves out.
fn left_out(outlook: &LevelOutlook) -> Vec<String> {
    let all = plural(outlook.count, outlook.side.word(), outlook.side.plural());
    let reason = |name: &str| match (outlook.side, name) {
        (EntityKind::Account, "customer") => "are customers".to_owned(),
        (EntityKind::Account, "open_opportunity") => "have an open opportunity".to_owned(),
        (EntityKind::Account, "competitor") => "are competitors".to_owned(),
        (EntityKind::User, "customer") => "belong to customers".to_owned(),
        (EntityKind::User, "open_opportunity") => "belong to accounts with an open opportunity".to_owned(),
        (EntityKind::User, "competitor") => "belong to competitors".to_owned(),
        (EntityKind::User | EntityKind::Account, name) => format!("are suppressed by `{name}`"),
    };
    let line = |(name, count): &(String, u64)| format!("  {count} of {all} {} and stay out of the list", reason(name));
    outlook.suppressed.iter().filter(|(_, count)| *count > 0).map(line).collect()
}

/// How many of a level qualify, how many a person acts on, and how fewer would qualify.
fn qualified(outlook: &LevelOutlook) -> String {
    let LevelOutlook { side, count, qualified, human, suppressed: _, fewer, shortfall } = outlook;
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
    let routes: Vec<String> = human.iter().map(|(route, count)| format!("{route} {count}")).collect();
    let to_person: u64 = human.iter().map(|(_, count)| count).sum();
    let human = match routes.as_slice() {
        [] => ", and none would go to a person".to_owned(),
        routes => format!(", and {to_person} would go to a person (routes {})", routes.join(", ")),
    };
    let shortfall = shortfall.as_ref().map_or_else(String::new, |shortfall| out_of_reach(*side, shortfall));
    format!("{qualified} of {all}{share} would qualify{human}{fewer}{shortfall}")
}

/// Which conditions nobody meets, and the lines of the model with which some would.
fn out_of_reach(side: EntityKind, shortfall: &TierShortfall) -> String {
    let TierShortfall { tier, unmet, edits, reached } = shortfall;
    let condition = |(text, highest): &(String, Option<String>)| match highest {
        Some(highest) => format!("`{text}` (the highest is {highest})"),
        None => format!("`{text}`"),
    };
    let conditions: Vec<String> = unmet.iter().map(condition).collect();
    let why = match conditions.as_slice() {
        [] => format!("; no {} meets all conditions of the tier `{tier}`", side.word()),
        conditions => format!("; no {} meets {} of the tier `{tier}`", side.word(), conditions.join(" or ")),
    };
    let edits: Vec<String> = edits.iter().map(|(line, text)| format!("`{text}` in line {line}")).collect();
    match edits.as_slice() {
        [] => why,
        edits => format!(
            "{why}; with {} it would hold {}",
            edits.join(" and "),
            plural(*reached as u64, side.word(), side.plural())
        ),
    }
}
