//! Conditions on events that are never true, by themselves or of the events that they are held against, or that always are; and ways and needs in
//! them that decide nothing.

use super::super::{LintContext, constants, property_cells::EventSpace};
use crate::{
    EntityKind, FactKey, codes,
    diag::Diagnostic,
    expr::Program,
    resolved::{ConditionOwner, EVENT_SLOT, EventCondition, EventForm},
};

/// The most ways of one condition that are tried.
const WAYS_MAX: usize = 200;
/// The most parts of an `and` that are compared with each other.
const PARTS_MAX: usize = 20;
/// Longer conditions are not quoted. **Units**: bytes.
const QUOTED_MAX: usize = 120;
/// Conditions that take more are passed over. **Units**: parts of conditions, each as often as it is looked at.
const COST_MAX: u64 = 50_000;

pub(super) fn all(lint: &LintContext<'_, '_>) {
    for one in lint.model.conditions.iter().filter(|one| is_checked(one)) {
        if lint.search.is_exhausted() {
            return;
        }
        if let Some(condition) = WhereCondition::of(lint, one) {
            let _ = condition.never() || condition.always() || condition.never_of_events() || condition.idle();
        }
    }
}

/// Conditions on the first events of a pair are left alone.
fn is_checked(one: &EventCondition) -> bool {
    match one.owner {
        ConditionOwner::Event(_)
        | ConditionOwner::Metric(_)
        | ConditionOwner::Signal(_)
        | ConditionOwner::Milestone(_) => true,
        ConditionOwner::PairMetric(_) => false,
    }
}

/// A condition with the events that can be.
struct WhereCondition<'l> {
    lint: &'l LintContext<'l, 'l>,
    one: &'l EventCondition,
    events: EventSpace,
}

/// All events that a condition is about; none if there is too much to look at.
fn events(lint: &LintContext<'_, '_>, names: Option<Vec<String>>, program: &Program) -> Option<EventSpace> {
    let known = constants::program_constants(program);
    let mut slots: Vec<u32> = Vec::new();
    program.visit_slots(&mut |slot| slots.push(slot));
    slots.sort_unstable();
    slots.dedup();
    let events = EventSpace::new(
        names,
        slots
            .iter()
            .map(|slot| (*slot, known.get(&FactKey::seen_from(EntityKind::User, *slot)).cloned().unwrap_or_default())),
    );
    let cost = events.cost(program);
    (cost <= COST_MAX && lint.search.spend(cost / 8)).then_some(events)
}

impl<'l> WhereCondition<'l> {
    fn of(lint: &'l LintContext<'l, 'l>, one: &'l EventCondition) -> Option<WhereCondition<'l>> {
        let names = one.events.forms().map(|forms| forms.iter().map(|form| form.name.clone()).collect());
        Some(WhereCondition { lint, one, events: events(lint, names, &one.expression.program)? })
    }

    fn text(&self, program: &Program) -> String {
        let properties = &self.lint.model.properties;
        program.to_source(&|slot| match slot {
            EVENT_SLOT => "event".to_owned(),
            slot => properties.get(slot as usize - 1).map(|path| path.join(".")).unwrap_or_default(),
        })
    }

    fn quoted(&self, program: &Program) -> Option<String> {
        Some(self.text(program)).filter(|text| text.len() <= QUOTED_MAX)
    }

    fn warn(&self, code: &'static str, message: String, label: &str) -> Diagnostic {
        Diagnostic::warning(code, self.one.expression.span.clone(), message, label)
    }

    fn never(&self) -> bool {
        if !self.events.never(&self.one.expression.program) {
            return false;
        }
        let message = format!("`where` of {} is never true", self.one.owner);
        let problem = self.warn(codes::NEVER_HOLDS, message, "no event makes it true");
        self.lint.report(problem.maybe_help(self.culprit(&self.one.expression.program)));
        true
    }

    /// The smallest part that is never true, or the first two that are never true together.
    fn culprit(&self, program: &Program) -> Option<String> {
        if let Program::And(all) = program {
            if let Some(part) = all.iter().find(|part| self.events.never(part)) {
                return self.culprit(part);
            }
            for (at, part) in all.iter().enumerate().take(PARTS_MAX) {
                let together =
                    |other: &&Program| self.events.never(&Program::And(vec![part.clone(), (*other).clone()]));
                if let Some(other) = all[at + 1..].iter().take(PARTS_MAX).find(together) {
                    let (a, b) = (self.quoted(part)?, self.quoted(other)?);
                    return Some(format!("`{a}` and `{b}` are never true of one event"));
                }
            }
        }
        self.quoted(program).map(|part| format!("no event makes `{part}` true"))
    }

    fn always(&self) -> bool {
        if !self.events.always(&self.one.expression.program) {
            return false;
        }
        let message = format!("`where` of {} is always true", self.one.owner);
        let problem = self.warn(codes::ALWAYS_HOLDS, message, "no event makes it fail");
        self.lint.report(problem.help("leave it out, or write what it should leave out"));
        true
    }

    /// Whether it is never true of any of its events, because of their own conditions.
    fn never_of_events(&self) -> bool {
        let all = &self.lint.model.conditions;
        let Some(forms) = self.one.events.forms().filter(|forms| !forms.is_empty()) else { return false };
        // A condition that is never true by itself is reported already.
        let reported = |form: &EventForm| {
            form.conditions
                .iter()
                .any(|place| self.lint.has_reported(&[codes::NEVER_HOLDS], &all[*place].expression.span))
        };
        if forms.iter().all(|form| form.conditions.is_empty()) || forms.iter().any(reported) {
            return false;
        }
        let never = |form: &EventForm| {
            let conditions = form.conditions.iter().map(|place| all[*place].expression.program.clone());
            let both = Program::And(conditions.chain([self.one.expression.program.clone()]).collect());
            events(self.lint, Some(vec![form.name.clone()]), &both).is_some_and(|events| events.never(&both))
        };
        if !forms.iter().all(never) {
            return false;
        }
        let message = format!("`where` of {} is never true of its events", self.one.owner);
        let label = "no event that it is held against makes it true";
        let mut problem = self.warn(codes::NEVER_HOLDS, message, label);
        let others = forms.iter().flat_map(|form| &form.conditions).map(|place| &all[*place]);
        if let Some(other) = others.into_iter().find(|other| other.expression.span != self.one.expression.span) {
            problem = problem
                .other(other.expression.span.clone(), format!("they also have to meet this one, of {}", other.owner));
        }
        self.lint.report(problem);
        true
    }

    /// A way of several that is never true where it stands, or a need of several that is always met.
    fn idle(&self) -> bool {
        let mut tried = 0;
        let mut dead = None;
        ways(&self.one.expression.program, &|part| part, &mut |way, whole| {
            tried += 1;
            if self.lint.search.spend(self.events.cost(&whole) / 8) && self.events.never(&whole) {
                dead = Some(way.clone());
            }
            dead.is_none() && tried < WAYS_MAX
        });
        let (part, code, how, label) = match (dead, self.met(&self.one.expression.program)) {
            (Some(way), _) => (way, codes::NEVER_HOLDS, "never", "no event makes all of it true by this part"),
            (None, Some(need)) => (need, codes::ALWAYS_HOLDS, "always", "no event makes this part of it fail"),
            (None, None) => return false,
        };
        let message = format!("`{}` in `where` of {} is {how} true", self.text(&part), self.one.owner);
        self.lint.report(self.warn(code, message, label));
        true
    }

    /// A part of an `and` that is true of every event.
    fn met(&self, program: &Program) -> Option<Program> {
        let (Program::And(all) | Program::Or(all)) = program else { return None };
        let need = matches!(program, Program::And(_));
        let named = |part: &Program| {
            let mut named = false;
            part.visit_slots(&mut |_| named = true);
            named
        };
        let met = |part: &&Program| need && named(part) && self.events.always(part);
        all.iter().find(met).cloned().or_else(|| all.iter().find_map(|part| self.met(part)))
    }
}

/// Visits each way of every `or` and `in` that is not negated, with the whole condition as it is if only this way is left. Ends where the visitor says so.
fn ways(
    program: &Program,
    whole: &dyn Fn(Program) -> Program,
    visit: &mut dyn FnMut(&Program, Program) -> bool,
) -> bool {
    match program {
        Program::Or(all) => all.iter().all(|way| visit(way, whole(way.clone())) && ways(way, whole, visit)),
        Program::IsOneOf(slot, texts) if texts.len() > 1 => texts.iter().all(|text| {
            let way = Program::IsOneOf(*slot, [text.clone()].into());
            visit(&way, whole(way.clone()))
        }),
        Program::And(all) => all.iter().enumerate().all(|(at, part)| {
            let with = |part: Program| {
                let mut all = all.clone();
                all[at] = part;
                whole(Program::And(all))
            };
            ways(part, &with, visit)
        }),
        _ => true,
    }
}
