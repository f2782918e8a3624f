//! Tests of parsing and formatting times, of zones at their transitions, and of windows.

use super::{
    AsOf, DateWindow, DayReader, INSTANT_MAX, INSTANT_MIN, InstantReader, TimeError, Zone, civil_date, format_day,
    format_instant, instant_reader::seconds_of_day, parse_day, parse_instant, parse_rfc3339,
};
use crate::units::{DAY_US, Day};

fn at(text: &str) -> Option<String> {
    parse_instant(text, &Zone::utc()).ok().map(format_instant)
}

#[test]
fn instants_and_days_are_written_as_jiff_writes_them() {
    let day_us = DAY_US + 86_399_999_999;
    for step in -70_000_i64..290_000 {
        // Steps of about ten days that move through the day, over all years that events may have.
        let at = step * 10 * day_us / 2 + step.rem_euclid(7) * 100_000;
        if !(INSTANT_MIN..INSTANT_MAX).contains(&at) {
            continue;
        }
        let stamp = jiff::Timestamp::from_microsecond(at).expect("in range");
        assert_eq!(format_instant(at), stamp.to_string());
        let day = Day::try_from(at.div_euclid(DAY_US)).expect("in range");
        assert_eq!(format_day(day), civil_date(day).to_string());
    }
    assert_eq!(format_instant(1), "1970-01-01T00:00:00.000001Z");
    assert_eq!(format_instant(-1), "1969-12-31T23:59:59.999999Z");
}

/// Times in every way of writing, good and bad, around the ends of days, of summer time and of the years.
const WRITTEN_TIMES: [&str; 64] = [
    "2026-03-08T00:00:00Z",
    "2026-03-08T06:59:59.999999Z",
    "2026-03-08T07:00:00.5Z",
    "2026-03-08T23:59:60Z",
    "2026-03-08T24:00:00Z",
    "2026-03-08T05:00:00Z",
    "2026-03-08T04:59:59Z",
    "2026-03-08T1x:00:00Z",
    "2026-03-08T10:00:00.Z",
    "2026-03-08T10:00:00.1234567Z",
    "2026-03-08T10:00:00.12a",
    "2026-03-08T10:00:00+01:00",
    "2026-03-08T10:00:00+00:00",
    "2026-03-08T10:00:00.25+00:00",
    "2026-03-08T10:00:00.+00:00",
    "2026-03-08T10:00:00-00:00",
    "2026-03-08T10:00:00+00:0",
    "2026-03-08T10:00:00ZZ",
    "2026-03-08T10:00:00Z+00:00",
    "2026-03-08T10:00:00.5",
    "2026-03-08T10:00:00",
    "2026-03-08 10:00:00Z",
    "2026-03-08 10:00:00",
    "2026-03-08 10:00:00.540000",
    "2026-03-08 10:00:00 UTC",
    "2026-03-08 10:00:00.5 UTC",
    "2026-03-08 10:00:00+00",
    "2026-03-08 10:00:00.25+00",
    "2026-03-08 10:00:00 +00",
    "2026-03-08 10:00:00+0000",
    "2026-03-08T10:00:00+00+00",
    "2026-03-08 10:00",
    " 2026-03-08 10:00:00 ",
    "2026-03-08_10:00:00",
    "2026-03-09T03:59:59Z",
    "2026-03-09T04:00:00Z",
    "2026-02-30T10:00:00Z",
    "0001-01-01T00:00:00Z",
    "0001-01-02T12:00:00Z",
    "0001-01-02T13:00:00Z",
    "9999-12-30T11:00:00Z",
    "9999-12-30T12:00:00Z",
    "1772442847622",
    "0",
    "007",
    "46054",
    "99999999",
    "100000000",
    "0000000100000000",
    "99999999999",
    "100000000000",
    "99999999999999",
    "100000000000000",
    "99999999999999999",
    "100000000000000000",
    "1772442847.25",
    "-1772442847",
    "1.5e9",
    "17724x",
    "",
    "2026-11-01T05:30:00Z",
    "2026-11-01T06:30:00Z",
    "2026-11-02T04:59:59Z",
    "2026-11-02T05:00:00Z",
];

#[test]
fn a_reader_that_remembers_reads_as_one_that_does_not() {
    for zone in [Zone::from_name("America/New_York").expect("known"), Zone::utc()] {
        let mut reader = InstantReader::new(&zone);
        let mut days = DayReader::new(&zone);
        for text in WRITTEN_TIMES.iter().chain(&WRITTEN_TIMES) {
            let at = reader.parse(text);
            assert_eq!(at, parse_instant(text, &zone), "{text}");
            if let Ok(at) = at {
                assert_eq!(days.day(at), zone.day(at), "{text}");
            }
        }
    }
}

#[test]
fn seconds_of_a_day_are_those_of_its_digits_and_nothing_else_is_a_time() {
    for second in 0..86_400 {
        let text = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
        let bytes: [u8; 8] = text.as_bytes().try_into().expect("eight bytes");
        assert_eq!(seconds_of_day(bytes), Some(second), "{text}");
    }
    for (at, byte) in (0..8).flat_map(|at| (0..=255).map(move |byte| (at, byte))) {
        let mut bytes = *b"12:34:56";
        bytes[at] = byte;
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        let digits = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
        let number = |from: usize| text.get(from..from + 2).filter(digits)?.parse::<i64>().ok();
        let colons = bytes[2] == b':' && bytes[5] == b':';
        let parts =
            number(0).zip(number(3)).zip(number(6)).filter(|((h, m), s)| colons && *h < 24 && *m < 60 && *s < 60);
        assert_eq!(seconds_of_day(bytes), parts.map(|((h, m), s)| (h * 60 + m) * 60 + s), "byte {byte} at {at}");
    }
}

#[test]
fn times_are_read_in_every_promised_form() {
    let cases = [
        ("2026-03-02T09:14:07.622Z", "2026-03-02T09:14:07.622Z"),
        ("2026-03-02 09:14:07", "2026-03-02T09:14:07Z"),
        ("2026-03-02t09:14:07.1234567z", "2026-03-02T09:14:07.123456Z"),
        ("2026-03-02T09:14:07+05:30", "2026-03-02T03:44:07Z"),
        ("1998-12-31T23:59:60Z", "1999-01-01T00:00:00Z"),
        ("1772442847", "2026-03-02T09:14:07Z"),
        ("1772442847.5", "2026-03-02T09:14:07.5Z"),
        ("1772442847622", "2026-03-02T09:14:07.622Z"),
        ("1772442847622001", "2026-03-02T09:14:07.622001Z"),
        ("1772442847622001999", "2026-03-02T09:14:07.622001Z"),
        ("1.772442847e9", "2026-03-02T09:14:07Z"),
        ("100000000", "1973-03-03T09:46:40Z"),
        ("-100000000", "1966-10-31T14:13:20Z"),
        ("2026-03-02T09:14Z", "2026-03-02T09:14:00Z"),
        ("2026-03-02 09:14", "2026-03-02T09:14:00Z"),
        ("2026-03-02 09:14+02", "2026-03-02T07:14:00Z"),
        ("2026-03-02T09:14:07+0100", "2026-03-02T08:14:07Z"),
        ("2026-03-02 09:14:07.5 -0530", "2026-03-02T14:44:07.5Z"),
        ("2026-03-02 09:14:07 UTC", "2026-03-02T09:14:07Z"),
        ("2026-03-02 09:14:07utc", "2026-03-02T09:14:07Z"),
        ("2026-03-02 09:14:07+00", "2026-03-02T09:14:07Z"),
        ("\u{a0}2026-03-02 09:14:07 +00:00\n", "2026-03-02T09:14:07Z"),
    ];
    for (text, expected) in cases {
        assert_eq!(at(text).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn what_is_no_time_is_refused() {
    for text in [
        "",
        "2026-02-29T00:00:00Z",
        "2026-03-02",
        "2026-03-02T24:00:00Z",
        "2026-03-02T09:14:Z",
        "2026-03-02T09:14.5Z",
        "2026-03-02T09:1",
        "2026-03-02T09",
        "2026-03-02T09:14:60Z",
        "2026-03-02T09:14:07.Z",
        "2026-03-02T09:14:07+010",
        "2026-03-02T09:14:07+01:0",
        "2026-03-02T09:14:07+24",
        "2026-03-02T09:14:07+0060",
        "2026-03-02T09:14:07 CET",
        "2026-03-02T09:14:07 +",
        "tomorrow",
        "1,5",
        "0x10",
        "2026-03-02T09:14:07,5Z",
    ] {
        assert_eq!(parse_instant(text, &Zone::utc()), Err(TimeError::Malformed), "{text}");
    }
    assert_eq!(parse_instant("99999999999999999999999", &Zone::utc()), Err(TimeError::OutOfRange));
    for (text, error) in [
        ("0", TimeError::SmallNumber),
        ("-1", TimeError::SmallNumber),
        ("-46054", TimeError::SmallNumber),
        ("20260201", TimeError::SmallNumber),
        ("99999999.9", TimeError::SmallNumber),
        ("46054", TimeError::SerialNumber),
        ("46054.4166666667", TimeError::SerialNumber),
        ("4.6054e4", TimeError::SerialNumber),
    ] {
        assert_eq!(parse_instant(text, &Zone::utc()), Err(error), "{text}");
    }
}

#[test]
fn days_follow_the_zone_through_its_changes() {
    let zone = Zone::from_name("America/New_York").expect("a zone");
    let day = |text| parse_instant(text, &zone).map(|at| zone.day(at)).map(format_day).expect("a time");
    assert_eq!(day("2026-03-08T04:59:59Z"), "2026-03-07");
    assert_eq!(day("2026-03-08T05:00:00Z"), "2026-03-08");
    assert_eq!(day("2026-03-09T03:59:59Z"), "2026-03-08");
    assert_eq!(day("2026-03-09T04:00:00Z"), "2026-03-09");
    let mut reader = DayReader::new(&zone);
    for at in (0..4000).map(|i| 1_772_000_000_000_000 + i * 977_000_001) {
        assert_eq!(reader.day(at), zone.day(at));
    }
}

#[test]
fn a_date_that_a_zone_skipped_begins_with_the_next() {
    let zone = Zone::from_name("Pacific/Apia").expect("a zone");
    let skipped = parse_day("2011-12-30").expect("a date");
    assert_eq!(zone.day_start(skipped), zone.day_start(skipped + 1));
    assert_eq!(format_instant(zone.day_start(skipped)), "2011-12-30T10:00:00Z");
}

#[test]
fn local_times_without_a_zone_are_read_in_the_given_one() {
    let zone = Zone::from_name("Europe/Berlin").expect("a zone");
    assert_eq!(parse_instant("2026-07-01 12:00:00", &zone).map(format_instant).as_deref(), Ok("2026-07-01T10:00:00Z"));
}

#[test]
fn a_day_is_partial_if_it_goes_on_after_as_of() {
    let zone = Zone::utc();
    let noon = parse_rfc3339("2026-10-31T12:00:00Z").expect("an instant");
    assert!(AsOf::new(noon, &zone).partial);
    let midnight = parse_rfc3339("2026-11-01T00:00:00Z").expect("an instant");
    let as_of = AsOf::new(midnight, &zone);
    assert_eq!((format_day(as_of.day).as_str(), as_of.partial), ("2026-10-31", false));
}

#[test]
fn a_window_is_whole_dates() {
    let day = |text| parse_day(text).expect("a date");
    let (today, start) = (day("2026-10-31"), day("2026-10-01"));
    assert_eq!(DateWindow::Last { days: 28, ago: 0 }.dates(today, start), (day("2026-10-04"), today));
    assert_eq!(DateWindow::Last { days: 28, ago: 28 }.dates(today, start), (day("2026-09-06"), day("2026-10-03")));
    assert_eq!(DateWindow::Month.dates(today, start), (day("2026-10-01"), today));
    assert_eq!(DateWindow::First { days: 14 }.dates(today, start), (start, day("2026-10-14")));
}
