//! Timestamps, and the formats in which the API reads and writes them.

use std::fmt::{self, Display, Formatter};

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use time::format_description::StaticFormatDescription;
use time::format_description::well_known::Rfc3339;
use time::macros::{datetime, format_description};
use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime, UtcDateTime, UtcOffset};

use crate::model::parse::fields::{FieldValue, expect_str};
use crate::model::parse::problem::{Fault, Rule};
use crate::model::parse::schema::{self, JsonSchema, Schema};

/// A point in time in UTC with microsecond precision, in the years 1 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

const DATE: StaticFormatDescription = format_description!("[year]-[month]-[day]");
const COMPACT: StaticFormatDescription =
    format_description!("[year][month][day]T[hour][minute][second]Z");

const FIRST: i64 = micros(datetime!(0001-01-01 00:00:00 UTC));
const LAST: i64 = micros(datetime!(9999-12-31 23:59:59.999_999 UTC));

const fn micros(time: OffsetDateTime) -> i64 {
    time.unix_timestamp() * 1_000_000 + time.microsecond() as i64
}

impl Timestamp {
    /// Creates a timestamp from microseconds since the Unix epoch. Clamps times that are out of
    /// range.
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(FIRST, LAST))
    }

    /// Returns microseconds since the Unix epoch.
    pub fn as_micros(self) -> i64 {
        self.0
    }

    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Self {
        Self::from_micros(self.0.saturating_add(millis.saturating_mul(1000)))
    }

    #[must_use]
    pub fn plus(self, duration: std::time::Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.0.saturating_add(micros))
    }

    /// Returns the time elapsed since `earlier`, or zero if `earlier` is later than `self`.
    pub fn since(self, earlier: Self) -> std::time::Duration {
        let micros = self.0.saturating_sub(earlier.0);
        std::time::Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    /// Parses an RFC 3339 date-time with any offset, or a date alone, which means midnight UTC.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if has_sign(text) {
            return None;
        }
        let time = match Date::parse(text, DATE) {
            Ok(date) => date.midnight().assume_utc(),
            Err(_) if has_separator(text) => OffsetDateTime::parse(text, &Rfc3339).ok()?,
            Err(_) => return None,
        };
        // Converting to UTC can move a time near the end of 9999 out of range.
        let micros = micros(time.checked_to_offset(UtcOffset::UTC)?);
        (FIRST..=LAST).contains(&micros).then_some(Self(micros))
    }

    /// Like [`Timestamp::parse`], but also accepts a date-time in UTC without an offset, with or
    /// without seconds, which is what a form's `datetime-local` field submits.
    pub fn parse_lenient(text: &str) -> Option<Self> {
        let text = text.trim();
        let with = |end: &str| Self::parse(&format!("{text}{end}"));
        Self::parse(text).or_else(|| with("Z")).or_else(|| with(":00Z"))
    }

    /// Formats the time as a list cursor, with six fractional digits.
    pub fn to_cursor(self) -> String {
        self.with_iso8601(6, str::to_owned)
    }

    /// Formats the time for file names, in whole seconds: `20260526T172109Z`.
    pub fn to_compact(self) -> String {
        // Cannot fail: every part of the format exists for a time in UTC.
        self.utc().format(COMPACT).unwrap_or_default()
    }

    /// Parses the format of [`Timestamp::to_compact`].
    pub fn from_compact(text: &str) -> Option<Self> {
        if has_sign(text) {
            return None;
        }
        Some(Self(micros(PrimitiveDateTime::parse(text, COMPACT).ok()?.assume_utc())))
    }

    fn utc(self) -> UtcDateTime {
        UtcDateTime::UNIX_EPOCH + Duration::microseconds(self.0)
    }

    /// Calls `f` with the time in ISO 8601. `fraction` is the number of fractional digits, at most
    /// six; further digits are truncated. Doesn't use a format description, which took an eighth of
    /// the time that a list page takes.
    fn with_iso8601<T>(self, fraction: usize, f: impl FnOnce(&str) -> T) -> T {
        let time = self.utc();
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        let end = ISO_SECONDS + fraction;
        text[end] = b'Z';
        let numbers = [
            (0..4, time.year().unsigned_abs()),
            (5..7, u8::from(time.month()).into()),
            (8..10, time.day().into()),
            (11..13, time.hour().into()),
            (14..16, time.minute().into()),
            (17..19, time.second().into()),
            (ISO_SECONDS..end, time.microsecond() / 10u32.pow(6 - fraction as u32)),
        ];
        for (range, mut number) in numbers {
            for digit in text[range].iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        }
        f(std::str::from_utf8(&text[..=end]).unwrap_or_default())
    }
}

/// Returns whether date and time are separated as in RFC 3339, section 5.6. The `time` crate
/// accepts any separator.
fn has_separator(text: &str) -> bool {
    matches!(text.as_bytes().get("2026-05-26".len()), Some(b'T' | b't' | b' '))
}

/// Returns whether a sign precedes the year, which the `time` crate accepts.
fn has_sign(text: &str) -> bool {
    text.starts_with(['+', '-'])
}

/// The length of `2026-05-26T17:21:09.`, after which the fraction starts.
const ISO_SECONDS: usize = 20;

impl Display for Timestamp {
    /// Formats the time as `2026-05-26T17:21:09.412Z`, truncated to milliseconds.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.with_iso8601(3, |text| f.write_str(text))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_iso8601(3, |text| serializer.serialize_str(text))
    }
}

/// The serialized form doesn't round-trip exactly: it is truncated to milliseconds.
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let expected = &"an RFC 3339 date-time";
        Self::parse(&text).ok_or_else(|| Error::invalid_value(Unexpected::Str(&text), expected))
    }
}

/// A pattern that excludes the year 0000, which JSON Schema's formats allow.
const YEAR: &str = "^0{0,3}[1-9]";

impl Timestamp {
    /// Returns the schema of a date-time with any offset. A date alone is not allowed.
    pub fn date_time_schema() -> Schema {
        schema::string_with_format("date-time").pattern(Some(YEAR)).into()
    }
}

impl JsonSchema for Timestamp {
    fn schema() -> Schema {
        schema::string_with_format("date-time").into()
    }
}

impl FieldValue for Timestamp {
    fn input_schema() -> Schema {
        let date = schema::string_with_format("date").pattern(Some(YEAR));
        schema::any_of([Self::date_time_schema(), date.into()])
    }

    fn possible_faults() -> Vec<Fault> {
        vec![Fault::wrong_type("a string"), malformed()]
    }

    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        Self::parse(expect_str(value)?).ok_or_else(|| malformed().into())
    }
}

fn malformed() -> Fault {
    let requirement = "must be an ISO 8601 date, or a date-time with an offset such as \
                       2026-05-26T17:21:09Z, in the years 0001 to 9999";
    Fault::new(Rule::InvalidString, requirement)
}

impl From<OffsetDateTime> for Timestamp {
    fn from(time: OffsetDateTime) -> Self {
        Self::from_micros(micros(time))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<String> {
        Timestamp::parse(text).map(|time| time.to_string())
    }

    #[test]
    fn offsets_become_utc_and_a_date_means_midnight() {
        for (text, utc) in [
            ("2026-05-26T17:21:09.412Z", "2026-05-26T17:21:09.412Z"),
            ("2026-05-26t17:21:09z", "2026-05-26T17:21:09.000Z"),
            ("2026-05-26T19:21:09.4129+02:00", "2026-05-26T17:21:09.412Z"),
            ("2026-05-26T12:51:09-04:30", "2026-05-26T17:21:09.000Z"),
            ("2026-06-15", "2026-06-15T00:00:00.000Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
            ("1969-12-31T23:59:59.9999Z", "1969-12-31T23:59:59.999Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(utc), "{text}");
        }
    }

    #[test]
    fn text_that_is_not_rfc_3339_is_rejected() {
        for text in [
            "",
            "now",
            "1748280069",
            "2026-05-26T17:21:09",
            "2026-05-26T17:21Z",
            "20260526T172109Z",
            "2026-13-01",
            "2026-02-30",
            "2026-05-26T25:00:00Z",
            "0000-12-31",
            "10000-01-01",
            "+002026-05-26T17:21:09Z",
            "2026-05-26T17:21:09Z[UTC]",
            "2026-05-26T17:21:09+0200",
            "2026-05-26T17:21:09.Z",
            "2026-05-26_17:21:09Z",
            "0001-01-01T00:00:00+05:00",
            "9999-12-31T23:59:59-05:00",
            "2026-5-26",
            "+2026-06-15",
            "-2026-06-15",
            "+2026-06-15T00:00:00Z",
            "-2026-06-15T00:00:00Z",
            "+026-06-15",
            "2026-+6-15",
            "2026-06-+1",
            "2026-06-15T+1:00:00Z",
            "2026-06-15T01:00:+1Z",
            "2026-06-15T00:00:00.+1Z",
            "2026-06-15T00:00:00+2:00",
            "2026-06-15T00:00:00++2:00",
            "2026-06-15T00:00:00+24:00",
            "2026-06-15T00:00:00+02:60",
            "2026-06-15T00:00:00\u{2212}02:00",
            "2026-06-15T00:00:61Z",
            "2026-06-15T00:00:60Z",
            "2026-06-15T00:00:00,5Z",
            "2026-06-15T00:00:00Z ,",
            "2026-166",
            "2026-W25-1",
            "２０２６-05-26",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn the_compact_format_has_no_variants() {
        let text = "20260526T172109Z";
        assert_eq!(Timestamp::from_compact(text).unwrap().to_compact(), text);
        for other in
            ["+20260526T172109Z", "-20260526T172109Z", "20260526t172109z", "0260526T172109Z"]
        {
            assert_eq!(Timestamp::from_compact(other), None, "{other}");
        }
    }

    /// Returns whether each character matches the one in `shape`, where `0` means any digit.
    fn fits(text: &str, shape: &str) -> bool {
        text.len() == shape.len()
            && text.bytes().zip(shape.bytes()).all(|(byte, wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                b'T' => matches!(byte, b'T' | b't' | b' '),
                b'+' => matches!(byte, b'+' | b'-'),
                other => byte == other,
            })
    }

    /// Checks the grammar of RFC 3339, section 5.6, or of a date alone, without value ranges.
    fn is_grammatical(text: &str) -> bool {
        let Some((start, rest)) = text.split_at_checked("2026-05-26T17:21:09".len()) else {
            return fits(text, "0000-00-00");
        };
        let rest = match rest.strip_prefix('.') {
            Some(fraction) if fraction.starts_with(|c: char| c.is_ascii_digit()) => {
                fraction.trim_start_matches(|c: char| c.is_ascii_digit())
            }
            Some(_) => return false,
            None => rest,
        };
        fits(start, "0000-00-00T00:00:00") && (matches!(rest, "Z" | "z") || fits(rest, "+00:00"))
    }

    #[test]
    fn lenient_parsing_requires_neither_an_offset_nor_seconds() {
        for (text, utc) in [
            ("2026-05-26T17:21", "2026-05-26T17:21:00.000Z"),
            ("2026-05-26T17:21:09", "2026-05-26T17:21:09.000Z"),
            (" 2026-05-26T17:21:09.41 ", "2026-05-26T17:21:09.410Z"),
            ("2026-05-26T17:21:09+02:00", "2026-05-26T15:21:09.000Z"),
            ("2026-05-26", "2026-05-26T00:00:00.000Z"),
        ] {
            let read = Timestamp::parse_lenient(text).map(|time| time.to_string());
            assert_eq!(read.as_deref(), Some(utc), "{text}");
        }
        for text in ["", "17:21", "2026-05-26T17", "2026-05-26T17:21Z", "2026-05-26T17:21:09+02"] {
            assert_eq!(Timestamp::parse_lenient(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn times_round_trip_through_both_formats(micros in FIRST..=LAST) {
            let time = Timestamp::from_micros(micros);
            prop_assert_eq!(Timestamp::parse(&time.to_cursor()), Some(time));
            let parsed = Timestamp::parse(&time.to_string()).unwrap();
            prop_assert_eq!(parsed.as_micros(), micros - micros.rem_euclid(1000));
        }

        #[test]
        fn formatting_matches_the_time_crate(micros in FIRST..=LAST) {
            let time = Timestamp::from_micros(micros);
            let digits =
                format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
            prop_assert_eq!(time.to_cursor(), time.utc().format(digits).unwrap());
        }

        #[test]
        fn arbitrary_text_never_causes_a_panic(text in ".{0,40}") {
            let _ = Timestamp::parse(&text);
        }

        #[test]
        fn only_text_that_matches_the_grammar_is_a_time(
            text in "[-+ ]?[0-9]{1,5}[-+][0-1][0-9][-+ ]?[0-3]?[0-9]\
                     ([Tt _:+-][-+ ]?[0-2][0-9]:[0-5][0-9](:[-+]?[0-6][0-9])?([.,][-+]?[0-9]{0,12})?\
                     ([Zz]|[-+ ][0-2]?[0-9]:?[0-6][0-9])?)?",
            at in 0usize..40,
            odd in "[-+0-9 TtZz:.]",
        ) {
            prop_assert!(Timestamp::parse(&text).is_none() || is_grammatical(text.trim()), "{}", text);
            // A valid time with one stray character inserted.
            let mut text = "2026-06-15T10:20:30.412+02:00".to_owned();
            text.insert_str(at.min(text.len()), &odd);
            prop_assert!(Timestamp::parse(&text).is_none() || is_grammatical(text.trim()), "{}", text);
        }
    }
}
