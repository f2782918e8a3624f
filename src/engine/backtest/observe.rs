//! One reading of the events, scored at every date and on the days before outcomes.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::{
    eves::{EveDays, EveStanding, OutcomeEve},
    goal::BacktestGoal,
    known::KnownOutcomes,
    signal_tally::{SignalTally, TalliedRow},
    units::{BacktestUnit, Observations, UnitIndex, UnitRow, UnitTier},
};
use crate::{
    changes::ScoreLog,
    decode::format::KnownFrom,
    fold::FoldState,
    ledger::EntityRef,
    pipeline::{FoldedRun, PipelineJob, RunError, RunTables, StageEnds, StageView, fold_stages, score_state_after},
    plan::Model,
    record::{LevelSnapshot, ListRecord},
    runs::{RunToConclude, conclude},
    score::{PreviousLists, PreviousStandings, ScoredEntities, is_held_out},
};
use pql_model::{
    EntityKind, FactSlot, PerKind,
    clock::{AsOf, Zone},
    expr::EvalScope,
    scoring::{SignalFiring, SignalPayout, evaluate_signals},
    units::{Day, Points},
};

/// What a model is held against what became of everybody by.
pub struct ObservationJob<'j> {
    /// The events. Its `as_of` is the end of the last date.
    pub events: &'j PipelineJob<'j>,
    /// In order; the last one is the `as_of` of `events`.
    pub dates: &'j [AsOf],
    /// Tables, which are those of today at every date; rows with dates count where they hold.
    pub tables: RunTables<'j>,
    /// What became of everybody.
    pub known: &'j KnownOutcomes,
    /// Users or accounts.
    pub level: EntityKind,
    /// The goal.
    pub goal: BacktestGoal,
    /// What is kept beyond the figures.
    pub keeps: KeptDetails,
}

/// What is kept beyond the figures.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeptDetails {
    /// What each row was paid.
    pub paid: bool,
    /// What the model said the day before each outcome.
    pub eves: bool,
}

/// Scores all dates from one reading.
///
/// # Errors
///
/// Those of folding and of scoring.
pub(super) fn observe(job: &ObservationJob<'_>) -> Result<(Observations, FoldedRun), RunError> {
    let mut observer = Observer::new(job);
    let zone = &job.events.model.resolved.zone;
    let ends = observer.ends(zone);
    let (last, earlier) = ends.split_last().expect("there is at least one date");
    let mut visit = |view: StageView<'_>| observer.look(view.state, view.end);
    let stages = StageEnds { ends: earlier, known: KnownFrom::Receipt };
    let folded = fold_stages(job.events, stages, &mut visit, None)?;
    observer.look(&folded.state, *last)?;
    Ok((observer.finish(), folded))
}

/// What was seen so far.
struct Observer<'j> {
    job: &'j ObservationJob<'j>,
    model: &'j Model,
    /// The record of the last date.
    list: Option<ListRecord>,
    dates_seen: u16,
    index: UnitIndex,
    clusters: HashMap<(EntityKind, Box<str>), u32>,
    rows: Vec<UnitRow>,
    paid: Vec<Box<[(u16, Points)]>>,
    signals: Vec<SignalTally>,
    days: EveDays,
    seen_before_goal: u64,
    eves: Vec<OutcomeEve>,
}

/// A scored date, with what is asked of it more than once.
struct SeenRun<'r> {
    scored: &'r ScoredEntities<'r>,
    places: HashMap<&'r str, EntityRef>,
}

impl<'j> Observer<'j> {
    fn new(job: &'j ObservationJob<'j>) -> Observer<'j> {
        let model = job.events.model;
        let mut observer = Observer {
            job,
            model,
            list: None,
            dates_seen: 0,
            index: UnitIndex::default(),
            clusters: HashMap::new(),
            rows: Vec::new(),
            paid: Vec::new(),
            signals: signal_names(model, job.level).into_iter().map(SignalTally::new).collect(),
            days: EveDays::default(),
            seen_before_goal: 0,
            eves: Vec::new(),
        };
        observer.note_eves();
        observer
    }

    /// Notes the days before goals and, if they are asked for, before all outcomes.
    fn note_eves(&mut self) {
        let (first, last) = (self.job.dates[0].day, self.job.dates[self.job.dates.len() - 1].day);
        for (id, outcomes) in self.job.known.units(self.job.level) {
            if let Some(goal) = outcomes.iter().find(|one| one.word == self.job.goal.word) {
                self.days.add_goal(id, goal, [first, last]);
            }
            if self.job.keeps.eves {
                outcomes.iter().for_each(|one| self.days.add_outcome(id, *one));
            }
        }
    }

    /// The ends of all stages: the dates, and the days before outcomes.
    fn ends(&self, zone: &Zone) -> Vec<AsOf> {
        let days = self.days.days_before(self.job.dates[self.job.dates.len() - 1].day);
        let dates = self.job.dates.iter().copied();
        let mut ends: Vec<AsOf> = days.into_iter().map(|day| AsOf::end_of_day(day, zone)).chain(dates).collect();
        ends.sort_by_key(|end| end.instant);
        ends.dedup_by_key(|end| end.instant);
        ends
    }

    /// Scores a state, and takes over what is asked of the day.
    fn look(&mut self, state: &FoldState, end: AsOf) -> Result<(), RunError> {
        let nothing = PreviousStandings::default();
        let is_date = self.job.dates.iter().any(|date| date.instant == end.instant);
        let list = self.list.take();
        let before: &dyn PreviousLists = list.as_ref().map_or(&nothing, |list| list);
        let (scored, _) = score_state_after((state, end), self.model, self.job.tables, before)?;
        let places = EntityRef::all(&scored, self.job.level).map(|entity| (entity.id(&scored), entity)).collect();
        let run = SeenRun { scored: &scored, places };
        if is_date {
            self.take_date(&run, list.as_ref());
        } else {
            self.list = list;
        }
        self.take_eves(&run, end.day);
        Ok(())
    }

    /// Takes over a date: its rows, and the record for the next one.
    fn take_date(&mut self, run: &SeenRun<'_>, before: Option<&ListRecord>) {
        let snapshot = LevelSnapshot::of_levels(run.scored, self.model);
        self.take_rows(run, &snapshot);
        let to_conclude = RunToConclude {
            scored: run.scored,
            model: self.model,
            snapshot: &snapshot,
            steps: None,
            before,
            repeated: None,
            log: ScoreLog::LeftOut,
        };
        self.list = Some(conclude(&to_conclude).list);
        self.dates_seen += 1;
    }

    fn take_rows(&mut self, run: &SeenRun<'_>, snapshot: &PerKind<LevelSnapshot>) {
        let (level, date) = (self.job.level, run.scored.as_of);
        let order = LevelSnapshot::entity_order(run.scored, level);
        let leads = accounts_with_leads(level, snapshot);
        let mut new = Vec::with_capacity(order.len());
        for (place, standing) in order.into_iter().zip(snapshot[level].standings.iter()) {
            let unit = self.unit(&standing.id, standing.account.as_deref());
            let outcomes = &self.index.units[unit as usize].outcomes;
            let qualified = snapshot[level].qualifies(standing);
            let suppressed = standing.suppressed.is_some();
            let row = UnitRow {
                date: self.dates_seen,
                tier: standing.tier.map(|tier| tier as u16),
                unit,
                score: standing.score,
                qualified,
                lead: qualified || (!suppressed && leads.contains(&*standing.id)),
                suppressed,
                speaks: true,
                label: self.job.goal.label(outcomes, date, &self.model.resolved.zone),
            };
            new.push((row, EntityRef { side: level, place: place as usize }));
        }
        if self.share_outcomes() {
            self.choose_speakers(&mut new);
        }
        self.tally(run.scored, &new);
        self.rows.extend(new.into_iter().map(|(row, _)| row));
    }

    /// Whether users inherit the goal of their account.
    fn share_outcomes(&self) -> bool {
        self.job.level == EntityKind::User && self.job.known.is_inherited(self.job.goal.word)
    }

    /// The place of a unit.
    fn unit(&mut self, id: &str, account: Option<&str>) -> u32 {
        let Observer { index, clusters, job, model, .. } = self;
        index.place(id, || {
            let next = clusters.len() as u32;
            let key = match account {
                Some(account) => (EntityKind::Account, account.into()),
                None => (job.level, id.into()),
            };
            let holdout = model.resolved.holdout.as_ref();
            BacktestUnit {
                id: id.into(),
                cluster: *clusters.entry(key).or_insert(next),
                held_out: holdout.is_some_and(|holdout| is_held_out(holdout, account.unwrap_or(id))),
                outcomes: job.known.of_unit(job.level, id).to_vec(),
            }
        })
    }

    /// Lets the user with the highest score speak for an account whose outcome all of its users inherit. Users with an outcome of their own speak
    /// for themselves.
    fn choose_speakers(&self, rows: &mut [(UnitRow, EntityRef)]) {
        let units = &self.index.units;
        let mut best: HashMap<u32, usize> = HashMap::new();
        for (place, (row, _)) in rows.iter().enumerate() {
            let chosen = best.entry(units[row.unit as usize].cluster).or_insert(place);
            if row.score > rows[*chosen].0.score {
                *chosen = place;
            }
        }
        for (place, (row, _)) in rows.iter_mut().enumerate() {
            let unit = &units[row.unit as usize];
            row.speaks = best[&unit.cluster] == place || self.job.known.user_has_own(&unit.id, self.job.goal.word);
        }
    }

    /// Takes over what each row that can be judged was paid.
    fn tally(&mut self, scored: &ScoredEntities<'_>, rows: &[(UnitRow, EntityRef)]) {
        let keeps_all = self.job.keeps.paid;
        let is_asked = |row: &UnitRow| keeps_all || row.judged().is_some();
        let pay =
            |(row, entity): &(UnitRow, EntityRef)| is_asked(row).then(|| paid_signals(scored, self.model, *entity));
        let paid: Vec<Option<Vec<PaidSignal>>> = rows.par_iter().with_min_len(64).map(pay).collect();
        for ((row, _), paid) in rows.iter().zip(&paid) {
            let Some(paid) = paid else { continue };
            if keeps_all {
                self.paid.push(paid.iter().filter(|one| one.fired).map(|one| (one.signal, one.points)).collect());
            }
            if let Some(positive) = row.judged() {
                let cluster = self.index.units[row.unit as usize].cluster;
                let tallied = TalliedRow { date: row.date, cluster, positive };
                paid.iter().for_each(|one| self.signals[one.signal as usize].add(tallied, one.fired, one.points));
            }
        }
    }

    /// Takes over what is asked of a day because an outcome follows.
    fn take_eves(&mut self, run: &SeenRun<'_>, day: Day) {
        let fired = |id: &str| {
            let entity = run.places.get(id)?;
            let paid = paid_signals(run.scored, self.model, *entity).into_iter().filter(|one| one.fired);
            Some(paid.map(|one| one.signal).collect::<HashSet<u16>>())
        };
        for id in self.days.first_looks.remove(&day).unwrap_or_default() {
            let before = fired(&id).unwrap_or_default();
            self.days.fired_before.insert(id, before);
        }
        for id in self.days.last_looks.remove(&day).unwrap_or_default() {
            // Who had no event before the goal cannot say anything.
            let (Some(now), before) = (fired(&id), self.days.fired_before.remove(&id).unwrap_or_default()) else {
                continue;
            };
            self.seen_before_goal += 1;
            now.difference(&before).for_each(|signal| self.signals[*signal as usize].note_just_before());
        }
        for (id, outcome) in self.days.outcomes.remove(&day).unwrap_or_default() {
            let said = run.places.get(&*id).map(|entity| self.standing(run.scored, *entity));
            self.eves.push(OutcomeEve { id, outcome, said });
        }
    }

    fn standing(&self, scored: &ScoredEntities<'_>, entity: EntityRef) -> EveStanding {
        let level = self.model.resolved.level(entity.side);
        let fired = paid_signals(scored, self.model, entity).into_iter().filter(|one| one.fired);
        let mut fired: Vec<(Points, u16)> = fired.map(|one| (one.points, one.signal)).collect();
        fired.sort_by_key(|(points, signal)| (std::cmp::Reverse(*points), *signal));
        let named = fired.iter().map(|(points, signal)| format!("{}:{points}", self.signals[*signal as usize].name));
        EveStanding {
            score: entity.score(scored, self.model),
            tier: text_fact(&entity.scope(scored), level.slots.tier),
            signals: named.collect::<Vec<String>>().join(";"),
        }
    }

    fn finish(mut self) -> Observations {
        self.eves.extend(self.days.take_later());
        let share_outcomes = self.share_outcomes();
        let level = self.model.resolved.level(self.job.level);
        let tiers = level.tiers.iter().map(|tier| UnitTier { name: tier.name.clone(), qualified: tier.qualified });
        Observations {
            level: self.job.level,
            dates: self.job.dates.to_vec(),
            units: self.index.units,
            rows: self.rows,
            tiers: tiers.collect(),
            clusters: self.clusters.len() as u32,
            share_outcomes,
            paid: self.paid,
            signals: self.signals,
            seen_before_goal: self.seen_before_goal,
            eves: self.eves,
        }
    }
}

/// A signal of an entity, or of the members of an account.
#[derive(Debug, Clone, Copy)]
struct PaidSignal {
    /// By place in [`signal_names`].
    signal: u16,
    fired: bool,
    points: Points,
}

/// The signals of a level; for accounts, then those of their members.
fn signal_names(model: &Model, level: EntityKind) -> Vec<String> {
    let own = model.resolved.level(level).signals.iter().map(|signal| signal.name.clone());
    let of_members = model.resolved.levels.user.signals.iter().filter(|_| level == EntityKind::Account);
    own.chain(of_members.map(|signal| format!("members.{}", signal.name))).collect()
}

/// What an entity was paid, in the order of [`signal_names`]. A signal of members fired if it fired for one of them, and paid what all got.
fn paid_signals(scored: &ScoredEntities<'_>, model: &Model, entity: EntityRef) -> Vec<PaidSignal> {
    let of = |entity: EntityRef| evaluate_signals(model.resolved.level(entity.side), &entity.scope(scored));
    let mut all: Vec<(bool, Points)> = of(entity).iter().map(fired_points).collect();
    if entity.side == EntityKind::Account {
        let mut sums = vec![(false, Points::ZERO); model.resolved.levels.user.signals.len()];
        for member in &scored.entities.accounts[entity.place].members {
            let paid = of(EntityRef { side: EntityKind::User, place: *member as usize });
            for (sum, (fired, points)) in sums.iter_mut().zip(paid.iter().map(fired_points)) {
                *sum = (sum.0 || fired, sum.1 + points);
            }
        }
        all.extend(sums);
    }
    (0..).zip(all).map(|(signal, (fired, points))| PaidSignal { signal, fired, points }).collect()
}

/// The text of a fact; empty if it is null.
fn text_fact(scope: &impl EvalScope, slot: FactSlot) -> String {
    scope.get(slot).to_text().unwrap_or_default().into_owned()
}

fn fired_points(payout: &SignalPayout) -> (bool, Points) {
    (payout.firing == SignalFiring::Fired, payout.points)
}

/// The accounts of which a user is a lead.
fn accounts_with_leads(level: EntityKind, snapshot: &PerKind<LevelSnapshot>) -> HashSet<&str> {
    let users = &snapshot[EntityKind::User];
    let leads = users.standings.iter().filter(|user| level == EntityKind::Account && users.qualifies(user));
    leads.filter_map(|user| user.account.as_deref()).collect()
}
