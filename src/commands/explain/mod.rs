//! Why one user or account is what it is, what it would take to be more, and when it will be less.
//!
//! Takes what was folded and scored; gives an [`Explanation`]. The points are those of the scorer ([`pql_engine::ledger`]); ways up and the forecast ask
//! the same scorer about other facts and later days.

mod counterfactual;
mod entity_query;
mod exclusion;
mod forecast;
mod json;
mod members;
mod members_text;
mod overlay;
mod path_to_tier;
mod report;
mod requirements;
mod signal_events;
mod unknown_entity;

pub use entity_query::{EntityDirectory, EntityQuery};
pub use exclusion::ExclusionSearch;
pub use forecast::{DAYS_MAX, Forecast, forecast};
pub use json::ExplanationRecord;
pub use members::{MemberReport, report_members, signal_rollups};
pub use path_to_tier::{FactChange, NextTierPaths, TierPath, find_tier_paths};
pub use signal_events::{CountedEvent, SecondReading, SignalEvents, find_signal_events};
pub use unknown_entity::{SearchError, UnknownEntity, explain_unknown_entity, guard_exclusions};

use pql_engine::ledger::Ledger;

/// Everything that is to be said of one user or account.
#[derive(Debug)]
pub struct Explanation {
    /// How it came to its score, tier and route.
    pub ledger: Ledger,
    /// How to get into the tier above; none in the highest, or without tiers.
    pub next_tier: Option<NextTierPaths>,
    /// When it drops; none in the lowest tier, without tiers, or if it was not asked for.
    pub forecast: Option<Forecast>,
    /// The members, for an account.
    pub members: Option<MemberReport>,
    /// The events behind one signal, if that was asked for.
    pub events: Option<SignalEvents>,
}
