//! Adds newer parts of the language to a model that was made without them, so that old seeds keep their models.

use super::Rng;

/// The facts of the record.
pub const RECORD: [&str; 4] = ["previous_tier", "previous_score", "tier_since", "first_qualified"];

/// Adds a hold-out, tiers to stay in, facts of the record, pools and alerts.
pub fn further(model: &mut String, rng: &mut Rng) {
    let mut columns: Vec<&str> = Vec::new();
    if rng.chance(40) {
        let share = rng.pick(&["50%", "5%", "33.3333%", "99.9999%"]);
        let salt = rng.pick(&["", "salt = \"2026\"\n", "salt = \"a|\u{e9}\"\n"]);
        *model += &format!("[holdout]\nshare = \"{share}\"\n{salt}");
        columns.push("holdout");
    }
    if rng.chance(60) {
        columns.extend(rng.some(&RECORD, 60, 1));
        stay(model, rng);
    }
    if rng.chance(50) {
        pools(model, rng);
    }
    if rng.chance(30) {
        // Without a record nothing fires, so the rows stay as they are.
        *model +=
            "[[user.alerts]]\nname = \"high\"\nwhen = \"score > 10 and events > 1\"\ncooldown = \"30d\"\nlimit = 3\n";
        *model += "[[account.alerts]]\nname = \"high\"\nwhen = \"score > previous_score\"\nmessage = \"{say}\"\n";
    }
    for list in ["user_columns = [", "account_columns = ["] {
        let shown: String = columns.iter().map(|name| format!("{name:?}, ")).collect();
        *model = model.replace(list, &format!("{list}{shown}"));
    }
}

/// Gives some routes a pool.
fn pools(model: &mut String, rng: &mut Rng) {
    let mut made = String::new();
    for line in model.lines() {
        made += &format!("{line}\n");
        if line.starts_with("name = \"route") && rng.chance(50) {
            made += "pool = [{ name = \"Ann \u{d6}z\", weight = 2.5 }, \"Bo\", { name = \"cem@x.io\" }]\n";
            made += rng.pick(&["", "away = []\n", "away = [\"Bo\"]\n", "away = [\"Ann \u{d6}z\", \"cem@x.io\"]\n"]);
        }
    }
    *model = made;
}

/// Gives some thresholds a lower one for those who stay.
fn stay(model: &mut String, rng: &mut Rng) {
    let mut made = String::new();
    let mut is_tier = false;
    for line in model.lines() {
        is_tier = if line.starts_with("[[") { line.ends_with(".tiers]]") } else { is_tier };
        made += &format!("{line}\n");
        let threshold = line.split_once(" = ").filter(|(key, _)| is_tier && ["at_least", "above"].contains(key));
        if let Some((_, at)) = threshold
            && rng.chance(60)
        {
            let at: f64 = at.parse().expect("a number");
            let lower = at - rng.pick(&[1.0, 5.0, 12.5, 40.0]);
            made += &format!("{} = {lower}\n", rng.pick(&["stay_at_least", "stay_above"]));
        }
    }
    *model = made;
}
