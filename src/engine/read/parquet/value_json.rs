//! Writes single values as JSON.
//!
//! Takes a value and the type of its column, gives JSON. Invariant: integers and decimals keep all
//! their digits. Numbers that JSON does not have, such as NaN, are missing. Bytes that are not text
//! become hexadecimal digits.

use std::io::Write;

use jiff::Timestamp;
use parquet::{
    basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical},
    data_type::Int96,
    schema::types::ColumnDescriptor,
};

use super::{
    fault::{ParquetFault, ParquetFaultResult},
    value_decoder::LeafValues,
};
use crate::read::json_record::{write_text, write_value};

/// The Julian day of 1 January 1970, from which the days of INT96 times are counted.
const JULIAN_DAY_OF_1970: i64 = 2_440_588;

/// More digits after the point than a number of 16 bytes can need, and fewer than would be a burden.
const SCALE_MAX: i32 = 1000;

const NANOS_OF_DAY: i128 = 86_400_000_000_000;

/// The JSON form of the values of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueEncoding {
    /// By the physical type.
    Plain,
    /// An unsigned integer.
    Unsigned,
    /// A number with a given count of digits after the point.
    Decimal(usize),
    /// Days since 1970.
    Date,
    /// Multiples of a unit in nanoseconds since 1970, and true if they are in UTC rather than in no
    /// zone.
    Instant { unit_nanos: i64, utc: bool },
    /// Multiples of a unit in nanoseconds since midnight.
    TimeOfDay { unit_nanos: i64 },
    /// 16 bytes as text with dashes.
    Uuid,
    /// A number of two bytes.
    Half,
}

impl ValueEncoding {
    /// The JSON form of a column by its logical type, or by the older form of it.
    ///
    /// # Errors
    ///
    /// A decimal of more digits after the point than are written.
    pub(super) fn of(descriptor: &ColumnDescriptor) -> ParquetFaultResult<Self> {
        if descriptor.type_scale() > SCALE_MAX {
            return Err(ParquetFault::damaged(format!(
                "its numbers have more than {SCALE_MAX} digits after the point"
            )));
        }
        Ok(Self::usual(descriptor))
    }

    fn usual(descriptor: &ColumnDescriptor) -> Self {
        let scale = || usize::try_from(descriptor.type_scale()).unwrap_or(0);
        match descriptor.logical_type_ref() {
            Some(LogicalType::Timestamp(time)) => {
                return Self::Instant { unit_nanos: nanos_of(&time.unit), utc: time.is_adjusted_to_u_t_c };
            }
            Some(LogicalType::Time(time)) => return Self::TimeOfDay { unit_nanos: nanos_of(&time.unit) },
            Some(LogicalType::Date) => return Self::Date,
            Some(LogicalType::Decimal(_)) => return Self::Decimal(scale()),
            Some(LogicalType::Uuid) => return Self::Uuid,
            Some(LogicalType::Float16) => return Self::Half,
            Some(LogicalType::Integer(whole)) if !whole.is_signed => return Self::Unsigned,
            _ => {}
        }
        match descriptor.converted_type() {
            ConvertedType::TIMESTAMP_MILLIS => Self::Instant { unit_nanos: 1_000_000, utc: true },
            ConvertedType::TIMESTAMP_MICROS => Self::Instant { unit_nanos: 1000, utc: true },
            ConvertedType::TIME_MILLIS => Self::TimeOfDay { unit_nanos: 1_000_000 },
            ConvertedType::TIME_MICROS => Self::TimeOfDay { unit_nanos: 1000 },
            ConvertedType::DATE => Self::Date,
            ConvertedType::DECIMAL => Self::Decimal(scale()),
            ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64 => {
                Self::Unsigned
            }
            _ if descriptor.physical_type() == Physical::INT96 => Self::Instant { unit_nanos: 1, utc: true },
            _ => Self::Plain,
        }
    }

    /// Writes a value by its index; `false`, with nothing written, if JSON cannot express it.
    pub(super) fn write(self, values: &LeafValues, place: usize, out: &mut Vec<u8>) -> bool {
        let written = match values {
            LeafValues::None => None,
            LeafValues::Bool(all) => all.get(place).and_then(|value| write_as(out, value)),
            LeafValues::Int32(all) => all.get(place).and_then(|value| match self {
                Self::Unsigned => write_as(out, value.cast_unsigned()),
                _ => self.whole(i64::from(*value), out),
            }),
            LeafValues::Int64(all) => all.get(place).and_then(|value| match self {
                Self::Unsigned => write_as(out, value.cast_unsigned()),
                _ => self.whole(*value, out),
            }),
            LeafValues::Int96(all) => all.get(place).and_then(|value| instant(nanos_of_int96(value), true, out)),
            LeafValues::Float(all) => all.get(place).and_then(|value| write_number(out, f64::from(*value), value)),
            LeafValues::Double(all) => all.get(place).and_then(|value| write_number(out, *value, value)),
            LeafValues::Bytes(all) => all.get(place).and_then(|value| self.bytes(value.data(), out)),
            LeafValues::Fixed(all) => all.get(place).and_then(|value| self.bytes(value.data(), out)),
        };
        written.is_some()
    }

    fn whole(self, value: i64, out: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::Instant { unit_nanos, utc } => instant(i128::from(value) * i128::from(unit_nanos), utc, out),
            Self::Date => {
                let at = Timestamp::from_second(value.checked_mul(86_400)?).ok()?;
                write_as(out, at.strftime("\"%Y-%m-%d\""))
            }
            Self::TimeOfDay { unit_nanos } => {
                let at = Timestamp::from_nanosecond(i128::from(value) * i128::from(unit_nanos)).ok()?;
                write_as(out, at.strftime("\"%H:%M:%S%.f\""))
            }
            Self::Decimal(scale) => decimal(i128::from(value), scale, out),
            _ => write_as(out, value),
        }
    }

    fn bytes(self, bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
        match (self, std::str::from_utf8(bytes)) {
            (Self::Decimal(scale), _) => decimal(big_endian(bytes)?, scale, out),
            (Self::Uuid, _) if bytes.len() == 16 => {
                out.push(b'"');
                for (place, byte) in bytes.iter().enumerate() {
                    let dash = if matches!(place, 4 | 6 | 8 | 10) { "-" } else { "" };
                    write_as(out, format_args!("{dash}{byte:02x}"))?;
                }
                out.push(b'"');
                Some(())
            }
            (Self::Half, _) => {
                let value = half(u16::from_le_bytes(bytes.try_into().ok()?));
                write_number(out, f64::from(value), value)
            }
            // Empty text is missing, as in a table of text.
            (_, Ok("")) => None,
            (_, Ok(_)) => {
                write_value(out, bytes);
                Some(())
            }
            (_, Err(_)) => {
                let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                write_text(out, digits.as_bytes());
                Some(())
            }
        }
    }
}

fn nanos_of(unit: &TimeUnit) -> i64 {
    match unit {
        TimeUnit::MILLIS => 1_000_000,
        TimeUnit::MICROS => 1000,
        TimeUnit::NANOS => 1,
    }
}

/// Nanoseconds since 1970 of a time in the older form: nanoseconds of a day, then the Julian day.
fn nanos_of_int96(value: &Int96) -> i128 {
    let [low, high, day] = [0, 1, 2].map(|place| value.data()[place]);
    let nanos = i128::from(u64::from(high) << 32 | u64::from(low));
    i128::from(i64::from(day) - JULIAN_DAY_OF_1970) * NANOS_OF_DAY + nanos
}

/// Writes an instant as RFC 3339 to the microsecond, without a zone if it has none. It is missing
/// outside the years that RFC 3339 has.
fn instant(nanos: i128, utc: bool, out: &mut Vec<u8>) -> Option<()> {
    let at = Timestamp::from_microsecond(i64::try_from(nanos.div_euclid(1000)).ok()?).ok()?;
    let form = if utc { "\"%Y-%m-%dT%H:%M:%S%.fZ\"" } else { "\"%Y-%m-%dT%H:%M:%S%.f\"" };
    write_as(out, at.strftime(form))
}

/// Writes an integer with a point before its last digits.
fn decimal(value: i128, scale: usize, out: &mut Vec<u8>) -> Option<()> {
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at_checked(digits.len() - scale)?;
    let sign = if value < 0 { "-" } else { "" };
    let point = if scale > 0 { "." } else { "" };
    write_as(out, format_args!("{sign}{whole}{point}{fraction}"))
}

/// An integer of up to 16 bytes, two's complement, big-endian.
fn big_endian(bytes: &[u8]) -> Option<i128> {
    let first = *bytes.first()?;
    let start = if first & 0x80 == 0 { 0 } else { -1 };
    (bytes.len() <= 16).then(|| bytes.iter().fold(start, |value: i128, byte| value << 8 | i128::from(*byte)))
}

/// A 16-bit number of IEEE 754.
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    match exponent {
        0 => sign * fraction * 2_f32.powi(-24),
        31 if fraction == 0.0 => sign * f32::INFINITY,
        31 => f32::NAN,
        _ => sign * (1.0 + fraction / 1024.0) * 2_f32.powi(exponent - 15),
    }
}

/// Writes a finite number in its shortest exact digits.
fn write_number(out: &mut Vec<u8>, value: f64, shown: impl std::fmt::Display) -> Option<()> {
    value.is_finite().then(|| write_as(out, shown)).flatten()
}

fn write_as(out: &mut Vec<u8>, value: impl std::fmt::Display) -> Option<()> {
    write!(out, "{value}").ok()
}
