//! Measures which parts of a model the cases reach: signals that pay, rungs of ladders, tiers and
//! routes.

use crate::{
    ledger::{Ledger, RuleDecision, reached_rung},
    plan::Model,
};
use pql_model::{EntityKind, resolved::SignalPayment, scoring::SignalFiring};

/// A part of a model that a case can reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageItem {
    /// User or account level.
    pub(crate) side: EntityKind,
    /// `signal`, `rung`, `tier` or `route`.
    pub(crate) kind: &'static str,
    /// Its name; for a rung the name of the signal.
    pub(crate) name: String,
    /// For a rung: its index from 0, and its threshold as the model writes it.
    pub(crate) rung: Option<(usize, String)>,
}

impl CoverageItem {
    /// The part in words: `user signal team_invites, rung 3`.
    pub(crate) fn describe(&self) -> String {
        match &self.rung {
            Some((_, threshold)) => format!("{} signal {}, rung {threshold}", self.side.word(), self.name),
            None => format!("{} {} {}", self.side.word(), self.kind, self.name),
        }
    }
}

/// The parts of one model, each with whether a case reached it.
#[derive(Debug, Clone)]
pub struct Coverage {
    /// Parts in the order of the model, users first.
    pub(crate) items: Vec<(CoverageItem, bool)>,
}

impl Coverage {
    /// The parts of a model, none of them reached. A ladder of one rung counts as its signal alone.
    pub fn new(model: &Model) -> Coverage {
        let mut items = Vec::new();
        let mut add = |side: EntityKind, kind: &'static str, name: &str, rung: Option<(usize, String)>| {
            items.push((CoverageItem { side, kind, name: name.to_owned(), rung }, false));
        };
        for side in EntityKind::ALL {
            let level = model.resolved.level(side);
            for signal in &level.signals {
                add(side, "signal", &signal.name, None);
                if let SignalPayment::Ladder { strict, rungs, .. } = &signal.pay
                    && rungs.len() > 1
                {
                    for (place, (threshold, _)) in rungs.iter().enumerate() {
                        let text = pql_model::units::format_number(*threshold);
                        let text = if *strict { format!("above {text}") } else { text };
                        add(side, "rung", &signal.name, Some((place, text)));
                    }
                }
            }
            level.tiers.iter().for_each(|tier| add(side, "tier", &tier.name, None));
            level.routes.iter().for_each(|route| add(side, "route", &route.name, None));
        }
        Coverage { items }
    }

    /// Marks the parts that one user or account reached.
    pub(super) fn note(&mut self, model: &Model, side: EntityKind, ledger: &Ledger) {
        let chosen = |decision: &Option<RuleDecision>| {
            decision.as_ref().and_then(RuleDecision::matched_rule).map(|chosen| chosen.name.clone())
        };
        let (tier, route) = (chosen(&ledger.tier), chosen(&ledger.route));
        let level = model.resolved.level(side);
        for (item, reached) in self.items.iter_mut().filter(|(item, _)| item.side == side) {
            *reached |= match item.kind {
                "tier" => tier.as_ref() == Some(&item.name),
                "route" => route.as_ref() == Some(&item.name),
                _ => {
                    let notes = level.signals.iter().zip(&ledger.signals);
                    let mut own =
                        notes.filter(|(signal, note)| signal.name == item.name && note.firing == SignalFiring::Fired);
                    own.any(|(signal, note)| match &item.rung {
                        Some((place, _)) => reached_rung(signal, &note.seen) == Some(*place),
                        None => true,
                    })
                }
            };
        }
    }

    /// The number of parts reached.
    pub(crate) fn reached(&self) -> usize {
        self.items.iter().filter(|(_, reached)| *reached).count()
    }

    /// Parts that no case reached.
    pub(crate) fn missing(&self) -> impl Iterator<Item = &CoverageItem> {
        self.items.iter().filter(|(_, reached)| !reached).map(|(item, _)| item)
    }

    /// The share of parts reached; 100 for a model without parts. **Units**: percent.
    pub(crate) fn percent(&self) -> f64 {
        if self.items.is_empty() { 100.0 } else { self.reached() as f64 * 100.0 / self.items.len() as f64 }
    }
}
