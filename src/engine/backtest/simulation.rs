//! Simulated data with a stated truth, held against what the figures say of it.

use chacha20::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

use super::{
    BacktestGoal,
    holdout_effect::compare_held_out,
    incidence::count_ends,
    ranking::rank,
    triggers::find_triggers,
    units::{BacktestUnit, Observations, RowLabel, UnitOutcome, UnitRow, UnitTier},
};
use pql_model::{
    EntityKind,
    clock::{AsOf, Zone},
    resolved::OutcomeWord,
    units::{DAY_US, Day, Points},
};

const FIRST_DAY: Day = 20_000;

/// A source of chance.
struct Chance(ChaCha8Rng);

impl Chance {
    fn new(seed: u64) -> Chance {
        Chance(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number from 0 to less than 1.
    fn number(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn happens(&mut self, chance: f64) -> bool {
        self.number() < chance
    }

    /// Days until something that happens at a rate a day.
    fn wait(&mut self, rate: f64) -> f64 {
        -libm::log(1.0 - self.number()) / rate
    }
}

fn outcome(word: OutcomeWord, days_after: f64) -> UnitOutcome {
    let begins = AsOf::end_of_day(FIRST_DAY + 7, &Zone::utc()).instant + (days_after * DAY_US as f64) as i64;
    UnitOutcome { word, begins, day: (begins / DAY_US) as Day, timed: true, amount: None, row: 0, deal: None }
}

fn unit(number: u32, held_out: bool, outcomes: Vec<UnitOutcome>) -> BacktestUnit {
    BacktestUnit { id: format!("a{number:05}").into(), cluster: number, held_out, outcomes }
}

fn goal(known_days: i64) -> BacktestGoal {
    let known_to = AsOf::end_of_day(FIRST_DAY + 7, &Zone::utc()).instant + known_days * DAY_US;
    BacktestGoal { word: OutcomeWord::Won, horizon_days: 60, known_to }
}

fn row(date: u16, unit: u32) -> UnitRow {
    UnitRow {
        date,
        tier: Some(0),
        unit,
        score: Points::ZERO,
        qualified: false,
        lead: false,
        suppressed: false,
        speaks: true,
        label: RowLabel::Negative,
    }
}

fn observations(dates: u16, units: Vec<BacktestUnit>, rows: Vec<UnitRow>) -> Observations {
    Observations {
        level: EntityKind::Account,
        dates: (0..dates).map(|date| AsOf::end_of_day(FIRST_DAY + 7 * Day::from(date), &Zone::utc())).collect(),
        clusters: units.len() as u32,
        share_outcomes: false,
        units,
        rows,
        tiers: vec![UnitTier { name: "all".to_owned(), qualified: false }],
        paid: Vec::new(),
        signals: Vec::new(),
        seen_before_goal: 0,
        eves: Vec::new(),
    }
}

/// Units that all become leads at the second date.
fn leads_at_second_date(units: Vec<BacktestUnit>) -> Observations {
    let count = units.len() as u32;
    let before = (0..count).map(|unit| row(0, unit));
    let after = (0..count).map(|unit| UnitRow { lead: true, ..row(1, unit) });
    observations(2, units, before.chain(after).collect())
}

#[test]
fn contact_without_effect_shows_none() {
    let holds_zero = |seed: u64| {
        let mut chance = Chance::new(seed);
        let units = (0..600).map(|number| {
            let wins = chance.happens(0.15).then(|| outcome(OutcomeWord::Won, 30.0));
            unit(number, chance.happens(0.2), wins.into_iter().collect())
        });
        let seen = leads_at_second_date(units.collect());
        let goal = goal(200);
        let list = find_triggers(&seen, &goal, &Zone::utc());
        assert_eq!(list.triggers.len(), 600);
        let [low, high] = compare_held_out(&list.triggers, &goal).difference_interval.expect("both groups have units");
        low <= 0.0 && 0.0 <= high
    };
    let held = (0..20).filter(|seed| holds_zero(*seed)).count();
    assert!(held >= 19, "{held} of 20 intervals hold 0");
}

#[test]
fn an_effect_of_contact_is_found() {
    let finds = |seed: u64| {
        let mut chance = Chance::new(1000 + seed);
        let units = (0..1000).map(|number| {
            let held_out = chance.happens(0.3);
            let wins = chance.happens(if held_out { 0.1 } else { 0.25 }).then(|| outcome(OutcomeWord::Won, 30.0));
            unit(number, held_out, wins.into_iter().collect())
        });
        let seen = leads_at_second_date(units.collect());
        let goal = goal(200);
        let list = find_triggers(&seen, &goal, &Zone::utc());
        compare_held_out(&list.triggers, &goal).difference_interval.is_some_and(|[low, _]| low > 0.0)
    };
    let found = (0..20).filter(|seed| finds(*seed)).count();
    assert!(found >= 19, "{found} of 20 find the effect");
}

#[test]
fn incidence_with_a_competing_end_lies_in_its_interval() {
    let (won, lost) = (0.006, 0.004);
    let truth = |days: f64| won / (won + lost) * (1.0 - libm::exp(-(won + lost) * days));
    let mut held = [0; 3];
    for seed in 0..40 {
        let mut chance = Chance::new(2000 + seed);
        let units = (0..300).map(|number| {
            let (win, loss) = (chance.wait(won), chance.wait(lost));
            let first = if win < loss { outcome(OutcomeWord::Won, win) } else { outcome(OutcomeWord::Lost, loss) };
            unit(number, false, vec![first])
        });
        let seen = leads_at_second_date(units.collect());
        let goal = goal(100);
        let list = find_triggers(&seen, &goal, &Zone::utc());
        let ends = count_ends(&list.triggers, goal.known_to);
        let of_won = ends.iter().find(|end| end.outcome == "won").expect("won is an end");
        for (place, point) in of_won.by_days.iter().enumerate() {
            let (low, high) = point.low.zip(point.high).expect("an interval");
            let known = truth(f64::from(point.days));
            held[place] += usize::from(low <= known && known <= high);
        }
    }
    assert!(held.iter().all(|held| *held >= 36), "{held:?} of 40 intervals hold the truth at 30, 60 and 90 days");
}

#[test]
fn intervals_over_rows_hold_the_truth_as_often_as_they_say() {
    let mut held = 0;
    for seed in 0..200 {
        let mut chance = Chance::new(3000 + seed);
        let units: Vec<BacktestUnit> = (0..120).map(|number| unit(number, false, Vec::new())).collect();
        // All rows of an account share its luck, so that rows are far from independent.
        let lucky: Vec<bool> = units.iter().map(|_| chance.happens(0.3)).collect();
        let mut rows = Vec::new();
        for date in 0..4 {
            for (number, lucky) in (0..).zip(&lucky) {
                let positive = chance.happens(if *lucky { 0.7 } else { 0.1 });
                let label = if positive { RowLabel::Positive } else { RowLabel::Negative };
                rows.push(UnitRow { label, ..row(date, number) });
            }
        }
        let report = rank(&observations(4, units, rows), None);
        let [low, high] = report.all.rate_interval.expect("rows of both kinds");
        let truth = 0.3 * 0.7 + 0.7 * 0.1;
        held += usize::from(low <= truth && truth <= high);
    }
    assert!((180..=196).contains(&held), "{held} of 200 intervals hold the truth");
}
