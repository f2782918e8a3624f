//! Time zones: the local date of an instant, and the first instant of a date.
//!
//! A [`Zone`] caches the spans of constant offset, so that most look-ups need no rules. A
//! [`DayReader`] also caches the last date.

use jiff::{civil, tz::TimeZone};

use super::civil_date;
use crate::units::{DAY_US, Day, Micros};

/// An IANA time zone from the compiled-in database.
#[derive(Debug, Clone)]
pub struct Zone {
    name: String,
    /// None for zones that are UTC by definition.
    rules: Option<TimeZone>,
    /// Spans of constant offset from 1970 on, in order. The rules answer for instants outside of
    /// them.
    spans: Vec<OffsetSpan>,
}

/// The number of cached spans, enough for more than a century of summer times.
const SPANS_MAX: usize = 300;

impl Zone {
    /// UTC.
    pub fn utc() -> Zone {
        Zone {
            name: "UTC".to_owned(),
            rules: None,
            spans: vec![OffsetSpan { from: Micros::MIN, until: Micros::MAX, offset: 0 }],
        }
    }

    /// The zone of an IANA name, in upper or lower case. None if the database has no such zone.
    pub fn from_name(name: &str) -> Option<Zone> {
        let rules = jiff::tz::TimeZoneDatabase::bundled().get(name).ok()?;
        let name = rules.iana_name().unwrap_or(name).to_owned();
        if matches!(name.as_str(), "UTC" | "Etc/UTC") {
            return Some(Zone { name, ..Zone::utc() });
        }
        let mut zone = Zone { name, rules: Some(rules), spans: Vec::new() };
        let mut at = 0;
        while zone.spans.len() < SPANS_MAX {
            let span = zone.span_by_rules(at);
            zone.spans.push(span);
            if span.until == Micros::MAX {
                break;
            }
            at = span.until;
        }
        Some(zone)
    }

    /// All names in the database, for suggestions.
    pub(crate) fn names() -> Vec<String> {
        jiff::tz::TimeZoneDatabase::bundled().available().map(|name| name.to_string()).collect()
    }

    /// The IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// True if the wall clock of the zone is UTC.
    pub fn is_utc(&self) -> bool {
        self.rules.is_none()
    }

    /// The local date of an instant.
    pub fn day(&self, at: Micros) -> Day {
        self.span_around(at).day(at)
    }

    /// The first instant of a local date. If the zone skipped the date, the first instant of the
    /// next one.
    pub fn day_start(&self, day: Day) -> Micros {
        let Some(rules) = &self.rules else { return Micros::from(day) * DAY_US };
        let start = civil_date(day).to_zoned(rules.clone());
        start.map_or(Micros::from(day) * DAY_US, |zoned| zoned.timestamp().as_microsecond())
    }

    /// The instant of a local date and time. A time in a gap or a fold is read as RFC 5545 says.
    pub(super) fn instant_of_local(&self, local_us: i64) -> Micros {
        let Some(rules) = &self.rules else { return local_us };
        let day = local_us.div_euclid(DAY_US);
        let rest = local_us.rem_euclid(DAY_US);
        let Ok(day) = Day::try_from(day) else { return local_us };
        let time = civil::Time::midnight() + jiff::SignedDuration::from_micros(rest);
        let zoned = civil_date(day).to_datetime(time).to_zoned(rules.clone());
        zoned.map_or(local_us, |zoned| zoned.timestamp().as_microsecond())
    }

    /// The span of constant offset around an instant.
    fn span_around(&self, at: Micros) -> OffsetSpan {
        let after = self.spans.partition_point(|span| span.from <= at);
        match after.checked_sub(1).and_then(|index| self.spans.get(index)) {
            Some(span) if at < span.until => *span,
            _ => self.span_by_rules(at),
        }
    }

    fn span_by_rules(&self, at: Micros) -> OffsetSpan {
        let Some(rules) = &self.rules else { return OffsetSpan { from: Micros::MIN, until: Micros::MAX, offset: 0 } };
        let Ok(stamp) = jiff::Timestamp::from_microsecond(at) else {
            return OffsetSpan { from: at, until: at, offset: 0 };
        };
        let offset = i64::from(rules.to_offset(stamp).seconds()) * 1_000_000;
        // `preceding` excludes the instant itself, so a transition at the instant is looked up
        // first.
        let from = match rules.following(stamp - jiff::SignedDuration::from_micros(1)).next() {
            Some(next) if next.timestamp() == stamp => at,
            _ => rules.preceding(stamp).next().map_or(Micros::MIN, |t| t.timestamp().as_microsecond()),
        };
        let until = rules.following(stamp).next().map_or(Micros::MAX, |t| t.timestamp().as_microsecond());
        OffsetSpan { from, until, offset }
    }
}

/// A span of time with a constant offset. **Units**: microseconds.
#[derive(Debug, Clone, Copy)]
struct OffsetSpan {
    from: Micros,
    until: Micros,
    offset: i64,
}

impl OffsetSpan {
    fn day(&self, at: Micros) -> Day {
        Day::try_from((at + self.offset).div_euclid(DAY_US)).unwrap_or(0)
    }
}

/// Converts instants to local dates for one thread, with a cache of the last span and date.
#[derive(Debug)]
pub struct DayReader<'z> {
    zone: &'z Zone,
    span: OffsetSpan,
    /// The last date, with the first instant of it in the span and the end, exclusive.
    last: (Micros, Micros, Day),
}

impl<'z> DayReader<'z> {
    /// A reader for one zone.
    pub fn new(zone: &'z Zone) -> DayReader<'z> {
        DayReader { zone, span: zone.span_around(0), last: (0, 0, 0) }
    }

    /// The local date of an instant.
    pub fn day(&mut self, at: Micros) -> Day {
        let (from, until, day) = self.last;
        if (from..until).contains(&at) {
            return day;
        }
        if at < self.span.from || at >= self.span.until {
            self.span = self.zone.span_around(at);
        }
        let day = self.span.day(at);
        let midnight = i64::from(day) * DAY_US - self.span.offset;
        self.last = (midnight.max(self.span.from), (midnight + DAY_US).min(self.span.until), day);
        day
    }
}
