//! What is shown of a run beside its rows.

/// The settings of `[report]`.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportSettings {
    /// The success moments in order: names of milestones of users, of accounts or of both.
    pub moments: Vec<String>,
    /// The usual share of those who come from one moment to the next, from and to. **Units**: 1 is all.
    pub band: (f64, f64),
}
