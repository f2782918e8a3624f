//! When a fact is computed: phases in the order in which scoring takes them.

/// When a fact is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Phase(u8);

impl Phase {
    pub(super) const BASE: Phase = Phase(0);
    pub(super) const SEGMENT: Phase = Phase(1);
    pub(super) const USER_POINTS: Phase = Phase(2);
    pub(super) const USER_SCORE: Phase = Phase(3);
    pub(super) const USER_TIER: Phase = Phase(4);
    pub(super) const ACCOUNT_POINTS: Phase = Phase(5);
    pub(super) const ACCOUNT_SCORE: Phase = Phase(6);
    pub(super) const ACCOUNT_TIER: Phase = Phase(7);
    pub(super) const ROUTES: Phase = Phase(8);
    pub(super) const END: Phase = Phase(9);

    /// The order of phases, for messages.
    pub(super) const ORDER: &str = "the order is: traits, metrics and milestones; segment; points, score and tier of users; \
                                    points, score and tier of accounts; routes";

    /// What is computed in it, for messages.
    pub(super) fn what(self) -> &'static str {
        match self {
            Phase::BASE => "traits, metrics and milestones",
            Phase::SEGMENT => "the segment",
            Phase::USER_POINTS => "points of users",
            Phase::USER_SCORE => "the score of users",
            Phase::USER_TIER => "the tier of users",
            Phase::ACCOUNT_POINTS => "points of accounts",
            Phase::ACCOUNT_SCORE => "the score of accounts",
            Phase::ACCOUNT_TIER => "the tier of accounts",
            _ => "routes",
        }
    }
}
