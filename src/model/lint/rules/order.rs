//! Tiers, segments and routes behind one that takes everybody they are meant for, told by comparing both, so that no search has to end for it.
//!
//! One entry is behind another if it asks for all that the other asks for: the same conditions, or comparisons of the same fact that are at least as
//! strict, and for tiers scores that are at least as high.

use super::super::{LintContext, bounds::WasHere, narrowing::TierEntry};
use crate::{
    EntityKind,
    expr::{ComparisonOp, Program},
    resolved::Tier,
    units::EPSILON,
};

/// The most entries before one that it is compared with.
pub(super) const BEFORE_MAX: usize = 200;

pub(super) fn all(lint: &LintContext<'_, '_>) {
    for side in EntityKind::ALL {
        let tiers = &lint.level(side).tiers;
        for place in 0..tiers.len() {
            let first = place.saturating_sub(BEFORE_MAX);
            let before = (first..place).find(|before| tier_takes_all(&tiers[*before], &tiers[place]));
            if before.is_some() {
                super::tiers::report_out_of_reach(lint, side, place, before);
            }
        }
    }
    super::routes::report_plainly_shadowed(lint);
}

/// Whether everybody who is meant for a tier is taken by one before it, also those who may stay in it after a run in one above it.
fn tier_takes_all(before: &Tier, tier: &Tier) -> bool {
    let anybody = WasHere { can: true, must: false };
    let (taken, meant) = (TierEntry::new(before, anybody), TierEntry::new(tier, anybody));
    meant.can >= taken.must && takes_all(before.when.as_ref(), tier.when.as_ref())
}

/// Whether a condition holds wherever another one does, as far as comparing them shows; none always holds.
pub(super) fn takes_all(before: Option<&Program>, when: Option<&Program>) -> bool {
    let needs = before.map(parts).unwrap_or_default();
    let given = when.map(parts).unwrap_or_default();
    needs.iter().all(|need| given.iter().any(|given| is_stricter(given, need)))
}

/// The parts that all have to hold.
fn parts(program: &Program) -> Vec<&Program> {
    match program {
        Program::And(all) => all.iter().flat_map(parts).collect(),
        other => vec![other],
    }
}

/// Whether one part holds only where another does.
fn is_stricter(given: &Program, need: &Program) -> bool {
    if given == need {
        return true;
    }
    let (Program::CompareNumber(a, fact, strict), Program::CompareNumber(b, other, loose)) = (given, need) else {
        return match need {
            Program::Or(ways) => ways.iter().any(|way| is_stricter(given, way)),
            _ => false,
        };
    };
    if fact != other {
        return false;
    }
    use ComparisonOp::{Equal, Greater, GreaterEqual, Less, LessEqual};
    // By more than the tolerance of comparisons, so that nothing hangs on it.
    let (above, below) = (strict - loose > 2.0 * EPSILON, loose - strict > 2.0 * EPSILON);
    let equal = strict.total_cmp(loose).is_eq();
    match (a, b) {
        (Greater | GreaterEqual | Equal, Greater | GreaterEqual) => above || equal && *b == GreaterEqual,
        (Less | LessEqual | Equal, Less | LessEqual) => below || equal && *b == LessEqual,
        _ => false,
    }
}
