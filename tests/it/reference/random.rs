//! Generates random cases from a seed: a valid model, events, enrichment and an `as_of`.

mod events;
mod expressions;
mod further;
mod models;
mod outcomes;
mod parts;
mod twist;

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};

/// One case. The events are NDJSON lines.
#[derive(Clone, Debug)]
pub struct Case {
    pub model: String,
    pub events: Vec<String>,
    pub users_csv: Option<String>,
    pub accounts_csv: Option<String>,
    /// Outcomes in their own columns.
    pub outcomes_csv: Option<String>,
    pub as_of: String,
}

/// The case of a seed. The same seed always gives the same case.
pub fn case(seed: u64) -> Case {
    staged(seed).0
}

/// The case of a seed with joined ids, e-mails, internal users and ids in other spellings.
pub fn twisted(seed: u64) -> Case {
    let (mut case, stage) = staged(seed);
    let mut rng = Rng { state: seed ^ 0x7769_7374, common: Vec::new() };
    rng.draw();
    twist::twist(&mut case, &mut rng, &stage);
    case
}

fn staged(seed: u64) -> (Case, Stage) {
    let mut rng = Rng { state: seed, common: Vec::new() };
    rng.draw();
    rng.common = rng.some(&expressions::NAMES, 35, 3);
    let stage = Stage::new(&mut rng);
    let mut model = models::model(&mut rng, &stage);
    let mut newer = Rng { state: seed ^ 0x6e65_7765, common: Vec::new() };
    newer.draw();
    further::further(&mut model, &mut newer);
    let events = events::lines(&mut rng, &stage);
    let users_csv = rng.chance(60).then(|| events::users_csv(&mut rng));
    let accounts_csv = rng.chance(60).then(|| events::accounts_csv(&mut rng));
    let as_of = stage.as_of_text.clone();
    let mut case = Case { model, events, users_csv, accounts_csv, outcomes_csv: None, as_of };
    let mut newest = Rng { state: seed ^ 0x6f75_7463, common: Vec::new() };
    newest.draw();
    outcomes::outcomes(&mut case, &mut newest, &stage);
    (case, stage)
}

pub use further::RECORD;

/// A generator of its own for what a test adds to a case.
pub fn rng(seed: u64) -> Rng {
    let mut rng = Rng { state: seed ^ 0x7374_616e, common: Vec::new() };
    rng.draw();
    rng
}

/// A splitmix64 generator, with the few event names that its case uses most.
pub struct Rng {
    state: u64,
    pub common: Vec<&'static str>,
}

impl Rng {
    pub fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `n - 1`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.draw() % n as u64) as usize
    }

    /// A number from `low` to `high`, inclusive.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1) as usize) as i64
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }

    /// Keeps each item with a probability, in order, and at least `least` items.
    pub fn some<T: Clone>(&mut self, list: &[T], percent: usize, least: usize) -> Vec<T> {
        let mut kept = Vec::new();
        for (at, item) in list.iter().enumerate() {
            let left = list.len() - at;
            if kept.len() + left <= least || self.chance(percent) {
                kept.push(item.clone());
            }
        }
        kept
    }
}

/// The time zone, the as-of point and the range of days before it.
pub struct Stage {
    pub zone: TimeZone,
    pub zone_name: &'static str,
    pub unzoned: Option<&'static str>,
    pub as_of: i64,
    pub as_of_text: String,
    /// The number of days before the end that have events.
    pub days: i64,
}

impl Stage {
    fn new(rng: &mut Rng) -> Stage {
        // The clocks of the zone change on each of these dates; UTC and Kathmandu have plain dates.
        let places = [
            ("UTC", "2026-03-01"),
            ("America/New_York", "2026-03-08"),
            ("America/New_York", "2025-11-02"),
            ("Europe/Berlin", "2026-03-29"),
            ("Europe/Berlin", "2025-10-26"),
            ("America/Sao_Paulo", "2018-11-04"),
            ("America/Sao_Paulo", "2019-02-17"),
            ("Australia/Lord_Howe", "2026-04-05"),
            ("Australia/Lord_Howe", "2025-10-05"),
            ("Pacific/Apia", "2011-12-31"),
            ("Asia/Kathmandu", "2026-01-01"),
        ];
        let (zone_name, change) = rng.pick(&places);
        let zone = TimeZoneDatabase::bundled().get(zone_name).expect("the zone is a known one");
        let change: Date = change.parse().expect("a date");
        let after = if rng.chance(30) { rng.between(0, 2) } else { rng.between(0, 40) };
        let date = change.checked_add(after.days()).expect("in range");
        let midnight = midnight(&zone, date);
        let (as_of, as_of_text) = match rng.below(5) {
            0 | 1 => (self::midnight(&zone, date.tomorrow().expect("in range")), date.to_string()),
            2 => (midnight, text(midnight)),
            _ => {
                let instant = midnight + rng.between(1, 86_399) * 1_000_000 + rng.pick(&[0, 0, 1, 250_000]);
                let offset = TimeZone::fixed(jiff::tz::offset(rng.between(-11, 12) as i8));
                let zoned = Timestamp::from_microsecond(instant).expect("in range").to_zoned(offset);
                (instant, zoned.strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string())
            }
        };
        let days = rng.pick(&[5, 30, 60, 110]);
        let unzoned = rng.chance(20).then_some("Asia/Tokyo");
        Stage { zone, zone_name, unzoned, as_of, as_of_text, days }
    }

    /// The local date a number of days before the end.
    pub fn date_before(&self, days: i64) -> Date {
        let last = Timestamp::from_microsecond(self.as_of - 1).expect("in range");
        last.to_zoned(self.zone.clone()).date().checked_sub(days.days()).expect("in range")
    }
}

/// The first instant of a local date, microseconds.
pub fn midnight(zone: &TimeZone, date: Date) -> i64 {
    date.to_zoned(zone.clone()).expect("in range").timestamp().as_microsecond()
}

/// An instant in RFC 3339 and UTC.
pub fn text(instant: i64) -> String {
    Timestamp::from_microsecond(instant).expect("in range").to_string()
}
