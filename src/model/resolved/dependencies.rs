//! The dependencies of facts: the events that they need, and the texts that define them.

use super::{
    ConditionId, EventSelection, EventValue, FactDefinition, Metric, Milestone, MilestoneRule, ResolvedModel, TextSpan,
};
use crate::{EntityKind, FactKey};

/// The dependencies of a metric, a milestone, a named expression or a roll-up.
#[derive(Debug, Default)]
pub struct FactDependencies<'m> {
    /// Lists of event names. One event of every list must occur.
    pub needs: Vec<Vec<&'m str>>,
    /// The places of its conditions and values, and of the conditions in `[events]` that it uses.
    pub texts: Vec<&'m TextSpan>,
}

impl ResolvedModel {
    /// Returns the dependencies of a fact. Traits, built-in facts and results of scoring have none.
    pub fn dependencies(&self, key: FactKey) -> FactDependencies<'_> {
        let mut found = FactDependencies::default();
        let level = self.level(key.kind());
        let Some(fact) = self.fact(key) else { return found };
        match &fact.definition {
            FactDefinition::Metric(place) => found.metric(self, &self.metrics[*place]),
            FactDefinition::Milestone(place, _) => found.milestone(self, &level.milestones, *place),
            FactDefinition::Expression(_) => {
                let declared = level.expressions.iter().filter(|one| one.name.name == fact.name);
                found.texts.extend(declared.map(|one| &one.span));
            }
            FactDefinition::Rollup(_) => {
                let declared = level.rollups.iter().filter(|one| one.name.name == fact.name);
                found.texts.extend(declared.flat_map(|one| one.value.iter().chain(&one.filter)));
            }
            FactDefinition::Person(_, slot) => return self.dependencies(FactKey::new(EntityKind::User, *slot)),
            FactDefinition::Builtin(_)
            | FactDefinition::Trait(_)
            | FactDefinition::Record(_)
            | FactDefinition::Outcome(_)
            | FactDefinition::Scoring => {}
        }
        found
    }
}

impl<'m> FactDependencies<'m> {
    fn metric(&mut self, model: &'m ResolvedModel, metric: &'m Metric) {
        self.events(model, &metric.events);
        if metric.measure.needs_both() {
            metric.measure.other_events().into_iter().for_each(|events| self.events(model, events));
        }
        self.condition(model, metric.filter);
        self.value(metric.measure.value());
        self.value(metric.measure.pairing());
    }

    /// A milestone of other milestones has their dependencies.
    fn milestone(&mut self, model: &'m ResolvedModel, milestones: &'m [Milestone], place: usize) {
        match &milestones[place].rule {
            MilestoneRule::Times { events, filter, .. } => {
                self.events(model, events);
                self.condition(model, *filter);
            }
            MilestoneRule::Steps { steps, same, .. } => {
                steps.iter().for_each(|step| self.events(model, step));
                self.value(same.as_ref());
            }
            MilestoneRule::All(parts) => parts.iter().for_each(|part| self.milestone(model, milestones, *part)),
        }
    }

    /// Adds a list of events, one of which must occur.
    fn events(&mut self, model: &'m ResolvedModel, events: &'m EventSelection) {
        if events.names.is_empty() {
            return;
        }
        self.needs.extend(events.set.base.event_names());
        let entries = events.names.iter().filter_map(|name| model.events.entry(&name.name));
        let conditions = entries.flat_map(|entry| &entry.conditions);
        self.texts.extend(conditions.map(|condition| &model.conditions[*condition].expression.span));
    }

    fn condition(&mut self, model: &'m ResolvedModel, condition: Option<ConditionId>) {
        self.texts.extend(condition.map(|condition| &model.conditions[condition].expression.span));
    }

    fn value(&mut self, value: Option<&'m EventValue>) {
        self.texts.extend(value.map(|value| &value.expression.span));
    }
}

#[cfg(test)]
mod tests {
    use crate::{EntityKind, FactKey, FactSelection, ModelRequest, ResolvedModel, diag::SourceDocument, parse};

    const TEXT: &str = r#"schema = 1
[events]
core = { event = ["exported", "shared"], where = "kind = 'full'" }
[metrics]
wait = { measure = "elapsed", from = "asked", to = "core" }
late = { measure = "open", from = "asked", to = "core", timeout = "1h", where = "paid", same = "id" }
[user.facts]
slow = "wait > 3"
[[user.milestones]]
name = "first"
event = "core"
[[user.milestones]]
name = "first_and_second"
all = ["first", "second"]
[[user.milestones]]
name = "second"
event = "asked"
"#;

    /// Returns the needs of a fact of users, and its texts.
    fn shown(model: &ResolvedModel, name: &str) -> (Vec<String>, Vec<String>) {
        let slot = model.levels.user.facts.iter().position(|fact| fact.name == name).expect("a fact");
        let found = model.dependencies(FactKey::new(EntityKind::User, slot as u32));
        let needs = found.needs.iter().map(|names| names.join(" or ")).collect();
        (needs, found.texts.iter().map(|span| TEXT[(*span).clone()].to_owned()).collect())
    }

    #[test]
    fn a_fact_needs_events_and_is_told_by_texts() {
        let document = SourceDocument { name: "m.toml".to_owned(), text: TEXT.to_owned() };
        let model = parse(&document, ModelRequest { selection: FactSelection::AllDeclared, rows: None })
            .expect("a valid model");
        let kind = "\"kind = 'full'\"";
        for (name, needs, texts) in [
            ("wait", vec!["asked", "exported or shared"], vec![kind]),
            // What has no answer is counted whether there are answers or not.
            ("late", vec!["asked"], vec!["\"paid\"", "\"id\""]),
            ("slow", vec![], vec!["\"wait > 3\""]),
            ("first", vec!["exported or shared"], vec![kind]),
            ("first_and_second", vec!["exported or shared", "asked"], vec![kind]),
        ] {
            let owned = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect::<Vec<String>>();
            assert_eq!(shown(&model, name), (owned(needs), owned(texts)), "{name}");
        }
    }
}
