//! Follow-ups, and who was at risk when.

/// How long a subject was followed, and why that ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FollowUp {
    /// From the start to the end, in any unit that all follow-ups share; finite and not negative.
    pub time: f64,
    /// The kind of end that came, numbered by the caller. None if no end came by then (a censored follow-up).
    pub end: Option<u32>,
}

/// Follow-ups in the order of their times.
pub(super) struct SortedFollowUps(Vec<FollowUp>);

impl SortedFollowUps {
    pub(super) fn new(follow_ups: &[FollowUp]) -> Self {
        assert!(follow_ups.iter().all(|f| f.time.is_finite() && f.time >= 0.0), "a follow-up has a length");
        let mut sorted = follow_ups.to_vec();
        sorted.sort_unstable_by(|a, b| a.time.total_cmp(&b.time));
        Self(sorted)
    }

    /// Each time at which follow-ups end, in order.
    pub(super) fn risk_sets(&self) -> impl Iterator<Item = RiskSet<'_>> {
        let mut at_risk = self.0.len() as u64;
        self.0.chunk_by(|a, b| a.time == b.time).map(move |leaving| {
            let set = RiskSet { time: leaving[0].time, at_risk, leaving };
            at_risk -= leaving.len() as u64;
            set
        })
    }
}

/// What happens at one time: all ends at once, then the censorings. Who is censored at a time was at risk at that time.
pub(super) struct RiskSet<'a> {
    pub(super) time: f64,
    /// Subjects that were followed until this time or longer.
    pub(super) at_risk: u64,
    leaving: &'a [FollowUp],
}

impl RiskSet<'_> {
    /// How many had an end of any kind.
    pub(super) fn ended(&self) -> u64 {
        self.leaving.iter().filter(|f| f.end.is_some()).count() as u64
    }

    /// How many had an end of a kind.
    pub(super) fn ended_as(&self, kind: u32) -> u64 {
        self.leaving.iter().filter(|f| f.end == Some(kind)).count() as u64
    }
}

/// One term of Greenwood's sum: `d / (n (n - d))`. 0 where all at risk end: nobody is followed after that time, so the term is never used with
/// a weight other than 0.
pub(super) fn greenwood_term(at_risk: u64, ended: u64) -> f64 {
    if ended == at_risk {
        return 0.0;
    }
    ended as f64 / (at_risk as f64 * (at_risk - ended) as f64)
}
