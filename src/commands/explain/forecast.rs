//! When an entity drops a tier if nothing further happens: the same state, scored at later points in time.

use super::cause::{DropCause, TierBasis, drop_causes};
use pql_engine::{
    ledger::{EntityRef, build_ledger},
    pipeline::{FoldedRun, RunError, RunTables, score_state},
    plan::Model,
};
use pql_model::{
    EntityKind,
    clock::AsOf,
    expr::Value,
    units::{Day, Points},
};

/// The farthest day of a forecast; days from `as_of`.
pub const DAYS_MAX: u16 = 90;

/// What becomes of an entity if nothing further happens.
#[derive(Debug)]
pub struct Forecast {
    /// The last date that was looked at.
    pub until: Day,
    /// The first drop, if there is any up to then.
    pub drop: Option<TierDrop>,
}

/// A fall into a lower tier.
#[derive(Debug)]
pub struct TierDrop {
    /// The date at whose end the tier is a lower one.
    pub day: Day,
    /// The tier then.
    pub tier: String,
    /// The score then.
    pub score: Points,
    /// Changes without which the tier would have been kept; several in one entry only together.
    pub causes: Vec<Vec<DropCause>>,
}

/// An entity at the time that a forecast begins with.
#[derive(Debug)]
pub struct ForecastStart {
    /// User or account.
    pub side: EntityKind,
    /// Its id.
    pub id: String,
    /// Its tier; none without tiers.
    pub tier: Option<String>,
    /// What decides on it.
    pub basis: TierBasis,
}

/// Looks ahead day by day up to the first drop; none if the model has no tiers, or the entity is in the lowest.
///
/// # Errors
///
/// Those of scoring. **Cost**: a scoring of everything for each day.
pub fn forecast(
    folded: &FoldedRun,
    model: &Model,
    tables: RunTables<'_>,
    now: &ForecastStart,
    days: u16,
) -> Result<Option<Forecast>, RunError> {
    let level = model.resolved.level(now.side);
    let place = |tier: &str| level.tiers.iter().position(|known| known.name == tier);
    let Some(present) =
        now.tier.as_ref().and_then(|tier| place(tier)).filter(|present| present + 1 < level.tiers.len())
    else {
        return Ok(None);
    };
    let until = folded.as_of.day + i32::from(days.min(DAYS_MAX));
    // Where the last day is partial, its end is still to come.
    let first = folded.as_of.day + i32::from(!folded.as_of.partial);
    for day in first..=until {
        let as_of = AsOf::end_of_day(day, &model.resolved.zone);
        let (scored, _) = score_state((&folded.state, as_of), model, tables)?;
        let Some(entity) = EntityRef::find(&scored, now.side, &now.id) else { continue };
        let tier =
            pql_engine::ledger::fact_value(model, now.side, "tier", &entity.scope(&scored)).and_then(
                |tier| match tier {
                    Value::Text(tier) => place(&tier),
                    _ => None,
                },
            );
        if let Some(tier) = tier.filter(|tier| *tier > present) {
            let ledger = build_ledger(&scored, model, entity);
            let causes = drop_causes((&scored, model), entity, &now.basis, present);
            let drop = TierDrop { day, tier: level.tiers[tier].name.clone(), score: ledger.score, causes };
            return Ok(Some(Forecast { until, drop: Some(drop) }));
        }
    }
    Ok(Some(Forecast { until, drop: None }))
}
