//! Warnings about models without events. The scorer must confirm every counter-example.
//!
//! A test applies the facts of an example to a blank entity, one that has just signed up. The
//! programs, points and rules of the model then compute all other facts. The result must be the
//! conclusion of the example. The tests use no part of the search that found the example.

use std::{collections::HashMap, path::Path};

use pql_engine::plan::{Model, parse};
use pql_model::{
    EntityKind, FactKey,
    diag::{CounterExample, Diagnostic, SourceDocument},
    expr::{EvalScope, Program, Value, ValueType},
    lint::lint,
    resolved::{BuiltinFact, Fact, FactDefinition, Level, Measure, MilestonePart, NumberPart, ScoringStep},
    rules,
    scoring::{evaluate_signals, find_tier, previous_tier, sum_points},
};
use serde_json::Value as Json;

use crate::run::Folder;

/// Facts of a user and of the account.
struct Facts {
    values: HashMap<FactKey, Value<'static>>,
    home: bool,
}

/// The facts that a level can read; the bit names the level.
struct Seen<'f>(&'f Facts, EntityKind);

impl EvalScope for Seen<'_> {
    fn get(&self, slot: u32) -> Value<'_> {
        let key = FactKey::seen_from(self.1, slot);
        if key.kind() != self.1 && !self.0.home {
            return Value::Null;
        }
        self.0.values.get(&key).cloned().unwrap_or(Value::Null)
    }
}

/// The value of a fact for an entity that has just signed up.
fn blank(model: &Model, fact: &Fact) -> Value<'static> {
    match &fact.definition {
        FactDefinition::Builtin(BuiltinFact::AgeDays | BuiltinFact::DaysInactive) => Value::Number(0.0),
        FactDefinition::Builtin(BuiltinFact::Today) => Value::Date(20_500),
        FactDefinition::Builtin(BuiltinFact::Domain) | FactDefinition::Trait(_) => Value::Null,
        FactDefinition::Builtin(BuiltinFact::Holdout) => Value::Boolean(false),
        FactDefinition::Builtin(_) => Value::Number(1.0),
        FactDefinition::Milestone(_, MilestonePart::Reached) => Value::Boolean(false),
        FactDefinition::Milestone(_, MilestonePart::Pending) => Value::Boolean(true),
        FactDefinition::Milestone(..) => Value::Null,
        FactDefinition::Metric(place) => match &model.resolved.metrics[*place].measure {
            Measure::DaysSince(_) | Measure::Elapsed { .. } => Value::Null,
            Measure::Trend { .. } | Measure::Edge(..) | Measure::Top(..) => Value::Null,
            Measure::Number(part, _) if *part != NumberPart::Sum => Value::Null,
            _ => Value::Number(0.0),
        },
        FactDefinition::Rollup(rollup) => {
            use pql_model::resolved::RollupKind;
            match rollup.kind {
                RollupKind::Min | RollupKind::Max | RollupKind::Avg => Value::Null,
                _ => Value::Number(0.0),
            }
        }
        FactDefinition::Expression(_)
        | FactDefinition::Person(..)
        | FactDefinition::Record(_)
        | FactDefinition::Outcome(_)
        | FactDefinition::Scoring => Value::Null,
    }
}

fn level(model: &Model, side: EntityKind) -> &Level {
    model.resolved.level(side)
}

fn value(json: &Json) -> Value<'static> {
    match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Boolean(*truth),
        Json::Number(number) => Value::Number(number.as_f64().expect("a number")),
        Json::String(text) => Value::Text(text.clone().into()),
        other => panic!("{other} is no fact"),
    }
}

impl Facts {
    /// The facts of an example for a level, and all facts computed from them.
    fn of(model: &Model, side: EntityKind, example: &CounterExample) -> Facts {
        let mut facts = Facts { values: HashMap::new(), home: true };
        for side in EntityKind::ALL {
            for (slot, fact) in (0..).zip(&level(model, side).facts) {
                facts.values.insert(FactKey::new(side, slot), blank(model, fact));
            }
        }
        for (name, json) in &example.facts {
            if name == "account" {
                facts.home = false;
                continue;
            }
            let (side, name) = match name.strip_prefix("account.") {
                Some(name) => (EntityKind::Account, name),
                None => (side, name.as_str()),
            };
            // Conditions on members are in the section of accounts.
            let of = |side: EntityKind| {
                level(model, side).facts.iter().position(|fact| fact.name == name).map(|at| (side, at))
            };
            let (side, slot) = of(side).or_else(|| of(EntityKind::User)).unwrap_or_else(|| panic!("no fact `{name}`"));
            let slot = slot as u32;
            let mut value = value(json);
            if level(model, side).facts[slot as usize].kind == ValueType::Date
                && let Some(day) = value.to_date()
            {
                value = Value::Date(day);
            }
            facts.values.insert(FactKey::new(side, slot), value);
        }
        model.resolved.steps.iter().for_each(|step| facts.step(model, *step));
        facts
    }

    fn step(&mut self, model: &Model, step: ScoringStep) {
        let (side, slot) = match step {
            ScoringStep::UserFact(slot) => (EntityKind::User, Some(slot)),
            ScoringStep::AccountFact(slot) => (EntityKind::Account, Some(slot)),
            ScoringStep::UserPoints | ScoringStep::UserTier | ScoringStep::UserRoute => (EntityKind::User, None),
            _ => (EntityKind::Account, None),
        };
        let level = level(model, side);
        let scope = Seen(self, side);
        let first = |rules: Vec<Option<&Program>>| {
            rules.iter().position(|when| when.is_none_or(|when| when.eval(&scope).is_true()))
        };
        let text = |name: Option<&str>| name.map_or(Value::Null, |name| Value::Text(name.to_owned().into()));
        let new: Vec<(u32, Value<'static>)> = match step {
            ScoringStep::UserFact(_) | ScoringStep::AccountFact(_) => {
                let slot = slot.expect("a fact");
                let FactDefinition::Expression(program) = &level.facts[slot as usize].definition else { return };
                let value = program.eval(&scope);
                vec![(slot, if value.is_null() { Value::Null } else { owned(&value) })]
            }
            // It is chosen, as a fact of somebody else.
            ScoringStep::AccountPerson(_)
            | ScoringStep::UserRecord(_)
            | ScoringStep::AccountRecord(_)
            | ScoringStep::UserOutcome(_)
            | ScoringStep::AccountOutcome(_) => return,
            ScoringStep::Segment => {
                let place = first(level.segments.iter().map(|one| one.when.as_ref()).collect());
                vec![(level.slots.segment, text(place.map(|at| level.segments[at].name.as_str())))]
            }
            ScoringStep::UserPoints | ScoringStep::AccountPoints => {
                let sum = sum_points(level, &evaluate_signals(level, &scope));
                let points = level.slots.points.iter().zip(sum.categories);
                let points = points.map(|(slot, (_, held))| (*slot, Value::Number(held.to_f64())));
                points.chain([(level.slots.score, Value::Number(sum.score.to_f64()))]).collect()
            }
            ScoringStep::UserTier | ScoringStep::AccountTier => {
                let score = scope.get(level.slots.score).as_number().unwrap_or(0.0);
                let place = find_tier(&level.tiers, score, &scope, previous_tier(level, &scope));
                let qualified = place.map_or(Value::Null, |at| Value::Boolean(level.tiers[at].qualified));
                vec![
                    (level.slots.tier, text(place.map(|at| level.tiers[at].name.as_str()))),
                    (level.slots.qualified, qualified),
                ]
            }
            ScoringStep::UserRoute | ScoringStep::AccountRoute => {
                let place = first(level.routes.iter().map(|one| one.when.as_ref()).collect());
                vec![(level.slots.route, text(place.map(|at| level.routes[at].name.as_str())))]
            }
        };
        self.values.extend(new.into_iter().map(|(slot, value)| (FactKey::new(side, slot), value)));
    }
}

fn owned(value: &Value<'_>) -> Value<'static> {
    match value {
        Value::Number(number) => Value::Number(*number),
        Value::Text(text) => Value::Text(text.clone().into_owned().into()),
        Value::Boolean(truth) => Value::Boolean(*truth),
        Value::Date(day) => Value::Date(*day),
        Value::Null | Value::Digits(_) => Value::Null,
    }
}

/// The word that follows the given words in a sentence.
fn said<'s>(shows: &'s str, words: &str) -> Option<&'s str> {
    let rest = &shows[shows.find(words)? + words.len()..];
    rest.split([',', ' ', ';', '`']).next()
}

/// Compares the example's score, tier and route with those of the scorer. Returns the number of
/// compared values.
fn prove(model: &Model, side: EntityKind, problem: &Diagnostic, example: &CounterExample) -> usize {
    let facts = Facts::of(model, side, example);
    let slots = &level(model, side).slots;
    let of =
        |slot: u32| facts.values.get(&FactKey::new(side, slot)).and_then(Value::to_text).map(|text| text.into_owned());
    // The conclusion of a gap has two parts, the actual result and the expected one.
    let so = example.conclusion.split(';').next().unwrap_or_default();
    let score = said(so, "score is ").or_else(|| said(so, "score of "));
    let claims = [
        (score, of(slots.score)),
        (said(so, "tier `").or_else(|| said(so, "tier is `")), of(slots.tier)),
        (said(so, "route `").or_else(|| said(so, "route is `")), of(slots.route)),
        (said(so, "segment is `"), of(slots.segment)),
        (said(so, " scores "), of(slots.score)),
    ];
    let mut count = 0;
    for (claim, computed) in claims {
        if let Some(claim) = claim {
            assert_eq!(Some(claim), computed.as_deref(), "{} {}: {example}", problem.code, problem.message);
            count += 1;
        }
    }
    for signal in &level(model, side).signals {
        let Some(claim) = said(&example.conclusion, &format!("`{}` pays ", signal.name)) else { continue };
        let scope = Seen(&facts, side);
        let paid = evaluate_signals(level(model, side), &scope);
        let at = level(model, side).signals.iter().position(|one| one.name == signal.name).expect("the signal");
        assert_eq!(claim, paid[at].points.to_string(), "{} {example}", problem.code);
        count += 1;
    }
    count + prove_condition(model, side, problem, example, &facts) + prove_part(model, side, problem, example, &facts)
}

/// Compares the example's truth of a signal's condition, and the points that it takes, with those
/// of the programs.
fn prove_condition(
    model: &Model,
    side: EntityKind,
    problem: &Diagnostic,
    example: &CounterExample,
    facts: &Facts,
) -> usize {
    let level = level(model, side);
    let named = said(&problem.message, "signal `");
    let Some(at) = level.signals.iter().position(|signal| Some(signal.name.as_str()) == named) else { return 0 };
    let signal = &level.signals[at];
    let holds = |facts: &Facts| signal.guard.as_ref().is_some_and(|guard| guard.eval(&Seen(facts, side)).is_true());
    if example.conclusion.starts_with("it is true") {
        assert!(holds(facts), "{}: {example}", problem.code);
    } else if example.conclusion.starts_with("it is not true") {
        let inside = Facts::of(model, side, &CounterExample { facts: Vec::new(), conclusion: String::new() });
        assert!(!holds(facts) && holds(&inside), "{}: {example}", problem.code);
    } else if let Some(taken) = said(&example.conclusion, "` takes ") {
        let scope = Seen(facts, side);
        assert_eq!(
            format!("-{taken}"),
            evaluate_signals(level, &scope)[at].points.to_string(),
            "{}: {example}",
            problem.code
        );
    } else {
        return 0;
    }
    1
}

/// Compares a member's part in a roll-up with the difference of the roll-up's value with and
/// without the example's facts.
fn prove_part(model: &Model, side: EntityKind, problem: &Diagnostic, example: &CounterExample, facts: &Facts) -> usize {
    let (Some(part), Some(name)) = (said(&example.conclusion, "member's part "), said(&problem.message, "roll-up `"))
    else {
        return 0;
    };
    let fact = level(model, side).facts.iter().find(|fact| fact.name == name).expect("the roll-up");
    let FactDefinition::Rollup(rollup) = &fact.definition else { panic!("`{name}` is no roll-up") };
    let value = |facts: &Facts| {
        let value = rollup.value.as_ref().expect("a value").eval(&Seen(facts, EntityKind::User)).as_number();
        value.expect("a number")
    };
    let without = Facts::of(model, side, &CounterExample { facts: Vec::new(), conclusion: String::new() });
    let difference = value(facts) - value(&without);
    assert_eq!(Ok(difference), part.parse(), "{}: {example}", problem.code);
    1
}

/// The level of a problem, by the section that contains it.
fn side(text: &str, problem: &Diagnostic) -> EntityKind {
    let header = text[..problem.span.start].lines().rev().find(|line| line.starts_with('['));
    if header.is_some_and(|line| line.trim_start_matches('[').starts_with("account")) {
        EntityKind::Account
    } else {
        EntityKind::User
    }
}

fn warnings(name: &str, text: &str) -> (Model, Vec<Diagnostic>) {
    let document = SourceDocument { name: name.to_owned(), text: text.to_owned() };
    let model = parse(&document).unwrap_or_else(|problems| panic!("{problems}"));
    let list = lint(&model.resolved);
    (model, list)
}

fn shipped() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let names = [
        "scoring.example.toml",
        "fixtures/models/b2b.toml",
        "fixtures/models/enterprise.toml",
        "fixtures/models/minimal.toml",
    ];
    names.iter().map(|name| ((*name).to_owned(), std::fs::read_to_string(root.join(name)).expect("a model"))).collect()
}

#[test]
fn every_counter_example_is_so_when_it_is_scored() {
    let mut documents = shipped();
    for rule in rules::all()
        .iter()
        .filter(|rule| ("M030".."M060").contains(&rule.code) || ("M070".."M080").contains(&rule.code))
    {
        documents
            .push((rule.code.to_owned(), format!("{}{}", rule.bad_example, rule.part("rest").unwrap_or_default())));
    }
    let mut proved: HashMap<&str, usize> = HashMap::new();
    for (name, text) in &documents {
        let (model, list) = warnings(name, text);
        for problem in &list {
            // The example of a ladder is a value of its expression, not a fact.
            if let Some(example) = problem.example.as_ref().filter(|_| problem.code != "M042") {
                *proved.entry(problem.code).or_default() += prove(&model, side(text, problem), problem, example);
            }
        }
    }
    let codes = [
        "M031", "M032", "M033", "M034", "M035", "M036", "M037", "M038", "M039", "M040", "M041", "M044", "M046", "M047",
        "M048", "M070", "M071", "M072", "M073",
    ];
    for code in codes {
        assert!(
            proved.get(code).is_some_and(|count| *count > 0),
            "{code} has no counter-example that was proved: {proved:?}"
        );
    }
}

#[test]
fn the_same_model_gives_the_same_warnings() {
    for (name, text) in shipped() {
        let told = |list: &[Diagnostic]| format!("{list:?}");
        assert_eq!(told(&warnings(&name, &text).1), told(&warnings(&name, &text).1), "{name}");
    }
}

#[test]
fn shipped_models_are_warned_about_only_for_what_they_say_they_mean() {
    let folder = Folder::new();
    for (name, text) in shipped() {
        folder.write("model.toml", &text);
        let outcome = folder.pql("check model.toml --fail-level warning");
        assert_eq!(outcome.code, 0, "{name}: {}", outcome.stderr);
    }
}

#[test]
fn nothing_of_a_shipped_model_is_too_large_to_settle() {
    for (name, text) in shipped() {
        let open: Vec<String> =
            warnings(&name, &text).1.iter().filter(|one| one.code == "M059").map(|one| one.message.clone()).collect();
        assert!(open.is_empty(), "{name}: {open:?}");
    }
}

/// `VP` differs from `vp`, but the two are equal after `lower()`.
#[test]
fn a_text_may_differ_from_another_in_its_capitals_alone() {
    let model = |when: &str| {
        format!(
            r#"schema = 1
[user.traits]
role = {{ type = "text", event = "signup" }}
[metrics]
work = {{ measure = "count", event = "work" }}
[[user.signals]]
name = "shouted"
when = "{when}"
points = 10
[[user.signals]]
name = "work"
when = "work > 0"
points = 20
"#
        )
    };
    for (when, never) in [
        ("lower(role) = 'vp' and role <> 'vp'", false),
        ("lower(role) = 'vp' and role <> 'vp' and role <> 'VP'", false),
        ("lower(role) in ('vp', 'cto') and not role like '%p'", false),
        ("lower(role) = 'v' and role <> 'v' and role <> 'V'", true),
        ("lower(role) = 'vp' and lower(role) <> 'vp'", true),
        ("lower(role) = 'VP'", true),
    ] {
        let told: Vec<&str> = warnings("m.toml", &model(when)).1.iter().map(|one| one.code).collect();
        assert_eq!(told.contains(&"M030"), never, "{when}: {told:?}");
    }
}
