//! What only events show of a model: what it asks for that never occurs, where the tracking plan is not kept, signals that tell nobody apart.
//!
//! Takes a survey of the events and what the model made of them; gives warnings at the places of the model. It names values only where the model
//! does, or where one is a letter away from a word of the model.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::spelling::others;
use crate::{
    decode::stable_hash,
    diag::{Diagnostic, Document},
    emit::Side,
    inspect::{
        names::near,
        survey::{Named, Survey},
    },
    ledger::{Entity, SIDES, word},
    model::{Asks, Condition, Model, codes, compiled::Source},
    score::{
        Scored,
        points::{Firing, pay},
    },
    units::{number_text, plural},
};

/// A signal that fires for more than this share tells nobody apart.
const ALWAYS_SHARE: f64 = 0.95;

/// Among fewer users or accounts a share says nothing.
const ENTITIES_MIN: usize = 20;

/// Every warning that events under a model give; the model is compiled whole, so that every fact is known.
pub fn warnings(document: &Document, model: &Model, survey: &Survey, scored: &Scored<'_>) -> Vec<Diagnostic> {
    let asks = Asks::of(&document.text);
    let mut seen = Seen { survey, names: Vec::new(), found: Vec::new() };
    seen.names = survey.sorted_names().into_iter().map(|(name, _)| name).collect();
    seen.events(&asks);
    seen.planned(&asks);
    asks.conditions.iter().for_each(|condition| seen.condition(condition));
    for (at, side) in SIDES.into_iter().enumerate() {
        seen.traits(&asks.levels[at].traits, side, (model, scored));
        seen.facts(&asks.levels[at].texts, side, (model, scored));
        seen.signals(&asks.levels[at].signals, side, (model, scored));
    }
    seen.found
}

/// What was seen, and what there is to say of it.
struct Seen<'s> {
    survey: &'s Survey,
    /// Names of events, the most frequent first.
    names: Vec<&'s str>,
    found: Vec<Diagnostic>,
}

/// What comes closest, as a way out.
fn nearest(near: &[&str], otherwise: &str) -> String {
    match near {
        [] => otherwise.to_owned(),
        near => format!("there is {}", crate::diag::list(near)),
    }
}

impl<'s> Seen<'s> {
    /// Events that never occur, each told where it stands first.
    fn events(&mut self, asks: &Asks) {
        // Of names beyond those that a survey tells apart nothing is known.
        if self.survey.other_names > 0 {
            return;
        }
        let mut told = BTreeSet::new();
        for (name, span) in &asks.events {
            if self.survey.names.contains_key(name) || !told.insert(name) {
                continue;
            }
            let near = near(name, &self.names);
            let warning = Diagnostic::warning(
                codes::NO_SUCH_EVENT,
                span.clone(),
                format!("no event is called `{name}`"),
                format!("never among {}", plural(self.survey.events(), "event", "events")),
            );
            self.found.push(warning.help(nearest(&near, "`pql inspect` lists the events that there are")));
        }
    }

    /// Of some names those that occur, or of all if none is named.
    fn occurring(&self, names: Option<&[String]>) -> Vec<(&'s str, &'s Named)> {
        let known = &self.survey.names;
        match names {
            Some(names) => names
                .iter()
                .filter_map(|name| known.get_key_value(name))
                .map(|(name, named)| (name.as_str(), named))
                .collect(),
            None => known.iter().map(|(name, named)| (name.as_str(), named)).collect(),
        }
    }

    /// The tracking plan: properties that some of the events lack, with the share.
    fn planned(&mut self, asks: &Asks) {
        for planned in &asks.planned {
            let mut lacking: Vec<(&str, u64, u64)> = self
                .occurring(Some(&planned.events))
                .into_iter()
                .filter(|(_, named)| named.properties.left_out == 0)
                .map(|(name, named)| {
                    (name, named.count - filled(named, &planned.property).min(named.count), named.count)
                })
                .filter(|(_, lacking, _)| *lacking > 0)
                .collect();
            lacking.sort_unstable();
            for (name, lacking, of) in lacking {
                let events = plural(of, "event", "events");
                let message =
                    format!("`{}` is missing on {} of the events `{name}`", planned.property, percent(lacking, of));
                let label = format!("{lacking} of {events} do not have it, or have it empty");
                let near = self.near_property(&planned.property, Some(&[name.to_owned()]));
                let near: Vec<&str> = near.iter().map(String::as_str).collect();
                let help = nearest(&near, "mend the tracking, or take the property out of the plan");
                self.found.push(Diagnostic::warning(codes::UNPLANNED, planned.span.clone(), message, label).help(help));
            }
        }
    }

    /// Properties of some events that come closest to one that they do not have.
    fn near_property(&self, wanted: &str, events: Option<&[String]>) -> Vec<String> {
        let occurring = self.occurring(events);
        let paths: BTreeSet<&str> = occurring
            .iter()
            .flat_map(|(_, named)| &named.properties.by_path)
            .filter(|(_, property)| property.filled() > 0)
            .map(|(path, _)| path.as_str())
            .collect();
        let paths: Vec<&str> = paths.into_iter().collect();
        near(wanted, &paths).into_iter().filter(|path| *path != wanted).map(str::to_owned).collect()
    }

    /// Properties that events do not have, and texts that they never hold.
    fn condition(&mut self, condition: &Condition) {
        let events = self.occurring(condition.events.as_deref());
        let known = events.iter().all(|(_, named)| named.properties.left_out == 0);
        if events.is_empty() || !known || self.survey.other_names > 0 {
            return;
        }
        let of = match condition.events.as_deref() {
            Some([one]) => format!("no event `{one}`"),
            Some(_) => "none of these events".to_owned(),
            None => "no event".to_owned(),
        };
        let mut missing: BTreeSet<&str> = BTreeSet::new();
        for (path, span) in &condition.reads {
            if events.iter().any(|(_, named)| filled(named, path) > 0) || !missing.insert(path) {
                continue;
            }
            let near = self.near_property(path, condition.events.as_deref());
            let near: Vec<&str> = near.iter().map(String::as_str).collect();
            let message = format!("{of} has a property `{path}`");
            let warning = Diagnostic::warning(codes::NO_SUCH_PROPERTY, span.clone(), message, "always null");
            self.found.push(warning.help(nearest(&near, "`pql inspect` lists the properties of each event")));
        }
        for (path, text, span) in &condition.texts {
            let properties: Vec<_> =
                events.iter().filter_map(|(_, named)| named.properties.by_path.get(path)).collect();
            if path == "event" || properties.is_empty() || !is_plain(text) {
                continue;
            }
            // Values are kept as hashes, and of many values a sample, so of some texts nothing is known.
            let held = |text: &str| -> Vec<Option<bool>> {
                properties.iter().map(|property| property.values.holds(stable_hash(text))).collect()
            };
            if held(text).iter().all(|held| *held == Some(false)) {
                let occurs = |other: &String| held(other).contains(&Some(true));
                let near: Vec<String> = others(text).filter(occurs).take(3).collect();
                self.value(path, text, span.clone(), near);
            }
        }
    }

    fn value(&mut self, path: &str, text: &str, span: std::ops::Range<usize>, near: Vec<String>) {
        let near: Vec<String> = near.iter().map(|text| format!("'{text}'")).collect();
        let help = match near.as_slice() {
            [] => "`pql inspect --values` shows some of the values that there are".to_owned(),
            near => format!("there is {}", near.join(", ")),
        };
        let message = format!("`{path}` is never '{text}'");
        self.found.push(Diagnostic::warning(codes::NO_SUCH_VALUE, span, message, "no value is this text").help(help));
    }

    /// Traits that nobody has, in whatever way.
    fn traits(
        &mut self,
        traits: &[(String, std::ops::Range<usize>, Vec<String>)],
        side: Side,
        (model, scored): (&Model, &Scored<'_>),
    ) {
        let entities = count(scored, side);
        for (name, span, looked) in traits {
            let Some(slot) = slot(model, side, name) else { continue };
            let null = (0..entities).all(|entity| value(scored, side, slot, entity).is_none());
            if !null || entities == 0 {
                continue;
            }
            let traits = match side {
                Side::User => &self.survey.user_traits,
                Side::Account => &self.survey.account_traits,
            };
            let mut paths: Vec<&str> = traits.by_path.keys().map(String::as_str).collect();
            paths.sort_unstable();
            let near: Vec<&str> = looked.iter().flat_map(|looked| near(looked, &paths)).take(3).collect();
            let help = nearest(&near, "--users and --accounts name files of what else is known");
            let message = format!("no {} has the trait `{name}`", word(side));
            let whole = plural(entities as u64, word(side), if side == Side::User { "users" } else { "accounts" });
            let label = format!("null for all of {whole}");
            self.found.push(Diagnostic::warning(codes::NO_SUCH_TRAIT, span.clone(), message, label).help(help));
        }
    }

    /// Texts that traits and metrics are compared with and never are.
    fn facts(
        &mut self,
        texts: &[(String, String, std::ops::Range<usize>)],
        side: Side,
        (model, scored): (&Model, &Scored<'_>),
    ) {
        let mut columns: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (path, text, span) in texts {
            let (side, name) = match path.strip_prefix("account.") {
                Some(name) => (Side::Account, name),
                None => (side, path.as_str()),
            };
            let Some(slot) = slot(model, side, name) else { continue };
            let known = columns.entry(path).or_insert_with(|| {
                (0..count(scored, side)).filter_map(|entity| value(scored, side, slot, entity)).collect()
            });
            // That nobody has it at all is told about the trait.
            if !known.is_empty() && !known.contains(text) {
                let near: Vec<String> = others(text).filter(|other| known.contains(other)).take(3).collect();
                self.value(path, text, span.clone(), near);
            }
        }
    }

    /// Signals that never fire, or for nearly everybody.
    fn signals(
        &mut self,
        signals: &[(String, std::ops::Range<usize>)],
        side: Side,
        (model, scored): (&Model, &Scored<'_>),
    ) {
        let level = side.level(model);
        let entities: Vec<Entity> = Entity::all(scored, side).collect();
        let of = entities.len();
        let none = || vec![0_usize; level.signals.len()];
        let fired = entities.into_par_iter().with_min_len(256).fold(none, |mut fired, entity| {
            let scope = entity.scope(scored);
            for (count, paid) in fired.iter_mut().zip(pay(level, &scope)) {
                // One that an exclusive group leaves out would have fired.
                *count += usize::from(paid.firing != Firing::Not);
            }
            fired
        });
        let fired = fired.reduce(none, |mut a, b| {
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
            a
        });
        let whole = plural(of as u64, word(side), if side == Side::User { "users" } else { "accounts" });
        let places: BTreeMap<&str, &std::ops::Range<usize>> =
            signals.iter().map(|(name, span)| (name.as_str(), span)).collect();
        for (signal, fired) in level.signals.iter().zip(fired) {
            let name = signal.name.as_str();
            let Some(span) = places.get(name).copied() else { continue };
            let told = if fired == 0 && of > 0 {
                let help = "if what it looks for is rare, ignore this with a reason in [check]; else look at its event, window and condition";
                Some((
                    codes::NEVER_FIRES,
                    format!("the signal `{name}` never fires"),
                    format!("for none of {whole}"),
                    help,
                ))
            } else if of >= ENTITIES_MIN && fired as f64 > ALWAYS_SHARE * of as f64 {
                let share = percent(fired as u64, of as u64);
                let help = "points that everybody has tell nobody apart: raise what it asks for, or take it out";
                let message = format!(
                    "the signal `{name}` fires for {share} of {}",
                    if side == Side::User { "users" } else { "accounts" }
                );
                Some((codes::ALWAYS_FIRES, message, format!("for {fired} of {whole}"), help))
            } else {
                None
            };
            if let Some((code, message, label, help)) = told {
                self.found.push(Diagnostic::warning(code, span.clone(), message, label).help(help));
            }
        }
    }
}

/// How many events hold anything at a path, or below it.
fn filled(named: &Named, path: &str) -> u64 {
    if let Some(property) = named.properties.by_path.get(path) {
        return property.filled();
    }
    let below = format!("{path}.");
    let inner = named.properties.by_path.iter().filter(|(known, _)| known.starts_with(&below));
    inner.map(|(_, property)| property.filled()).max().unwrap_or(0)
}

/// A share as people read it, never rounded to nothing or to all.
fn percent(part: u64, of: u64) -> String {
    let percent = part as f64 / of as f64 * 100.0;
    match part {
        _ if part == of => "100 %".to_owned(),
        _ if percent < 0.1 => "less than 0.1 %".to_owned(),
        _ => format!("{} %", number_text((percent * 10.0).floor() / 10.0)),
    }
}

/// Whether a text is written the same way by all writers of JSON.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| (c.is_ascii_graphic() || c == ' ') && !"\"\\/<>&'".contains(c))
}

/// Where a fact is that comes from events or from files: a trait or a metric.
fn slot(model: &Model, side: Side, name: &str) -> Option<u32> {
    let facts = &side.level(model).facts;
    let place = facts.iter().position(|fact| fact.name == name)?;
    let given = matches!(facts[place].source, Source::Trait(_) | Source::Metric(_));
    u32::try_from(place).ok().filter(|_| given)
}

fn count(scored: &Scored<'_>, side: Side) -> usize {
    Entity::all(scored, side).count()
}

/// A fact of an entity as text; nothing if it is null.
fn value(scored: &Scored<'_>, side: Side, slot: u32, place: usize) -> Option<String> {
    let board = &scored.board;
    let table = if side == Side::User { &board.users } else { &board.accounts };
    table.value(slot, place, &board.pool).to_text().map(std::borrow::Cow::into_owned)
}
