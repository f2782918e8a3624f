//! Any list that is written is read back as it was.

use std::collections::BTreeMap;

use proptest::{collection::vec, option, prelude::*};

use super::samples::{Place, RunEnd};
use crate::{
    record::{
        AlertStanding, DepartedEntity, EntityStanding, KeptEntity, LevelRecord, LevelSnapshot, ListRecord,
        SnapshotRoute, SnapshotTier,
    },
    record_folder::{
        LogEntry, LogStanding, StepPoints,
        log_entry::{log_lines, read_log_line},
    },
};
use pql_model::{
    EntityKind, PerKind,
    clock::AsOf,
    units::{Day, Points},
};

/// Names with quotes, controls and marks that are no ASCII.
const NAMES: [&str; 4] = ["hot", "a \"b\" \\ \n", "é\u{202e}", "cap:score"];
/// The bound of an amount, thousandths.
const POINTS_MAX: i64 = 100_000_000_000_000;

fn a_day() -> impl Strategy<Value = Day> {
    -719_000..2_900_000_i32
}

fn an_alert() -> impl Strategy<Value = AlertStanding> {
    (any::<bool>(), option::of(a_day()), option::of(a_day()), option::of(a_day()))
        .prop_map(|(held, waits_since, fired, fired_now)| AlertStanding { held, waits_since, fired, fired_now })
}

/// Values at some places of a list of names, in order.
fn at_places<V: std::fmt::Debug>(value: impl Strategy<Value = V>) -> impl Strategy<Value = Box<[(u32, V)]>> {
    vec(option::of(value), NAMES.len())
        .prop_map(|values| (0..).zip(values).filter_map(|(place, value)| Some((place, value?))).collect())
}

fn what_is_kept() -> impl Strategy<Value = KeptEntity> {
    (a_day(), option::of(a_day()), option::of(any::<String>()), at_places(an_alert())).prop_map(
        |(tier_since, first_qualified, assignee, alerts)| KeptEntity {
            tier_since,
            first_qualified,
            assignee: assignee.map(Into::into),
            alerts,
        },
    )
}

fn some_points() -> impl Strategy<Value = Points> {
    prop_oneof![-5000..5000_i64, -POINTS_MAX..POINTS_MAX].prop_map(Points)
}

fn a_place() -> impl Strategy<Value = Option<u32>> {
    option::of(0..NAMES.len() as u32)
}

fn a_standing() -> impl Strategy<Value = EntityStanding> {
    (
        (any::<String>(), option::of(any::<String>()), some_points()),
        (a_place(), a_place(), a_place(), at_places(some_points())),
    )
        .prop_map(|((id, account, score), (tier, route, suppressed, amounts))| EntityStanding {
            id: id.into(),
            account: account.map(Into::into),
            score,
            tier,
            route,
            suppressed,
            amounts,
            tier_facts: Box::default(),
        })
}

fn a_level() -> impl Strategy<Value = LevelRecord> {
    let present = vec((a_standing(), what_is_kept()), 0..12);
    let departed = vec((any::<String>(), a_day(), what_is_kept()), 0..4);
    (present, departed, any::<[bool; 4]>()).prop_map(|(present, departed, flags)| {
        let present: BTreeMap<Box<str>, (EntityStanding, KeptEntity)> =
            present.into_iter().map(|(standing, kept)| (standing.id.clone(), (standing, kept))).collect();
        let departed = departed.into_iter().filter(|(id, ..)| !present.contains_key(id.as_str()));
        let departed = departed.map(|(id, gone, kept)| (id.into(), DepartedEntity { gone, kept })).collect();
        let (standings, kept): (Vec<EntityStanding>, Vec<KeptEntity>) = present.into_values().unzip();
        let names = || NAMES.map(str::to_owned).to_vec();
        let tier = |(name, qualified): (&str, bool)| SnapshotTier { name: name.into(), qualified };
        let route = |(name, human): (&str, bool)| SnapshotRoute {
            name: name.into(),
            human,
            assignee: human.then(|| name.to_owned()),
        };
        LevelRecord {
            snapshot: LevelSnapshot {
                tiers: NAMES.into_iter().zip(flags).map(tier).collect(),
                routes: NAMES.into_iter().zip(flags).map(route).collect(),
                suppressions: names(),
                point_sources: names(),
                tier_facts: Vec::new(),
                standings: standings.into(),
            },
            kept,
            departed,
            alerts: names(),
        }
    })
}

fn a_list() -> impl Strategy<Value = ListRecord> {
    let assigned = vec((a_day(), any::<String>(), any::<u64>()), 0..3);
    let instant = (-62_000_000_000_000_000..253_000_000_000_000_000_i64, a_day(), any::<bool>());
    (instant, a_level(), a_level(), assigned).prop_map(|((instant, day, partial), user, account, assigned)| {
        ListRecord {
            as_of: AsOf { instant, day, partial },
            levels: PerKind { user, account },
            assigned: assigned.into_iter().map(|(day, name, count)| (day, BTreeMap::from([(name, count)]))).collect(),
        }
    })
}

fn log_changes() -> impl Strategy<Value = LogEntry> {
    let standing = || {
        option::of((some_points(), option::of(any::<String>())))
            .prop_map(|one| one.map(|(score, tier)| LogStanding { score, tier: tier.map(Into::into) }))
    };
    let steps = [some_points(), some_points(), some_points(), some_points()];
    let signals = vec((any::<String>(), steps), 0..3);
    (any::<bool>(), any::<String>(), option::of(any::<String>()), standing(), standing(), signals).prop_map(
        |(is_user, id, account, before, now, signals)| LogEntry {
            kind: if is_user { EntityKind::User } else { EntityKind::Account },
            id: id.into(),
            account: account.map(Into::into),
            before,
            now,
            signals: signals
                .into_iter()
                .map(|(name, [time, events, traits, model])| (name.into(), StepPoints { time, events, traits, model }))
                .collect(),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_list_comes_back_as_it_was(list in a_list()) {
        let place = Place::new();
        let mut folder = place.begin().expect("a new record");
        place.run_list(&mut folder, &list, RunEnd::Published).expect("a run");
        let read = folder.repeated(list.as_of.instant).expect("whole").expect("a run");
        prop_assert_eq!(format!("{:?}", read.list), format!("{list:?}"));
    }

    #[test]
    fn an_entry_of_the_log_comes_back_as_it_was(entry in log_changes()) {
        let as_of = super::samples::end_of("2026-10-31");
        let bytes = log_lines(as_of, std::slice::from_ref(&entry));
        let read = read_log_line(&bytes).expect("a line");
        prop_assert_eq!((read.as_of, read.date), (as_of.instant, as_of.day));
        prop_assert_eq!(read.entry, entry);
    }
}
