//! What one model came to, as far as it is compared.

use super::{ComparedModel, ReadCounts};
use pql_engine::{plan::Model, record::LevelSnapshot, score::ScoredEntities};
use pql_model::PerKind;

/// What one model came to.
#[derive(Debug)]
pub struct ScoreSnapshot {
    /// The model, and the instant looked from.
    pub model: ComparedModel,
    /// Users and accounts.
    pub levels: PerKind<LevelSnapshot>,
    /// The motions of the routes, by place.
    pub motions: PerKind<Vec<Option<String>>>,
}

impl ScoreSnapshot {
    /// Takes what is compared from what was scored.
    pub fn take(scored: &ScoredEntities<'_>, model: &Model, path: String) -> ScoreSnapshot {
        let head = ComparedModel {
            path,
            name: model.resolved.name.clone(),
            fingerprint: model.resolved.fingerprint.clone(),
            as_of: scored.as_of,
            read: ReadCounts::of(scored),
        };
        let motions = PerKind::from_fn(|kind| {
            let routes = model.resolved.level(kind).routes.iter();
            routes.map(|route| route.motion.clone()).collect()
        });
        ScoreSnapshot { model: head, levels: LevelSnapshot::of_levels(scored, model), motions }
    }
}
