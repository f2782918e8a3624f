//! One user or account as a row: a typed cell for each column, and the breakdown behind the score.
//!
//! A row is made by [`with_row`], which computes the points once; [`EntityRow::cell`] then makes the cells that a schema asks for.

use super::{
    cell::OutputCell,
    rendered_template::{render_template, render_with_columns},
    row_writer::LevelRows,
    schema::OutputSchema,
};
use crate::{
    plan::Model,
    score::{
        MemberSource, ScoredEntities, bound_sources, chosen_member,
        fact_table::EntityFacts,
        milestones::{MilestoneResult, MilestoneState},
        sum_member_signals,
    },
};
use pql_model::{
    EntityKind,
    expr::{EvalScope, Program, Value},
    output_columns::{ColumnSource, PersonColumn},
    resolved::{Level, PersonRole, Route, TextTemplate},
    scoring::{ScoreTotals, SignalFiring, SignalPayout, evaluate_signals, sum_points},
    units::{Micros, Points},
};

/// An entity with everything that columns and the breakdown of its score are made of.
pub(super) struct EntityRow<'r> {
    scored: &'r ScoredEntities<'r>,
    /// By place in its kind.
    place: usize,
    kind: EntityKind,
    model: &'r Model,
    /// Its place in the list that is written, from 1.
    rank: Option<u64>,
    /// Its level of the model.
    pub(super) level: &'r Level,
    scope: &'r EntityFacts<'r>,
    milestones: &'r [MilestoneResult],
    /// First and last event.
    event_span: (Micros, Micros),
    /// By signal, in the order of the model.
    pub(super) paid: Vec<SignalPayout>,
    /// Signals that fired by place, the largest first.
    ranked: Vec<usize>,
    /// By category, and in sum.
    pub(super) sum: ScoreTotals,
    /// The route, if the level has any.
    pub(super) route: Option<&'r Route>,
}

/// Makes the row of an entity and hands it on; `rank` is its place in the list that is written, from 1.
pub(super) fn with_row<T>(
    rows: LevelRows<'_>,
    entity: u32,
    rank: Option<u64>,
    take: impl FnOnce(&EntityRow<'_>) -> T,
) -> T {
    let place = entity as usize;
    let scope = match rows.kind {
        EntityKind::User => rows.scored.user_facts(place),
        EntityKind::Account => rows.scored.account_facts(place),
    };
    take(&EntityRow { rank, ..EntityRow::new(rows, place, &scope) })
}

impl<'r> EntityRow<'r> {
    fn new(
        LevelRows { scored, model, kind }: LevelRows<'r>,
        place: usize,
        scope: &'r EntityFacts<'r>,
    ) -> EntityRow<'r> {
        let level = model.resolved.level(kind);
        let (milestones, event_span) = match kind {
            EntityKind::User => (&scored.user_milestones, scored.user_event_spans[place]),
            EntityKind::Account => (&scored.account_milestones, scored.account_event_spans[place]),
        };
        let stride = level.milestones.len();
        let milestones = &milestones[place * stride..(place + 1) * stride];
        let paid = evaluate_signals(level, scope);
        let sum = sum_points(level, &paid);
        let name = scope.get(level.slots.route).to_text();
        let route = level.routes.iter().find(|route| Some(route.name.as_str()) == name.as_deref());
        let ranked = rank_fired(&paid);
        EntityRow {
            scored,
            place,
            kind,
            model,
            rank: None,
            level,
            scope,
            milestones,
            event_span,
            paid,
            ranked,
            sum,
            route,
        }
    }

    /// The cells of a schema, in its order.
    pub(super) fn cells(&self, schema: &OutputSchema) -> Vec<OutputCell<'r>> {
        let cell = |column: &pql_model::output_columns::OutputColumn| {
            let cell = self.cell(column.source);
            debug_assert!(cell.fits(column.kind), "a cell of `{}` is no {:?}", column.name, column.kind);
            cell
        };
        schema.columns.iter().map(cell).collect()
    }

    /// The cell of one column.
    pub(super) fn cell(&self, source: ColumnSource) -> OutputCell<'r> {
        let slots = &self.level.slots;
        match source {
            ColumnSource::EntityId => OutputCell::Text(self.id().into()),
            ColumnSource::HomeAccount => OutputCell::from_text(self.scored.home_id(self.place)),
            ColumnSource::HomeTier => self.fact_of_home(self.model.resolved.levels.account.slots.tier),
            ColumnSource::HomeQualified => self.fact_of_home(self.model.resolved.levels.account.slots.qualified),
            ColumnSource::Segment => self.fact(slots.segment),
            ColumnSource::Score => OutputCell::Points(self.sum.score),
            ColumnSource::Tier => self.fact(slots.tier),
            ColumnSource::Qualified => self.fact(slots.qualified),
            ColumnSource::Route => self.fact(slots.route),
            ColumnSource::Motion => self.fact(slots.motion),
            ColumnSource::Assignee => self.assignee(),
            ColumnSource::Action => self.template(self.route.and_then(|route| route.action.as_ref())),
            ColumnSource::IsChampion => OutputCell::Boolean(self.is_member_of_home(ScoredEntities::champion)),
            ColumnSource::IsBuyer => OutputCell::Boolean(self.is_member_of_home(ScoredEntities::buyer)),
            ColumnSource::Members => self.fact(slots.members),
            ColumnSource::Users => self.fact(slots.users),
            ColumnSource::ActiveUsers28 => self.fact(slots.active_users_28),
            ColumnSource::Champion => self.user(self.scored.champion(self.place)),
            ColumnSource::Buyer => self.user(self.scored.buyer(self.place)),
            ColumnSource::CategoryPoints(category) => OutputCell::Points(self.sum.categories[category].1),
            ColumnSource::Signals => OutputCell::Text(self.signals().into()),
            ColumnSource::MemberSignals => OutputCell::Text(self.member_signals().into()),
            ColumnSource::MilestoneState(milestone) => OutputCell::Text(self.milestone(milestone).as_str().into()),
            ColumnSource::MilestoneInstant(milestone) => {
                self.milestone(milestone).reached().map_or(OutputCell::Null, OutputCell::Instant)
            }
            ColumnSource::FirstSeen => OutputCell::Instant(self.event_span.0),
            ColumnSource::LastSeen => OutputCell::Instant(self.event_span.1),
            ColumnSource::ActiveDays28 => self.fact(slots.active_days_28),
            ColumnSource::Suppressed => slots.suppressed.map_or(OutputCell::Null, |slot| self.fact(slot)),
            ColumnSource::SignalTexts => self.signal_texts(&self.ranked),
            ColumnSource::SupportTexts => self.signal_texts(self.ranked_support()),
            ColumnSource::Reason => self.template(self.route.and_then(|route| route.because.as_ref())),
            ColumnSource::Message => self.template(self.route.and_then(|route| route.message.as_ref())),
            ColumnSource::Fact(slot) => self.fact(slot),
            ColumnSource::Computed(place) => OutputCell::from_value(self.evaluate(&self.level.computed_columns[place])),
            ColumnSource::Rank => self.rank.map_or(OutputCell::Null, |rank| OutputCell::Number(rank as f64)),
            ColumnSource::StampInstant => OutputCell::Instant(self.scored.as_of.instant),
            ColumnSource::StampModel => OutputCell::Text(self.model.resolved.name.as_str().into()),
            ColumnSource::StampHash => OutputCell::Text(self.model.resolved.fingerprint.as_str().into()),
            ColumnSource::OfPerson(role, column) => self.cell_of_person(role, column),
        }
    }

    /// The value of an expression over its facts.
    pub(super) fn evaluate(&self, program: &'r Program) -> Value<'r> {
        program.eval(self.scope)
    }

    /// The place of its tier among the tiers of the level.
    pub(super) fn tier(&self) -> Option<usize> {
        let name = self.scope.get(self.level.slots.tier).to_text()?;
        self.level.tiers.iter().position(|tier| tier.name == name)
    }

    /// The state of a milestone, by place, as it is shown.
    fn milestone(&self, place: usize) -> MilestoneState {
        self.scored.shown_state(self.kind, place, self.milestones[place].state)
    }

    fn id(&self) -> &'r str {
        match self.kind {
            EntityKind::User => self.scored.user_id(self.place),
            EntityKind::Account => self.scored.account_id(self.place),
        }
    }

    fn fact(&self, slot: u32) -> OutputCell<'r> {
        OutputCell::from_value(self.scope.get(slot))
    }

    /// A fact of the user's home account; null without one.
    fn fact_of_home(&self, slot: u32) -> OutputCell<'r> {
        let facts = &self.scored.facts;
        let home = self.scored.entities.users[self.place].home;
        home.map_or(OutputCell::Null, |home| {
            OutputCell::from_value(facts.accounts.value(slot, home as usize, &facts.pool))
        })
    }

    fn user(&self, user: Option<usize>) -> OutputCell<'r> {
        OutputCell::from_text(user.map(|user| self.scored.user_id(user)))
    }

    /// A column of the account's champion or buyer, as that user's own row has it; null without one.
    fn cell_of_person(&self, role: PersonRole, column: PersonColumn) -> OutputCell<'static> {
        let person = match role {
            PersonRole::Champion => self.scored.champion(self.place),
            PersonRole::Buyer => self.scored.buyer(self.place),
        };
        let rows = LevelRows { scored: self.scored, model: self.model, kind: EntityKind::User };
        person.map_or(OutputCell::Null, |user| {
            with_row(rows, user as u32, None, |row| row.cell(column.source()).into_owned())
        })
    }

    /// Whether the user is the member that its home account names, as its champion say.
    fn is_member_of_home(&self, named: fn(&ScoredEntities<'r>, usize) -> Option<usize>) -> bool {
        let home = self.scored.entities.users[self.place].home;
        home.is_some_and(|home| named(self.scored, home as usize) == Some(self.place))
    }

    /// `name:points` of all signals that fired, and what bounds took or gave, so that it adds up to the score.
    fn signals(&self) -> String {
        let mut text = String::with_capacity(16 * self.ranked.len());
        for index in &self.ranked {
            push_points(&mut text, &self.level.signals[*index].name, self.paid[*index].points);
        }
        for (source, points) in bound_sources(&self.sum) {
            push_points(&mut text, &source.name(self.level), points);
        }
        text
    }

    /// `name:points (people)` of what the members of an account were paid for, and what bounds took or gave.
    fn member_signals(&self) -> String {
        let level = &self.model.resolved.levels.user;
        let mut text = String::new();
        for sum in sum_member_signals(self.scored, self.model, self.place) {
            push_points(&mut text, &sum.source.name(level), sum.points);
            if let MemberSource::Signal(_) = sum.source {
                text.push_str(&format!(" ({})", sum.people));
            }
        }
        text
    }

    /// Signals that fired and paid more than 0 points, the largest first.
    fn ranked_support(&self) -> &[usize] {
        &self.ranked[..self.ranked.partition_point(|index| self.paid[*index].points > Points::ZERO)]
    }

    /// The texts of some signals that fired, in their order.
    fn signal_texts(&self, signals: &[usize]) -> OutputCell<'r> {
        let texts: Vec<String> = signals
            .iter()
            .filter_map(|index| self.level.signals[*index].say.as_ref())
            .map(|template| render_template(template, self.scope))
            .collect();
        if texts.is_empty() { OutputCell::Null } else { OutputCell::Text(texts.join("; ").into()) }
    }

    /// Who gets the entity: whoever the route names, else the member of its pool who has it by the record, else the one by the hash of the account's id.
    fn assignee(&self) -> OutputCell<'r> {
        let Some(route) = self.route else { return OutputCell::Null };
        let named = self.template(route.to.as_ref());
        if !named.text().is_empty() {
            return named;
        }
        let Some(pool) = &route.pool else { return named };
        let keeper = self.scored.assignees[self.kind].get(self.place).and_then(Option::as_deref);
        let keeper = pool.present().find(|member| Some(member.name.as_str()) == keeper);
        let member = keeper.or_else(|| chosen_member(pool, self.account_id()));
        member.map_or(named, |member| OutputCell::Text(member.name.as_str().into()))
    }

    /// The id of the account; of a user without a home, its own.
    fn account_id(&self) -> &'r str {
        let home = match self.kind {
            EntityKind::User => self.scored.home_id(self.place),
            EntityKind::Account => None,
        };
        home.unwrap_or_else(|| self.id())
    }

    /// A text of an alert, which may name columns too.
    pub(super) fn alert_text(&self, template: &TextTemplate) -> String {
        render_with_columns(template, self.scope, &|column| self.cell(column).text().into_owned())
    }

    fn template(&self, template: Option<&TextTemplate>) -> OutputCell<'r> {
        template.map_or(OutputCell::Null, |template| OutputCell::Text(render_template(template, self.scope).into()))
    }
}

/// Signals that fired by place, the largest first.
fn rank_fired(paid: &[SignalPayout]) -> Vec<usize> {
    let mut ranked = Vec::with_capacity(paid.len());
    ranked.extend((0..paid.len()).filter(|index| paid[*index].firing == SignalFiring::Fired));
    ranked.sort_by_key(|index| std::cmp::Reverse(paid[*index].points));
    ranked
}

/// Appends a name and points, such as `cap:score:-5`, behind a semicolon.
fn push_points(text: &mut String, name: &str, points: Points) {
    if !text.is_empty() {
        text.push(';');
    }
    text.push_str(name);
    text.push(':');
    points.push_to(text);
}
