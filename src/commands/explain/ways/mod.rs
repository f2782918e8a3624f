//! Ways up a tier: what would be if something more were done on the last day, or if something else were known.
//!
//! Each event that the model asks for is folded into the state once, or several times, and everything is scored anew. So all that follows from an
//! event counts: activity, absence, facts of colleagues, roll-ups of the account.

mod candidates;
mod constants;
mod properties;
mod traits;

use std::collections::HashSet;

use pql_engine::{
    ledger::{EntityRef, fact_value},
    pipeline::{FoldedRun, RunError, RunTables, SupposedEvent, SupposedTrait, Supposition, score_supposed},
    plan::Model,
    score::ScoredEntities,
};
use pql_model::{
    EntityKind,
    clock::AsOf,
    expr::Value,
    units::{EPSILON, Micros, Points, plural},
};

use self::{
    candidates::{EventCandidate, event_candidates},
    traits::{TraitCandidate, trait_candidates},
};

/// The number of ways by events, and of traits, that are shown.
const WAYS_MAX: usize = 5;
/// An event is tried up to this number of times.
const TIMES_MAX: usize = 10;
/// The number of members of an account who are tried, the highest scores first.
const MEMBERS_MAX: usize = 3;
/// The number of single events that are combined in twos, those that bring most first.
const COMBINED_MAX: usize = 8;
/// The time between two supposed events.
const APART: Micros = 1_000_000;

/// How to get into a higher tier.
#[derive(Debug)]
pub struct NextTierWays {
    /// The tier above the present one.
    pub tier: String,
    /// Points that are missing for its threshold; none if it has none or it is passed.
    pub points_missing: Option<Points>,
    /// Ways by events, the fewest events first; then traits.
    pub ways: Vec<TierWay>,
}

/// Something that leads into a higher tier, with all that follows from it.
#[derive(Debug, Clone)]
pub struct TierWay {
    /// What is done or known, for people.
    pub text: String,
    /// The events that happen.
    pub events: Vec<SupposedEvent>,
    /// The name of a trait, and what it is taken to be.
    pub known: Option<(String, SupposedTrait)>,
    /// The score then.
    pub score: Points,
    /// The tier then.
    pub tier: String,
}

/// What ways are looked for, as it was scored.
#[derive(Debug)]
pub struct WaySearch {
    side: EntityKind,
    id: String,
    /// By place.
    present: usize,
    points_missing: Option<Points>,
    actors: Vec<Actor>,
    traits: Vec<TraitCandidate>,
}

/// Somebody who could do something.
#[derive(Debug, Clone)]
struct Actor {
    /// The user's id; for new people the beginning of their ids.
    user: String,
    /// The account that the events name.
    account: Option<String>,
    /// Whether each event is by another new person.
    is_new: bool,
    /// Whether the user is the entity itself.
    is_self: bool,
}

/// One kind of event by one kind of actor, a number of times.
#[derive(Debug, Clone, Copy)]
struct Step<'s> {
    candidate: &'s EventCandidate,
    actor: &'s Actor,
    times: usize,
}

impl WaySearch {
    /// Notes all that a search needs of the scores. None if there is no higher tier.
    pub fn new(scored: &ScoredEntities<'_>, model: &Model, entity: EntityRef) -> Option<WaySearch> {
        let level = model.resolved.level(entity.side);
        let scope = entity.scope(scored);
        let (tier, score) = tier_and_score(scored, model, entity)?;
        let above = level.tiers.get(tier.checked_sub(1)?)?;
        Some(WaySearch {
            side: entity.side,
            id: entity.id(scored).to_owned(),
            present: tier,
            points_missing: above.threshold.and_then(|(threshold, strict)| missing(threshold, strict, score)),
            actors: actors(scored, entity),
            traits: trait_candidates(model, entity.side, &scope),
        })
    }

    /// Finds the ways. `model` is the model of the state without overrides of the fields of records.
    ///
    /// # Errors
    /// Those of scoring. **Cost**: a scoring of everything for each event that the model asks for and each actor, and a few more.
    pub fn run(&self, folded: &mut FoldedRun, model: &Model, tables: RunTables<'_>) -> Result<NextTierWays, RunError> {
        let as_of = folded.as_of;
        let mut trials = WayTrials { search: self, folded, model, tables, as_of };
        let mut ways = trials.by_events()?;
        ways.extend(trials.by_traits()?);
        let tier = model.resolved.level(self.side).tiers[self.present - 1].name.clone();
        Ok(NextTierWays { tier, points_missing: self.points_missing, ways })
    }
}

/// The tier by place, and the score.
fn tier_and_score(scored: &ScoredEntities<'_>, model: &Model, entity: EntityRef) -> Option<(usize, Points)> {
    let scope = entity.scope(scored);
    let value = |name: &str| fact_value(model, entity.side, name, &scope);
    let tier = value("tier")?.to_text()?.into_owned();
    let place = model.resolved.level(entity.side).tiers.iter().position(|known| known.name == tier)?;
    let score = value("score").and_then(|score| score.as_number()).unwrap_or(0.0);
    Some((place, Points((score * 1000.0).round() as i64)))
}

/// Those who could do something: the user, or some members of the account and new people.
fn actors(scored: &ScoredEntities<'_>, entity: EntityRef) -> Vec<Actor> {
    // The account of a domain is nobody's to name: its users belong to it by their addresses.
    let named = |id: &str| (!id.starts_with("domain:")).then(|| id.to_owned());
    if entity.side == EntityKind::User {
        let account = entity.home_account(scored).and_then(named);
        let user = entity.id(scored).to_owned();
        return vec![Actor { user, account, is_new: false, is_self: true }];
    }
    let account = Some(entity.id(scored).to_owned());
    let mut members: Vec<EntityRef> = scored.entities.accounts[entity.place]
        .members
        .iter()
        .map(|member| EntityRef { side: EntityKind::User, place: *member as usize })
        .collect();
    let rank = |member: &EntityRef| scored.place_in_order(member.side, member.place);
    members.sort_by_cached_key(rank);
    let members = members.into_iter().take(MEMBERS_MAX).map(|member| Actor {
        user: member.id(scored).to_owned(),
        account: account.clone(),
        is_new: false,
        is_self: false,
    });
    let new = (0..).map(|number| format!("new_person{}", "_".repeat(number)));
    let free =
        new.into_iter().find(|name| (1..=TIMES_MAX).all(|n| scored.entities.user_of(&format!("{name}_{n}")).is_none()));
    let new = free.map(|user| Actor { user, account: account.clone(), is_new: true, is_self: false });
    members.chain(new).collect()
}

/// Points up to a threshold; to exceed it takes the smallest amount there is more.
fn missing(threshold: f64, strict: bool, score: Points) -> Option<Points> {
    let exact = threshold * 1000.0;
    let needed = (exact - EPSILON).ceil() as i64 + i64::from(strict && exact.fract() == 0.0);
    (needed > score.0).then(|| Points(needed - score.0))
}

/// Suppositions tried on a state.
struct WayTrials<'t> {
    search: &'t WaySearch,
    folded: &'t mut FoldedRun,
    model: &'t Model,
    tables: RunTables<'t>,
    as_of: AsOf,
}

/// The place of a tier, and a score.
type Reached = (usize, Points);

impl WayTrials<'_> {
    /// The tier and score under a supposition; none if the entity is gone.
    fn reached(&mut self, supposed: &Supposition) -> Result<Option<Reached>, RunError> {
        let WayTrials { search, model, .. } = self;
        score_supposed((&mut self.folded.state, self.as_of), model, self.tables, supposed, |scored| {
            let entity = EntityRef::find(scored, search.side, &search.id)?;
            tier_and_score(scored, model, entity)
        })
    }

    /// One event, up to ten times; two events where one is not enough.
    fn by_events(&mut self) -> Result<Vec<TierWay>, RunError> {
        let candidates = event_candidates(&self.model.resolved);
        let search = self.search;
        let mut ways: Vec<(usize, bool, TierWay)> = Vec::new();
        let mut gains: Vec<(Points, Step<'_>)> = Vec::new();
        for actor in &search.actors {
            for candidate in &candidates {
                let once = Step { candidate, actor, times: 1 };
                match self.attempt(&[once])? {
                    (_, Some(way)) => ways.push((1, !candidate.is_any_activity(), way)),
                    (score, None) => {
                        gains.push((score, once));
                        ways.extend(self.repeat(once)?.map(|(times, way)| (times, !candidate.is_any_activity(), way)));
                    }
                }
            }
        }
        if ways.len() < WAYS_MAX {
            gains.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
            gains.truncate(COMBINED_MAX);
            for (place, (_, first)) in gains.iter().enumerate() {
                for (_, second) in &gains[place + 1..] {
                    ways.extend(self.attempt(&[*first, *second])?.1.map(|way| (2, true, way)));
                }
            }
        }
        ways.sort_by(|a, b| {
            (a.0, a.1).cmp(&(b.0, b.1)).then(b.2.score.cmp(&a.2.score)).then_with(|| a.2.text.cmp(&b.2.text))
        });
        // Two parts of a model may ask for the same event.
        let mut texts = HashSet::new();
        ways.retain(|(_, _, way)| texts.insert(way.text.clone()));
        ways.truncate(WAYS_MAX);
        Ok(ways.into_iter().map(|(_, _, way)| way).collect())
    }

    /// The smallest number of times, above one, that an event leads up.
    fn repeat<'s>(&mut self, once: Step<'s>) -> Result<Option<(usize, TierWay)>, RunError> {
        if self.attempt(&[Step { times: TIMES_MAX, ..once }])?.1.is_none() {
            return Ok(None);
        }
        for times in 2..=TIMES_MAX {
            if let (_, Some(way)) = self.attempt(&[Step { times, ..once }])? {
                return Ok(Some((times, way)));
            }
        }
        Ok(None)
    }

    /// Tries some steps. Gives the score, and the way if it leads up.
    fn attempt(&mut self, steps: &[Step<'_>]) -> Result<(Points, Option<TierWay>), RunError> {
        let supposed = Supposition { events: self.events(steps), known: None };
        let Some((tier, score)) = self.reached(&supposed)? else { return Ok((Points::ZERO, None)) };
        let text = || steps.iter().map(|step| step.text(self.model)).collect::<Vec<String>>().join(" and ");
        let way = (tier < self.search.present).then(|| TierWay {
            text: text(),
            events: supposed.events,
            known: None,
            score,
            tier: self.tier(tier),
        });
        Ok((score, way))
    }

    fn tier(&self, place: usize) -> String {
        self.model.resolved.level(self.search.side).tiers[place].name.clone()
    }

    /// The events of some steps, the last one just before `as_of`.
    fn events(&self, steps: &[Step<'_>]) -> Vec<SupposedEvent> {
        let count: usize = steps.iter().map(|step| step.times).sum();
        let day_start = self.model.resolved.zone.day_start(self.as_of.day);
        let apart = APART.min((self.as_of.instant - day_start) / (count as Micros + 1)).max(1);
        let mut at = self.as_of.instant - apart * count as Micros;
        let mut events = Vec::with_capacity(count);
        for step in steps {
            for number in 1..=step.times {
                let actor = step.actor;
                events.push(SupposedEvent {
                    event: step.candidate.event.clone(),
                    at,
                    user: if actor.is_new { format!("{}_{number}", actor.user) } else { actor.user.clone() },
                    account: actor.account.clone(),
                    properties: step.candidate.properties(&self.model.resolved, number),
                });
                at += apart;
            }
        }
        events
    }

    /// The nearest value of each trait that leads up by itself.
    fn by_traits(&mut self) -> Result<Vec<TierWay>, RunError> {
        let mut ways = Vec::new();
        for candidate in &self.search.traits {
            let Some(id) = self.owner(candidate) else { continue };
            for value in &candidate.values {
                let known =
                    SupposedTrait { side: candidate.side, id: id.clone(), slot: candidate.slot, value: value.clone() };
                let supposed = Supposition { events: Vec::new(), known: Some(known.clone()) };
                if let Some((tier, score)) = self.reached(&supposed)?.filter(|(tier, _)| *tier < self.search.present) {
                    let text = format!("if {} were {}", candidate.name, value_word(value));
                    let known = Some((candidate.name.clone(), known));
                    ways.push(TierWay { text, events: Vec::new(), known, score, tier: self.tier(tier) });
                    break;
                }
            }
        }
        ways.truncate(WAYS_MAX);
        Ok(ways)
    }

    /// The id of the entity that a trait belongs to.
    fn owner(&self, candidate: &TraitCandidate) -> Option<String> {
        if candidate.side == self.search.side {
            return Some(self.search.id.clone());
        }
        self.search.actors.first().and_then(|actor| actor.account.clone())
    }
}

fn value_word(value: &Value<'_>) -> String {
    value.to_text().map_or_else(|| "null".to_owned(), |text| text.into_owned())
}

impl Step<'_> {
    /// `team_invite_sent 3 times by u033`
    fn text(&self, model: &Model) -> String {
        let what = self.candidate.text(&model.resolved);
        let times = if self.times == 1 { "once".to_owned() } else { format!("{} times", self.times) };
        match (self.actor.is_self, self.actor.is_new) {
            (true, _) => format!("{what} {times}"),
            (false, true) => format!("{what} by {}", plural(self.times as u64, "new person", "new people")),
            (false, false) => format!("{what} {times} by {}", self.actor.user),
        }
    }
}
