//! The hold-out: accounts that sales leaves alone, so that what it earns can be measured.

use super::TextSpan;

/// The whole of which [`Holdout::share_millionths`] is a part.
pub const HOLDOUT_WHOLE: u32 = 1_000_000;

/// Which accounts are held out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holdout {
    /// The share of accounts. **Units**: millionths, above 0 and below [`HOLDOUT_WHOLE`].
    pub share_millionths: u32,
    /// The text that is hashed with each id. Another one holds out other accounts.
    pub salt: String,
    /// The place of the share in the text.
    pub(crate) span: TextSpan,
}
