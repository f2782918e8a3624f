//! The columns that every row has, in the order that is never changed; what a model adds follows them.

/// Before the points of users.
const USER_FIRST: [&str; 11] = [
    "user_id",
    "account_id",
    "score",
    "tier",
    "qualified",
    "route",
    "motion",
    "to",
    "action",
    "is_champion",
    "is_buyer",
];
/// Before the points of accounts.
const ACCOUNT_FIRST: [&str; 14] = [
    "account_id",
    "segment",
    "score",
    "tier",
    "qualified",
    "route",
    "motion",
    "to",
    "action",
    "members",
    "users",
    "active_users_28",
    "champion",
    "buyer",
];
/// The column of what fired, between points and milestones.
pub const SIGNALS: &str = "signals";
/// After the milestones of users.
const USER_LAST: [&str; 6] = ["first_seen", "last_seen", "active_days_28", "say", "because", "message"];
/// After the milestones of accounts.
const ACCOUNT_LAST: [&str; 5] = ["first_seen", "last_seen", "say", "because", "message"];

/// The columns of users, but for those that the model adds.
pub fn user_columns<'n>(
    categories: impl Iterator<Item = &'n str>,
    milestones: impl Iterator<Item = &'n str>,
) -> Vec<String> {
    join_columns(&USER_FIRST, categories, milestones, &USER_LAST)
}

/// The columns of accounts, but for those that the model adds.
pub fn account_columns<'n>(
    categories: impl Iterator<Item = &'n str>,
    milestones: impl Iterator<Item = &'n str>,
) -> Vec<String> {
    join_columns(&ACCOUNT_FIRST, categories, milestones, &ACCOUNT_LAST)
}

fn join_columns<'n>(
    first: &[&str],
    categories: impl Iterator<Item = &'n str>,
    milestones: impl Iterator<Item = &'n str>,
    last: &[&str],
) -> Vec<String> {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
    let mut columns = owned(first);
    columns.extend(categories.map(|category| format!("points_{category}")));
    columns.push(SIGNALS.to_owned());
    columns.extend(milestones.flat_map(|milestone| [milestone.to_owned(), format!("{milestone}_at")]));
    columns.extend(owned(last));
    columns
}
