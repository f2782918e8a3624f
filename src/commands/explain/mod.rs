//! Why one user or account is what it is, what it would take to be more, and when it will be less.
//!
//! Takes what was folded and scored; gives an [`Explanation`]. The points are those of the scorer ([`pql_engine::ledger`]); ways up and the forecast ask
//! the same scorer about other facts and later days.

mod cause;
mod entity_query;
mod exclusion;
mod forecast;
mod history;
mod json;
mod member_parts;
mod members;
mod members_text;
mod outcomes;
mod overlay;
mod report;
mod requirements;
mod signal_events;
mod unknown_entity;
mod ways;

pub use cause::{DropCause, TierBasis};
pub use entity_query::{EntityDirectory, EntityQuery};
pub use exclusion::{ExclusionSearch, excludes_by_id};
pub use forecast::{DAYS_MAX, Forecast, ForecastStart, forecast};
pub use history::{EntityHistory, HistoryLine, HistoryReason, HistoryRecord};
pub use json::ExplanationRecord;
pub use members::{MemberReport, report_members, signal_rollups};
pub use outcomes::{EntityOutcome, entity_outcomes};
pub use signal_events::{CountedEvent, SecondReading, SignalEvents, find_signal_events};
pub use unknown_entity::{SearchError, UnknownEntity, explain_unknown_entity};
pub use ways::{NextTierWays, TierWay, WaySearch};

use pql_engine::ledger::Ledger;

/// Everything that is to be said of one user or account.
#[derive(Debug)]
pub struct Explanation {
    /// How it came to its score, tier and route.
    pub ledger: Ledger,
    /// How to get into the tier above; none in the highest, or without tiers.
    pub next_tier: Option<NextTierWays>,
    /// When it drops; none in the lowest tier, without tiers, or if it was not asked for.
    pub forecast: Option<Forecast>,
    /// The members, for an account.
    pub members: Option<MemberReport>,
    /// What became of it, by date; none in a run without outcomes.
    pub outcomes: Option<Vec<EntityOutcome>>,
    /// The events behind one signal, if that was asked for.
    pub events: Option<SignalEvents>,
}
