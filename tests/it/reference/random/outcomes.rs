//! Adds outcomes to a case that was made without them: a file, columns and a suppression.

use super::{Case, Rng, Stage, text};

const FACTS: [&str; 8] = [
    "last_outcome",
    "last_reason",
    "open_opportunity",
    "won_amount",
    "days_since_contacted",
    "days_since_won",
    "days_since_self_serve",
    "days_since_nps",
];

const WORDS: [&str; 9] =
    ["contacted", "responded", "opportunity", "opportunity", "won", "lost", "self_serve", "nps", "wonn"];

/// Ids as the cells of the file have them: of a user and an account, some of nobody.
const KEYS: [(&str, &str); 9] = [
    ("u1", ""),
    ("u2", "acme"),
    ("101", ""),
    ("", "acme"),
    ("", "77"),
    ("", "c3"),
    ("", "\"beta, inc\""),
    ("nobody", "acme"),
    ("", "nobody"),
];

/// Adds a file to some cases, and facts of outcomes to their models.
pub fn outcomes(case: &mut Case, rng: &mut Rng, stage: &Stage) {
    if rng.chance(40) {
        return;
    }
    let shown: String = rng.some(&FACTS, 60, 1).iter().map(|name| format!("{name:?}, ")).collect();
    for list in ["user_columns = [", "account_columns = ["] {
        case.model = case.model.replace(list, &format!("{list}{shown}"));
    }
    if rng.chance(50) {
        case.model += "[[account.suppress]]\nname = \"in_talks\"\nwhen = \"open_opportunity or days_since_won < 5\"\n";
        case.model +=
            "[[user.suppress]]\nname = \"called\"\nwhen = \"days_since_contacted <= 3 or account.open_opportunity\"\n";
    }
    if rng.chance(80) {
        case.outcomes_csv = Some(file(rng, stage));
    }
}

fn file(rng: &mut Rng, stage: &Stage) -> String {
    let mut lines = vec!["user_id,account_id,outcome,at,amount,currency,deal,reason".to_owned()];
    for _ in 0..rng.between(0, 30) {
        let at = match rng.below(4) {
            0 => text(stage.as_of + rng.pick(&[-1, 0, 1])),
            1 => text(stage.as_of - rng.between(0, 20 * 86_400) * 1_000_000),
            _ => stage.date_before(rng.between(-1, 20)).to_string(),
        };
        let (deal, (user, account)) = match rng.below(5) {
            // A deal has one key, one amount and one reason.
            number @ 0..3 => (format!("d{number}"), KEYS[number]),
            _ => (String::new(), rng.pick(&KEYS)),
        };
        let (amount, reason) = match deal.as_str() {
            "" => (rng.pick(&["", "7", "0.5"]), rng.pick(&["", "", "price", "later"])),
            _ => ("12.25", "fit"),
        };
        let currency = if deal.is_empty() { rng.pick(&["", "EUR", "eur", "USD"]) } else { "EUR" };
        lines.push(format!("{user},{account},{},{at},{amount},{currency},{deal},{reason}", rng.pick(&WORDS)));
        if rng.chance(10) {
            lines.push(lines[lines.len() - 1].clone());
        }
    }
    lines.join("\n") + "\n"
}
