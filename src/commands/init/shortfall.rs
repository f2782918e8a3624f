//! Where nobody qualifies: the conditions of a tier that nobody meets, and the values with which a tenth would.
//!
//! Takes a scored model; reads conditions that are joined by `and`, each a fact or a comparison of a fact with a number. Others get no advice.

use super::{
    FirstModel,
    document::{DocumentTable, DocumentValue},
    graph::listed,
    matches::FactReader,
};
use pql_engine::{plan::Model, score::ScoredEntities};
use pql_model::{EntityKind, expr::Value, units::format_number};

/// Entities from which on advice is given.
const ENTITIES_MIN: u64 = 10;

/// The part that a tier is to hold, as one of so many.
const FEW: usize = 10;

/// What keeps everybody out of a tier.
#[derive(Debug, Clone, PartialEq)]
pub struct TierShortfall {
    /// The tier.
    pub tier: String,
    /// The conditions that nobody meets, each with the highest value.
    pub unmet: Vec<(String, Option<String>)>,
    /// Lines of the model, by their numbers, as they would be.
    pub edits: Vec<(usize, String)>,
    /// How many would qualify with these.
    pub reached: usize,
}

/// A condition of a tier.
#[derive(Debug, Clone, PartialEq)]
struct TierNeed {
    /// As the model writes it.
    text: String,
    key: &'static str,
    /// The fact; `score` for the threshold.
    fact: String,
    bound: NeedBound,
    /// The fact of each entity that no suppression leaves out; below every bound where it is unknown.
    values: Vec<f64>,
}

/// What a fact has to be.
#[derive(Debug, Clone, Copy, PartialEq)]
enum NeedBound {
    AtLeast(f64),
    Above(f64),
    True,
}

impl TierNeed {
    fn is_met(&self, place: usize) -> bool {
        let value = self.values[place];
        match self.bound {
            NeedBound::AtLeast(bound) => value >= bound,
            NeedBound::Above(bound) => value > bound,
            NeedBound::True => value >= 1.0,
        }
    }

    fn is_met_by_nobody(&self) -> bool {
        (0..self.values.len()).all(|place| !self.is_met(place))
    }

    fn highest(&self) -> Option<String> {
        let highest = self.values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (self.bound != NeedBound::True && highest.is_finite()).then(|| format_number(highest))
    }

    /// The value that leaves about as many of some entities as are wanted, and no fewer than one; of none, nothing.
    fn value_for(&self, among: &[usize], wanted: usize) -> Option<f64> {
        let reached = |bound: f64| among.iter().filter(|place| self.values[**place] >= bound).count();
        let values = among.iter().map(|place| self.values[*place]).filter(|value| *value > 0.0);
        let best = values.min_by(|one, other| {
            let far = |value: &f64| reached(*value).abs_diff(wanted);
            far(one).cmp(&far(other)).then(other.total_cmp(one))
        })?;
        let rounded = [5.0, 1.0].map(|step| (best / step).floor() * step);
        Some(rounded.into_iter().find(|value| *value > 0.0 && reached(*value) == reached(best)).unwrap_or(best))
    }
}

impl FirstModel {
    /// What keeps everybody out of the last qualified tier of a level; nothing if somebody qualifies.
    pub fn shortfall(&self, model: &Model, scored: &ScoredEntities<'_>, side: EntityKind) -> Option<TierShortfall> {
        let summary = match side {
            EntityKind::User => &scored.users,
            EntityKind::Account => &scored.accounts,
        };
        if summary.count < ENTITIES_MIN || summary.qualified > 0 {
            return None;
        }
        let is_qualified = |tier: &&DocumentTable| matches!(tier.get("qualified"), Some(DocumentValue::Literal(text)) if text == "true");
        let tier = listed(&self.document, [side.word(), "tiers"]).filter(is_qualified).last()?;
        let reader = FactReader { model, scored, side, count: summary.count };
        let needs = needs_of(tier, &reader)?;
        let name = tier.text("name")?.to_owned();
        let unmet = needs.iter().filter(|need| need.is_met_by_nobody());
        let unmet: Vec<(String, Option<String>)> = unmet.map(|need| (need.text.clone(), need.highest())).collect();
        let (changed, reached) = relaxed(&needs, usize::try_from(summary.count).ok()? / FEW);
        let edits = self.edits(side, tier, &changed);
        (!unmet.is_empty() || reached > 0).then_some(TierShortfall { tier: name, unmet, edits, reached })
    }

    /// The lines of a tier with other bounds.
    fn edits(&self, side: EntityKind, tier: &DocumentTable, changed: &[(TierNeed, f64)]) -> Vec<(usize, String)> {
        let mut when = tier.text("when").unwrap_or_default().to_owned();
        let mut lines: Vec<(&str, String)> = Vec::new();
        for (need, value) in changed {
            let number = format_number(*value);
            if need.key == "when" {
                when = when.replacen(&need.text, &format!("{} >= {number}", need.fact), 1);
                lines.retain(|(key, _)| *key != "when");
                lines.push(("when", format!("when = {}", DocumentValue::Text(when.clone()).to_toml())));
            } else {
                lines.push((need.key, format!("at_least = {number}")));
                let stays = ["stay_at_least", "stay_above"].into_iter().find(|key| tier.get(key).is_some());
                lines.extend(stays.map(|key| (key, format!("stay_at_least = {number}"))));
            }
        }
        let name = tier.text("name").unwrap_or_default();
        let first = self.line_of_tier(side, name);
        let numbered = lines.into_iter().filter_map(|(key, text)| {
            let begins = format!("{key} = ");
            let below = self.text.lines().enumerate().skip(first?);
            let (line, _) =
                below.take_while(|(_, line)| !line.is_empty()).find(|(_, line)| line.starts_with(&begins))?;
            Some((line + 1, text))
        });
        numbered.collect()
    }

    /// The line on which a tier begins, from 0.
    fn line_of_tier(&self, side: EntityKind, name: &str) -> Option<usize> {
        let (table, named) = (format!("[[{}.tiers]]", side.word()), format!("name = \"{name}\""));
        let lines: Vec<&str> = self.text.lines().collect();
        let is_tier = |place: &usize| {
            let inside = lines.iter().skip(*place).take_while(|line| !line.is_empty());
            lines[*place] == table && inside.into_iter().any(|line| *line == named)
        };
        (0..lines.len()).find(is_tier)
    }
}

/// The conditions of a tier; nothing if one is of another kind.
fn needs_of(tier: &DocumentTable, reader: &FactReader<'_>) -> Option<Vec<TierNeed>> {
    let mut needs = Vec::new();
    for text in tier.text("when").into_iter().flat_map(|text| text.split(" and ")) {
        let (fact, bound) = comparison(text.trim())?;
        needs.push(TierNeed {
            text: text.trim().to_owned(),
            key: "when",
            values: numbers(reader, fact)?,
            fact: fact.to_owned(),
            bound,
        });
    }
    for key in ["at_least", "above"] {
        let Some(DocumentValue::Literal(text)) = tier.get(key) else { continue };
        let number = text.parse().ok()?;
        needs.push(TierNeed {
            text: format!("{key} = {text}"),
            key,
            fact: "score".to_owned(),
            bound: if key == "above" { NeedBound::Above(number) } else { NeedBound::AtLeast(number) },
            values: numbers(reader, "score")?,
        });
    }
    Some(needs)
}

/// A fact and its bound, as in `active_users_28 >= 5`.
fn comparison(text: &str) -> Option<(&str, NeedBound)> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        [fact] => Some((fact, NeedBound::True)),
        [fact, ">=", number] => Some((fact, NeedBound::AtLeast(number.parse().ok()?))),
        [fact, ">", number] => Some((fact, NeedBound::Above(number.parse().ok()?))),
        _ => None,
    }
}

/// A fact of each entity as a number.
fn numbers(reader: &FactReader<'_>, fact: &str) -> Option<Vec<f64>> {
    let number = |value: &Value<'_>| match value {
        Value::Number(number) => *number,
        Value::Boolean(true) => 1.0,
        Value::Boolean(false) => 0.0,
        _ => f64::NEG_INFINITY,
    };
    let listed = reader.listed();
    let values = reader.values(fact)?;
    Some(
        values.iter().enumerate().filter(|(place, _)| listed.contains(place)).map(|(_, value)| number(value)).collect(),
    )
}

/// Other bounds with which about as many qualify as are wanted: of what nobody meets, and of the score if the rest lets too few through.
fn relaxed(needs: &[TierNeed], wanted: usize) -> (Vec<(TierNeed, f64)>, usize) {
    let wanted = wanted.max(1);
    let count = needs.first().map_or(0, |need| need.values.len());
    let is_open = |need: &&TierNeed| need.bound != NeedBound::True;
    let nobody = needs.iter().any(TierNeed::is_met_by_nobody);
    let (mut free, mut kept): (Vec<&TierNeed>, Vec<&TierNeed>) = needs
        .iter()
        .partition(|need| is_open(need) && if nobody { need.is_met_by_nobody() } else { need.key == "when" });
    let left = |kept: &[&TierNeed]| -> Vec<usize> {
        (0..count).filter(|place| kept.iter().all(|need| need.is_met(*place))).collect()
    };
    if left(&kept).len() < wanted {
        free.extend(kept.iter().copied().filter(|need| need.key != "when"));
        kept.retain(|need| need.key == "when");
    }
    let mut among = left(&kept);
    let mut changed = Vec::new();
    for (place, need) in free.iter().enumerate() {
        // What comes later takes some away again.
        let wanted = if place + 1 == free.len() { wanted } else { wanted * 2 };
        let Some(value) = need.value_for(&among, wanted) else { return (Vec::new(), 0) };
        among.retain(|place| need.values[*place] >= value);
        changed.push(((*need).clone(), value));
    }
    (changed, among.len())
}
