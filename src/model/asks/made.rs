//! What facts are made of: events without which there is nothing of them, and the texts that say what counts.

use std::{collections::BTreeSet, ops::Range};

use super::{
    super::{
        syntax::{LadderInput, LevelSyntax, MeasureKind, MetricSyntax, MilestoneForm, ModelSyntax, PaymentSyntax},
        toml_reader::SpannedText,
    },
    ReferenceCollector,
};
use crate::EntityKind;

/// What a metric, a milestone, a named expression or a roll-up is made of.
#[derive(Debug, Default)]
pub struct FactDependencies {
    /// Of users or of accounts; none of a metric, which both levels can read.
    pub level: Option<EntityKind>,
    /// The name of the metric, milestone, expression or roll-up; of a metric that a signal carries, that of its fact.
    pub name: String,
    /// Real events: of each of these lists one has to occur.
    pub needs: Vec<Vec<String>>,
    /// Where its conditions and values stand, and those of the names of `[events]` that it counts.
    pub texts: Vec<Range<usize>>,
}

impl ReferenceCollector<'_> {
    /// Everything of a model that a fact is made of.
    pub(super) fn made(&mut self, file: &ModelSyntax) -> Vec<FactDependencies> {
        let mut all: Vec<FactDependencies> =
            file.metrics.iter().map(|metric| self.made_of_metric(file, metric)).collect();
        for (at, level) in [(EntityKind::User, &file.user), (EntityKind::Account, &file.account)] {
            let level_of = Some(at);
            for signal in &level.signals {
                if let PaymentSyntax::Ladder { value: LadderInput::Inline(metric), .. } = &signal.pay {
                    let made = self.made_of_metric(file, metric);
                    all.push(FactDependencies {
                        level: level_of,
                        name: format!("signal {}", signal.name.value),
                        ..made
                    });
                }
            }
            for (place, milestone) in level.milestones.iter().enumerate() {
                let mut made = FactDependencies {
                    level: level_of,
                    name: milestone.name.value.clone(),
                    ..FactDependencies::default()
                };
                self.made_of_milestone(file, (level, place), &mut made, 0);
                all.push(made);
            }
            let facts = level.facts.iter().map(|(name, text)| (name, vec![text.span.clone()]));
            let rollups = level.rollups.iter().map(|rollup| {
                let texts = rollup.value.iter().chain(&rollup.filter);
                (&rollup.name, texts.map(|text| text.span.clone()).collect())
            });
            all.extend(facts.chain(rollups).map(|(name, texts)| FactDependencies {
                level: level_of,
                name: name.value.clone(),
                needs: Vec::new(),
                texts,
            }));
        }
        all
    }

    fn made_of_metric(&mut self, file: &ModelSyntax, metric: &MetricSyntax) -> FactDependencies {
        let mut made = FactDependencies { name: metric.name.value.clone(), ..FactDependencies::default() };
        // What has no answer is counted whether there are answers or not.
        let answers = (metric.kind == MeasureKind::Elapsed).then_some(&metric.to);
        for names in metric.event.iter().chain([&metric.from]).chain(answers).filter(|names| !names.is_empty()) {
            self.need(file, names, &mut made);
        }
        let texts = [&metric.filter, &metric.value, &metric.same].into_iter().flatten();
        made.texts.extend(texts.map(|text| text.span.clone()));
        made
    }

    /// A milestone of others needs what these need.
    fn made_of_milestone(
        &mut self,
        file: &ModelSyntax,
        (level, place): (&LevelSyntax, usize),
        made: &mut FactDependencies,
        depth: usize,
    ) {
        match &level.milestones[place].form {
            MilestoneForm::Times { event, filter, .. } => {
                event.iter().for_each(|names| self.need(file, names, made));
                made.texts.extend(filter.iter().map(|text| text.span.clone()));
            }
            MilestoneForm::Steps { steps, same, .. } => {
                steps.iter().for_each(|step| self.need(file, std::slice::from_ref(step), made));
                made.texts.extend(same.iter().map(|text| text.span.clone()));
            }
            MilestoneForm::All(parts) if depth < level.milestones.len() => {
                for part in parts {
                    let place = level.milestones.iter().position(|known| known.name.value == part.value);
                    place.into_iter().for_each(|place| self.made_of_milestone(file, (level, place), made, depth + 1));
                }
            }
            MilestoneForm::All(_) => {}
        }
    }

    /// One of these events has to occur.
    fn need(&mut self, file: &ModelSyntax, names: &[SpannedText], made: &mut FactDependencies) {
        let real: BTreeSet<String> =
            names.iter().flat_map(|name| self.real(file, &name.value, &mut Vec::new())).collect();
        made.needs.push(real.into_iter().collect());
        let mut open: Vec<&str> = names.iter().map(|name| name.value.as_str()).collect();
        let mut next = 0;
        while let Some(name) = open.get(next).copied() {
            next += 1;
            let Some(entry) = file.events.iter().find(|entry| entry.name.value == name) else { continue };
            made.texts.extend(entry.filter.iter().map(|text| text.span.clone()));
            let behind = entry.event.iter().flatten().map(|name| name.value.as_str());
            let new: Vec<&str> = behind.filter(|name| !open.contains(name)).collect();
            open.extend(new);
        }
    }
}
