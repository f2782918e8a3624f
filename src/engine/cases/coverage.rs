//! Measures which parts of a model the cases reach: signals that pay, rungs of ladders, tiers, routes, suppressions, and
//! alerts that hold and that fire.

use super::expectation::CheckContext;
use crate::{
    alerts::FiredAlert,
    ledger::{Ledger, RuleDecision, reached_rung},
    plan::Model,
};
use pql_model::{
    EntityKind,
    resolved::{Level, SignalPayment},
    scoring::SignalFiring,
};

/// An alert whose condition holds.
const ALERT_HELD: &str = "alert_held";
/// An alert that fires.
const ALERT_FIRED: &str = "alert_fired";
/// A rule that leaves somebody out of the lists.
const SUPPRESSION: &str = "suppression";

/// A part of a model that a case can reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageItem {
    /// User or account level.
    pub(crate) side: EntityKind,
    /// `signal`, `rung`, `tier`, `route`, `suppression`, `alert_held` or `alert_fired`.
    pub(crate) kind: &'static str,
    /// Its name; for a rung the name of the signal.
    pub(crate) name: String,
    /// For a rung: its index from 0, and its threshold as the model writes it.
    pub(crate) rung: Option<(usize, String)>,
}

impl CoverageItem {
    /// The part in words: `user signal team_invites, rung 3`.
    pub(crate) fn describe(&self) -> String {
        let (side, name) = (self.side.word(), &self.name);
        match (&self.rung, self.kind) {
            (Some((_, threshold)), _) => format!("{side} signal {name}, rung {threshold}"),
            (None, ALERT_HELD) => format!("{side} alert {name}, held"),
            (None, ALERT_FIRED) => format!("{side} alert {name}, fired"),
            (None, kind) => format!("{side} {kind} {name}"),
        }
    }
}

/// The parts of one model, each with whether a case reached it.
#[derive(Debug, Clone)]
pub struct Coverage {
    /// Parts in the order of the model, users first.
    pub(crate) items: Vec<(CoverageItem, bool)>,
}

impl CoverageItem {
    /// Whether a user or an account reaches it. That an alert fires is seen in a list of alerts.
    fn is_reached(&self, level: &Level, subject: &CheckContext<'_>) -> bool {
        let ledger = subject.ledger;
        match self.kind {
            "tier" => self.is_chosen(&ledger.tier),
            "route" => self.is_chosen(&ledger.route),
            SUPPRESSION => self.is_chosen(&ledger.suppressed),
            ALERT_HELD => {
                let suppressed = ledger.suppressed.as_ref().and_then(RuleDecision::matched_rule).is_some();
                let mut own = level.alerts.iter().filter(|alert| alert.name == self.name);
                !suppressed && own.any(|alert| alert.when.holds(&subject.scope))
            }
            ALERT_FIRED => false,
            _ => self.is_paid(level, ledger),
        }
    }

    /// Whether a decision chose the rule of its name.
    fn is_chosen(&self, decision: &Option<RuleDecision>) -> bool {
        decision.as_ref().and_then(RuleDecision::matched_rule).is_some_and(|chosen| chosen.name == self.name)
    }

    /// Whether its signal fires, and on its rung.
    fn is_paid(&self, level: &Level, ledger: &Ledger) -> bool {
        let notes = level.signals.iter().zip(&ledger.signals);
        let mut own = notes.filter(|(signal, note)| signal.name == self.name && note.firing == SignalFiring::Fired);
        own.any(|(signal, note)| match &self.rung {
            Some((place, _)) => reached_rung(signal, &note.seen) == Some(*place),
            None => true,
        })
    }
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
            level.suppressions.iter().for_each(|one| add(side, SUPPRESSION, &one.name, None));
            for alert in &level.alerts {
                add(side, ALERT_HELD, &alert.name, None);
                add(side, ALERT_FIRED, &alert.name, None);
            }
        }
        Coverage { items }
    }

    /// Marks the parts that one user or account reached.
    pub(super) fn note(&mut self, subject: &CheckContext<'_>) {
        let side = subject.entity.side;
        let level = subject.model.resolved.level(side);
        for (item, reached) in self.items.iter_mut().filter(|(item, _)| item.side == side) {
            *reached |= item.is_reached(level, subject);
        }
    }

    /// Marks an alert that fired for a user or account.
    pub(super) fn note_fired(&mut self, fired: &FiredAlert) {
        let is_alert = |item: &CoverageItem| [ALERT_FIRED, ALERT_HELD].contains(&item.kind);
        for (item, reached) in &mut self.items {
            *reached |= is_alert(item) && item.side == fired.level && item.name == fired.alert;
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
