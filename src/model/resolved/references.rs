//! The references of a model to events: names, and expressions with the properties that they read.

use super::{
    EventExpression, EventSelection, EventValue, MilestoneRule, ResolvedModel, SpannedName, TextComparison, TextSpan,
};

/// An expression over events, with the events that it is evaluated for.
#[derive(Debug)]
pub struct ExpressionUse<'m> {
    /// The event names in order; none for any activity.
    pub events: Option<Vec<&'m str>>,
    /// The properties that it reads, with their places.
    pub reads: Vec<(&'m str, &'m TextSpan)>,
    /// The comparisons of properties with texts.
    pub comparisons: &'m [TextComparison],
}

impl<'m> ExpressionUse<'m> {
    fn new(events: Option<Vec<&'m str>>, expression: &'m EventExpression) -> ExpressionUse<'m> {
        let reads = expression.reads.iter().map(|read| (read.name.as_str(), &read.span)).collect();
        ExpressionUse { events, reads, comparisons: &expression.comparisons }
    }

    /// Describes the property that pairs events, which is the text itself.
    fn pairing(events: Option<Vec<&'m str>>, value: &'m EventValue) -> ExpressionUse<'m> {
        let expression = &value.expression;
        ExpressionUse { events, reads: vec![(expression.text.as_str(), &expression.span)], comparisons: &[] }
    }
}

impl ResolvedModel {
    /// Returns every reference to a real event by name, in the order of the text.
    pub fn event_references(&self) -> Vec<&SpannedName> {
        let mut all: Vec<&SpannedName> = Vec::new();
        for entry in self.events.entries() {
            match &entry.stands_for {
                Some(names) => all.extend(self.real_names(names)),
                None => all.push(&entry.name),
            }
        }
        let selections = self.selections();
        all.extend(selections.into_iter().flat_map(|events| self.real_names(&events.names)));
        all.sort_by_key(|name| name.span.start);
        all
    }

    /// Keeps the names of real events. Other names select events that have their own places.
    fn real_names<'m>(&'m self, names: &'m [SpannedName]) -> impl Iterator<Item = &'m SpannedName> {
        names.iter().filter(|name| self.events.is_event(&name.name))
    }

    /// Returns every list of event names outside `[events]` and `[activity]`.
    fn selections(&self) -> Vec<&EventSelection> {
        let mut all = vec![&self.start];
        for metric in &self.metrics {
            all.push(&metric.events);
            all.extend(metric.measure.other_events());
        }
        for (_, level) in self.levels.iter() {
            all.extend(level.traits.iter().map(|one| &one.events));
            for milestone in &level.milestones {
                match &milestone.rule {
                    MilestoneRule::Times { events, .. } => all.push(events),
                    MilestoneRule::Steps { steps, .. } => all.extend(steps),
                    MilestoneRule::All(_) => {}
                }
            }
        }
        all
    }

    /// Returns every expression over events.
    pub fn expression_uses(&self) -> Vec<ExpressionUse<'_>> {
        let conditions = self.conditions.iter();
        let mut all: Vec<ExpressionUse<'_>> =
            conditions.map(|one| ExpressionUse::new(one.events.event_names(), &one.expression)).collect();
        for metric in &self.metrics {
            let events = || metric.events.set.base.event_names();
            all.extend(metric.measure.value().map(|value| ExpressionUse::new(events(), &value.expression)));
            all.extend(metric.measure.pairing().map(|same| ExpressionUse::pairing(events(), same)));
        }
        for milestone in self.levels.values().into_iter().flat_map(|level| &level.milestones) {
            if let MilestoneRule::Steps { steps, same: Some(same), .. } = &milestone.rule {
                all.push(ExpressionUse::pairing(Some(names_of_steps(steps)), same));
            }
        }
        all
    }
}

/// Returns the distinct event names of some steps, in order.
fn names_of_steps(steps: &[EventSelection]) -> Vec<&str> {
    let mut names: Vec<&str> = steps.iter().flat_map(|step| step.set.base.event_names().unwrap_or_default()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use crate::{FactSelection, ModelRequest, ResolvedModel, diag::SourceDocument, parse};

    const TEXT: &str = r#"schema = 1
[events]
core = { event = ["exported", "shared"], where = "kind = 'full'", properties = ["size"] }
exported = {}
[metrics.exports]
measure = "sum"
event = "core"
value = "size"
[user.traits]
role = { type = "text", from = ["title"] }
[account.traits]
plan = { type = "text" }
[[user.signals]]
name = "vp"
when = "role in ('vp', 'ceo') and account.plan = 'pro' and exports > 3"
points = 1
[[account.milestones]]
name = "chain"
steps = ["shared", "core"]
same = "team"
"#;

    fn model() -> ResolvedModel {
        let document = SourceDocument { name: "m.toml".to_owned(), text: TEXT.to_owned() };
        parse(&document, ModelRequest { selection: FactSelection::OutputsOnly, rows: None }).expect("a valid model")
    }

    #[test]
    fn what_is_asked_of_events_is_found_with_its_place() {
        let model = model();
        let events: Vec<&str> = model.event_references().iter().map(|name| &TEXT[name.span.clone()]).collect();
        // A name that stands for others is no event itself.
        assert_eq!(events, ["\"exported\"", "\"shared\"", "exported", "\"shared\""]);
        let uses = model.expression_uses();
        let both = Some(vec!["exported", "shared"]);
        assert_eq!(uses.iter().map(|one| &one.events).collect::<Vec<_>>(), [&both, &both, &both]);
        let reads: Vec<&str> = uses.iter().flat_map(|one| &one.reads).map(|(_, span)| &TEXT[(*span).clone()]).collect();
        assert_eq!(reads, ["kind", "size", "\"team\""]);
        assert_eq!(&TEXT[uses[0].comparisons[0].span.clone()], "'full'");
        assert_eq!(model.events.entries()[0].properties[0].name, "size");
    }

    #[test]
    fn texts_that_facts_are_compared_with_are_found_with_their_places() {
        let model = model();
        let comparisons = model.levels.user.comparisons.iter();
        let texts: Vec<String> = comparisons.map(|one| format!("{} {}", one.name, &TEXT[one.span.clone()])).collect();
        assert_eq!(texts, ["role 'vp'", "role 'ceo'", "account.plan 'pro'"]);
        assert_eq!(model.levels.user.traits[0].from, ["title"]);
    }
}
