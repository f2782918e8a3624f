//! Time zones: the local date of an instant, and the instant at which a date begins.

use jiff::{civil, tz::TimeZone};

use super::civil_date;
use crate::units::{DAY_US, Day, Micros};

/// An IANA time zone from the compiled-in database.
#[derive(Debug, Clone)]
pub struct Zone {
    name: String,
    /// None for zones that are UTC by definition, which need no look-up.
    rules: Option<TimeZone>,
    /// Stretches of one offset from 1970 on, in order; what lies before or after is asked of the rules.
    spans: Vec<OffsetSpan>,
}

/// How many stretches are remembered: enough for more than a century of summer times.
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

    /// The zone of an IANA name, in any case; none if the database has no such zone.
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

    /// Every name that the database has, for suggestions.
    pub fn names() -> Vec<String> {
        jiff::tz::TimeZoneDatabase::bundled().available().map(|name| name.to_string()).collect()
    }

    /// The IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the wall clock shows UTC.
    pub fn is_utc(&self) -> bool {
        self.rules.is_none()
    }

    /// The local date of an instant.
    pub fn day(&self, at: Micros) -> Day {
        self.span_around(at).day(at)
    }

    /// The first instant of a local date (of the next date that exists, where a zone has skipped one).
    pub fn day_start(&self, day: Day) -> Micros {
        let Some(rules) = &self.rules else { return Micros::from(day) * DAY_US };
        let start = civil_date(day).to_zoned(rules.clone());
        start.map_or(Micros::from(day) * DAY_US, |zoned| zoned.timestamp().as_microsecond())
    }

    /// The instant of a local date and time; in a gap or fold, as RFC 5545 reads it.
    pub(super) fn instant_of_local(&self, local_us: i64) -> Micros {
        let Some(rules) = &self.rules else { return local_us };
        let day = local_us.div_euclid(DAY_US);
        let rest = local_us.rem_euclid(DAY_US);
        let Ok(day) = Day::try_from(day) else { return local_us };
        let time = civil::Time::midnight() + jiff::SignedDuration::from_micros(rest);
        let zoned = civil_date(day).to_datetime(time).to_zoned(rules.clone());
        zoned.map_or(local_us, |zoned| zoned.timestamp().as_microsecond())
    }

    /// A stretch around an instant in which the zone's offset is one and the same.
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
        // `preceding` is strictly before; a transition at this very instant begins the span.
        let from = match rules.following(stamp - jiff::SignedDuration::from_micros(1)).next() {
            Some(next) if next.timestamp() == stamp => at,
            _ => rules.preceding(stamp).next().map_or(Micros::MIN, |t| t.timestamp().as_microsecond()),
        };
        let until = rules.following(stamp).next().map_or(Micros::MAX, |t| t.timestamp().as_microsecond());
        OffsetSpan { from, until, offset }
    }
}

/// A stretch of time with one offset. **Units**: microseconds.
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

/// Instants to local dates for one thread, remembering the last stretch of one offset.
#[derive(Debug)]
pub struct DayReader<'z> {
    zone: &'z Zone,
    span: OffsetSpan,
    /// The date given last, from its first instant in the span to the one after its last.
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
