//! Cases for a first model, in the names of the user's own events.
//!
//! For each signal of users that events pay, somebody does what the signal asks for, once and more often; the model itself says what it pays. A last
//! person does all of it, and gets a tier and a route. So a change of the model that nobody meant fails a case.

use std::fmt::Write;

use pql_engine::{
    cases::{self, Coverage, bind, parse_suite},
    plan::{Model, parse_all_facts},
};
use pql_model::{
    EntityKind,
    diag::{DocumentProblems, SourceDocument},
    units::{Points, plural},
};

use super::{
    FirstModel,
    document::comment_text,
    graph::{NameGraph, listed},
    wiring::EventWiring,
};
use crate::commands::toml_text::toml_string;

/// How often somebody does what a signal asks for.
const TIMES: [u32; 5] = [1, 2, 3, 6, 12];

/// Events of a signal that somebody does.
const EVENTS_MAX: usize = 12;

/// The time of all cases.
const AS_OF: &str = "2026-11-01T00:00:00Z";

/// Somebody who does some events.
struct CasePerson {
    /// What the case says.
    name: String,
    /// The events, each so often.
    events: Vec<(String, u32)>,
}

impl CasePerson {
    fn events_text(&self) -> String {
        let mut text = "events = [\n".to_owned();
        for (name, times) in &self.events {
            let repeated = if *times > 1 { format!(", times = {times}, every = \"1h\"") } else { String::new() };
            let _ = writeln!(
                text,
                "  {{ user = \"ann\", account = \"acme\", event = {}, at = \"-2d\"{repeated} }},",
                toml_string(name)
            );
        }
        text + "]\n"
    }

    fn case_text(&self, expectations: &str) -> String {
        format!(
            "\n[[case]]\nname = {}\n{}[[case.expect]]\nuser = \"ann\"\n{expectations}\n",
            toml_string(&self.name),
            self.events_text()
        )
    }
}

/// The file of cases for a model that is written to `model`.
///
/// # Errors
/// A model that cannot be read, which is a fault of the one who wrote it.
pub fn cases_for(first: &FirstModel, wiring: &EventWiring, model: &str) -> Result<String, DocumentProblems> {
    let document = SourceDocument { name: model.to_owned(), text: first.text.clone() };
    let mut compiled = parse_all_facts(&document)?;
    cases::use_native_input(&mut compiled);
    let runner = CaseRunner { model: &compiled, name: model };
    let mut out = runner.head();
    let mut everything: Vec<(String, u32)> = Vec::new();
    for (signal, events) in paid_by_events(first, wiring) {
        for (person, points) in runner.steps(&signal, &events) {
            out.push_str(&person.case_text(&format!("signals = {{ {signal} = {points} }}")));
            for (event, times) in &person.events {
                match everything.iter_mut().find(|(known, _)| known == event) {
                    Some((_, most)) => *most = (*most).max(*times),
                    None => everything.push((event.clone(), *times)),
                }
            }
        }
    }
    if !everything.is_empty() {
        let person = CasePerson { name: "somebody does all of it".to_owned(), events: everything };
        let expected: String = ["tier", "route"].into_iter().filter_map(|key| runner.rule(&person, key)).collect();
        out.push_str(&person.case_text(expected.trim_end()));
    }
    Ok(out)
}

/// The signals of users that events pay, each with the events of the dump.
fn paid_by_events(first: &FirstModel, wiring: &EventWiring) -> Vec<(String, Vec<String>)> {
    let graph = NameGraph::of(&first.document);
    let mut all = Vec::new();
    for entry in listed(&first.document, ["user", "signals"]) {
        let name = entry.text("name").unwrap_or_default();
        let roots = graph.roots_of_signal(EntityKind::User, name);
        let real = roots.events.iter().flat_map(|event| {
            let names = wiring.names(event);
            let own = names.is_empty().then_some(event.as_str());
            names.into_iter().chain(own).map(str::to_owned).collect::<Vec<_>>()
        });
        let mut real: Vec<String> = real.collect();
        real.sort();
        real.dedup();
        real.truncate(EVENTS_MAX);
        if !real.is_empty() {
            all.push((name.to_owned(), real));
        }
    }
    all
}

struct CaseRunner<'c> {
    model: &'c Model,
    /// The file of the model.
    name: &'c str,
}

impl CaseRunner<'_> {
    fn head(&self) -> String {
        format!(
            "# Cases for {}, written by `pql init`: what its signals pay for events of yours. Add your own; `pql test` runs them.\nschema = 1\nmodel = {}\nas_of = \"{AS_OF}\"\n",
            comment_text(self.name),
            toml_string(self.name)
        )
    }

    /// What somebody does for a signal, as often as it takes for the first points and for more.
    fn steps(&self, signal: &str, events: &[String]) -> Vec<(CasePerson, Points)> {
        let mut steps: Vec<(CasePerson, Points)> = Vec::new();
        // One event alone says more than several; where it pays nothing, all are needed.
        let sets = events.iter().map(|event| vec![event.clone()]).chain([events.to_vec()]);
        for set in sets {
            for times in TIMES {
                let what = match set.as_slice() {
                    [only] => only.clone(),
                    all => plural(all.len() as u64, "event", "different events"),
                };
                let often = plural(u64::from(times), "time", "times");
                let person = CasePerson {
                    name: format!("{signal}: {what}, {often}"),
                    events: set.iter().map(|event| (event.clone(), times)).collect(),
                };
                let Some(points) = self.points(&person, signal).filter(|points| *points != Points::ZERO) else {
                    continue;
                };
                if steps.last().is_none_or(|(_, last)| *last != points) {
                    steps.push((person, points));
                }
            }
            if !steps.is_empty() {
                break;
            }
        }
        steps
    }

    /// What a signal pays somebody.
    fn points(&self, person: &CasePerson, signal: &str) -> Option<Points> {
        // Nobody has this score, so the case fails and its ledger is at hand.
        let text = format!("{}{}", self.head(), person.case_text("score = -987654321"));
        let ledgers = self.run(text)?.ledgers;
        let paid = ledgers.first()?.signals.iter().find(|one| one.name == signal)?.points;
        paid.last().copied()
    }

    /// The line that expects a tier or a route, for the one that somebody gets.
    fn rule(&self, person: &CasePerson, key: &str) -> Option<String> {
        let level = self.model.resolved.level(EntityKind::User);
        let names: Vec<&str> = match key {
            "tier" => level.tiers.iter().map(|tier| tier.name.as_str()).collect(),
            _ => level.routes.iter().map(|route| route.name.as_str()).collect(),
        };
        names.into_iter().find_map(|name| {
            let line = format!("{key} = {}\n", toml_string(name));
            let text = format!("{}{}", self.head(), person.case_text(line.trim_end()));
            self.run(text).filter(|result| result.passed()).map(|_| line)
        })
    }

    fn run(&self, text: String) -> Option<cases::CaseResult> {
        let suite = parse_suite(SourceDocument { name: "(cases)".to_owned(), text }).ok()?;
        let (all, _) = bind(&suite, self.model).ok()?;
        let mut coverage = Coverage::new(self.model);
        all.first().map(|case| cases::run(case, self.model, &mut coverage))
    }
}
