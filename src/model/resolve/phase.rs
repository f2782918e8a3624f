//! When a fact is computed: phases in the order in which scoring takes them.

/// When a fact is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ScoringPhase(u8);

impl ScoringPhase {
    pub(super) const BASE: ScoringPhase = ScoringPhase(0);
    pub(super) const SEGMENT: ScoringPhase = ScoringPhase(1);
    pub(super) const USER_POINTS: ScoringPhase = ScoringPhase(2);
    pub(super) const USER_SCORE: ScoringPhase = ScoringPhase(3);
    pub(super) const USER_TIER: ScoringPhase = ScoringPhase(4);
    pub(super) const ACCOUNT_POINTS: ScoringPhase = ScoringPhase(5);
    pub(super) const ACCOUNT_SCORE: ScoringPhase = ScoringPhase(6);
    pub(super) const ACCOUNT_TIER: ScoringPhase = ScoringPhase(7);
    pub(super) const PEOPLE: ScoringPhase = ScoringPhase(8);
    pub(super) const RECORD: ScoringPhase = ScoringPhase(9);
    pub(super) const ROUTES: ScoringPhase = ScoringPhase(10);
    pub(super) const END: ScoringPhase = ScoringPhase(11);

    /// The order of phases, for messages.
    pub(super) const ORDER: &str = "the order is: traits, metrics and milestones; segment; points, score and tier of users; \
                                    points, score and tier of accounts; champion and buyer; facts of the record and of outcomes; routes";

    /// What is computed in it, for messages.
    pub(super) fn description(self) -> &'static str {
        match self {
            ScoringPhase::BASE => "traits, metrics and milestones",
            ScoringPhase::SEGMENT => "the segment",
            ScoringPhase::USER_POINTS => "points of users",
            ScoringPhase::USER_SCORE => "the score of users",
            ScoringPhase::USER_TIER => "the tier of users",
            ScoringPhase::ACCOUNT_POINTS => "points of accounts",
            ScoringPhase::ACCOUNT_SCORE => "the score of accounts",
            ScoringPhase::ACCOUNT_TIER => "the tier of accounts",
            ScoringPhase::PEOPLE => "the champion and the buyer",
            ScoringPhase::RECORD => "the facts of the record and of outcomes",
            _ => "routes",
        }
    }
}
