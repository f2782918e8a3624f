//! Facts of the record: what the run before said, and since when the present tier is seen.

use super::standing::PreviousStanding;
use pql_model::{expr::Value, resolved::RecordFact, units::Day};

/// The tier that this run gives.
#[derive(Debug, Clone)]
pub(super) struct TierNow<'v> {
    /// Its name.
    pub(super) tier: Value<'v>,
    /// True if it is a qualified one.
    pub(super) qualified: Value<'v>,
}

/// A fact of an entity in a run with a record. Whoever the run before did not know is seen first on the last day of this run.
pub(super) fn record_fact<'v>(
    fact: RecordFact,
    before: Option<&'v PreviousStanding>,
    now: TierNow<'v>,
    today: Day,
) -> Value<'v> {
    match fact {
        RecordFact::PreviousTier => {
            before.and_then(|before| before.tier.as_deref()).map_or(Value::Null, |tier| Value::Text(tier.into()))
        }
        RecordFact::PreviousScore => {
            before.and_then(|before| before.score).map_or(Value::Null, |score| Value::Number(score.to_f64()))
        }
        RecordFact::TierSince => match &now.tier {
            Value::Text(tier) => {
                let same = before.filter(|before| before.tier.as_deref() == Some(tier.as_ref()));
                Value::Date(same.and_then(|before| before.tier_since).unwrap_or(today))
            }
            _ => Value::Null,
        },
        RecordFact::FirstQualified => {
            let first = before.and_then(|before| before.first_qualified);
            first.or(now.qualified.is_true().then_some(today)).map_or(Value::Null, Value::Date)
        }
    }
}
