//! The code of every problem that a model can have. A code is never given to another problem.

/// The text is not TOML.
pub const SYNTAX: &str = "M001";
/// A key that the language does not have.
pub const UNKNOWN_KEY: &str = "M002";
/// A value of another type than the key takes.
pub const WRONG_TYPE: &str = "M003";
/// A key that must be there is not.
pub const MISSING_KEY: &str = "M004";
/// A name that does not match `[a-z][a-z0-9_]*`.
pub(crate) const BAD_NAME: &str = "M005";
/// Two things of one name where names must differ.
pub const DUPLICATE: &str = "M006";
/// A version of the format that this program does not know.
pub(crate) const UNKNOWN_SCHEMA: &str = "M007";
/// A time zone that the database does not have.
pub(crate) const UNKNOWN_ZONE: &str = "M008";
/// A value that is not one of those the key takes.
pub const BAD_VALUE: &str = "M009";
/// An expression that cannot be read.
pub(crate) const BAD_EXPRESSION: &str = "M010";
/// A name that nothing has.
pub(crate) const UNKNOWN_NAME: &str = "M011";
/// A fact used before it is computed.
pub(crate) const COMPUTED_LATER: &str = "M012";
/// Facts that need each other.
pub(crate) const CIRCLE: &str = "M013";
/// Keys that do not go together.
pub(crate) const KEY_CONFLICT: &str = "M014";
/// A ladder whose rungs do not rise, or mix `at_least` and `above`.
pub(crate) const BAD_LADDER: &str = "M015";
/// A list that is taken from the top whose last entry has a condition.
pub(crate) const NO_CATCH_ALL: &str = "M016";
/// A template that cannot be read.
pub(crate) const BAD_TEMPLATE: &str = "M017";
/// A word that SQL reserves, as the name of a fact.
pub(crate) const RESERVED_WORD: &str = "M018";
/// A file too large to be a model.
pub(crate) const TOO_LARGE: &str = "M019";
/// A name that rows would have twice.
pub(crate) const TAKEN_COLUMN: &str = "M020";
/// A tier that asks more of those who stay than of those who come.
pub(crate) const STAY_ABOVE_THRESHOLD: &str = "M021";

// Warnings that need no events: from M030.

/// A condition that is never true.
pub const NEVER_HOLDS: &str = "M030";
/// A condition that is always true.
pub const ALWAYS_HOLDS: &str = "M031";
/// A tier that nobody can get into.
pub const TIER_OUT_OF_REACH: &str = "M032";
/// A route that nobody can take.
pub const ROUTE_OUT_OF_REACH: &str = "M033";
/// A segment that no account can be in.
pub const SEGMENT_OUT_OF_REACH: &str = "M034";
/// A threshold above the highest score.
pub const THRESHOLD_TOO_HIGH: &str = "M035";
/// A threshold that the lowest score passes.
pub(crate) const THRESHOLD_TOO_LOW: &str = "M036";
/// A score that falls to the last tier although a lower one does not.
pub(crate) const HOLE_IN_TIERS: &str = "M037";
/// The best qualified tier, without any use of the product.
pub(crate) const HOT_WITHOUT_USE: &str = "M038";
/// The best qualified tier, by the points of one category.
pub(crate) const HOT_BY_ONE_CATEGORY: &str = "M039";
/// A human route, without any use of the product.
pub(crate) const HUMAN_WITHOUT_USE: &str = "M040";
/// A human route, without the activation milestone.
pub(crate) const HUMAN_WITHOUT_ACTIVATION: &str = "M041";
/// A ladder whose points do not rise.
pub(crate) const LADDER_FALLS: &str = "M042";
/// A rung that no value reaches.
pub const RUNG_OUT_OF_REACH: &str = "M043";
/// Two signals that pay for the same thing.
pub(crate) const PAID_TWICE: &str = "M044";
/// Buying intent that never fades.
pub(crate) const LASTING_INTENT: &str = "M045";
/// A roll-up that counts what is known of the company once per member.
pub(crate) const FIT_PER_MEMBER: &str = "M046";
/// A negative signal that takes points from users who have just signed up.
pub(crate) const CHARGED_AT_SIGN_UP: &str = "M047";
/// A condition that users without an account fail only because nothing is known of one.
pub(crate) const LOST_WITHOUT_ACCOUNT: &str = "M048";
/// Something that nothing uses.
pub const UNUSED: &str = "M049";
/// A model that scores no accounts.
pub(crate) const NO_ACCOUNTS: &str = "M050";
/// A model that pays for nothing that is use of the product.
pub(crate) const NO_USE_PAID: &str = "M051";
/// A model without milestones.
pub(crate) const NO_MILESTONE: &str = "M052";
/// A model without a human route.
pub(crate) const NO_HUMAN_ROUTE: &str = "M053";
/// A model without a buyer.
pub(crate) const NO_BUYER: &str = "M054";
/// Braces in a text that prints no facts.
pub(crate) const BRACES_IN_PLAIN_TEXT: &str = "M055";
/// An alert that can never fire.
pub(crate) const ALERT_OUT_OF_REACH: &str = "M057";
/// An expectation that every run meets, or none.
pub(crate) const FIXED_EXPECTATION: &str = "M058";
/// A question that the search left open.
pub(crate) const NOT_SETTLED: &str = "M059";

// Warnings that only events show: from M060.

/// An event that the model asks for and that never occurs.
pub const NO_SUCH_EVENT: &str = "M060";
/// A property that the model reads and that those events do not have.
pub const NO_SUCH_PROPERTY: &str = "M061";
/// A text that a property is compared with and never is.
pub const NO_SUCH_VALUE: &str = "M062";
/// A property of the tracking plan that some of the events lack.
pub const UNPLANNED: &str = "M063";
/// A trait that nobody has.
pub const NO_SUCH_TRAIT: &str = "M064";
/// A signal that never fires.
pub const NEVER_FIRES: &str = "M065";
/// A signal that fires for nearly everybody.
pub const ALWAYS_FIRES: &str = "M066";

// Further warnings that need no events: from M070.

/// A signal whose condition rules out what it pays for.
pub(crate) const GUARD_AGAINST_VALUE: &str = "M070";
/// A qualified user or account whose route is automated.
pub(crate) const QUALIFIED_AUTOMATED: &str = "M071";
/// A human route for somebody who did nothing for 60 days.
pub(crate) const HUMAN_FOR_SILENT: &str = "M072";
/// A human route for somebody who is neither activated nor ready.
pub(crate) const HUMAN_WITHOUT_REASON: &str = "M073";
/// A suppression of accounts that their users lack, or the reverse.
pub(crate) const SUPPRESSED_ON_ONE_LEVEL: &str = "M074";

/// A cooldown of an alert that is longer than the events reach.
pub const COOLDOWN_TOO_LONG: &str = "M081";
/// Facts of the record in a run without one.
pub const NO_RECORD: &str = "M082";

// Warnings about what is said of warnings: from M090.

/// An entry of `[check] ignore` for a warning that is not there.
pub const UNUSED_IGNORE: &str = "M090";
