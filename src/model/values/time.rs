//! Points in time, as the API writes and reads them.

use std::fmt::{self, Display, Formatter};

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use time::format_description::StaticFormatDescription;
use time::format_description::well_known::Rfc3339;
use time::macros::{datetime, format_description};
use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime, UtcDateTime, UtcOffset};

use crate::model::parse::fields::{Property, string};
use crate::model::parse::problem::{Fault, Rule};
use crate::model::parse::schema::{self, Described, Schema};

/// A point in time in UTC, in whole microseconds, in the years 1 to 9999.
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
    /// Microseconds since 1970; times outside the range become its ends.
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(FIRST, LAST))
    }

    /// Microseconds since 1970.
    pub fn as_micros(self) -> i64 {
        self.0
    }

    /// The time so many milliseconds later.
    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Self {
        Self::from_micros(self.0.saturating_add(millis.saturating_mul(1000)))
    }

    /// The time that has passed since `earlier`; zero if that is later.
    pub fn since(self, earlier: Self) -> std::time::Duration {
        let micros = self.0.saturating_sub(earlier.0);
        std::time::Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    /// Reads an RFC 3339 date-time with any offset, or a date alone, which means midnight UTC.
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
        // The offset can carry the last hours of 9999 into a year that has no date.
        let micros = micros(time.checked_to_offset(UtcOffset::UTC)?);
        (FIRST..=LAST).contains(&micros).then_some(Self(micros))
    }

    /// Reads what [`Timestamp::parse`] does, and a date-time without an offset, with or without
    /// its seconds, as a form's `datetime-local` field sends it; that one is UTC.
    pub fn parse_input(text: &str) -> Option<Self> {
        let text = text.trim();
        let with = |end: &str| Self::parse(&format!("{text}{end}"));
        Self::parse(text).or_else(|| with("Z")).or_else(|| with(":00Z"))
    }

    /// The form with six fractional digits that list cursors have.
    pub fn to_cursor(self) -> String {
        self.with_iso(6, str::to_owned)
    }

    /// The form that can stand in a file's name, in whole seconds: `20260526T172109Z`.
    pub fn to_compact(self) -> String {
        // The format asks for nothing that a time in UTC does not have.
        self.utc().format(COMPACT).unwrap_or_default()
    }

    /// Reads what [`Timestamp::to_compact`] writes.
    pub fn from_compact(text: &str) -> Option<Self> {
        if has_sign(text) {
            return None;
        }
        Some(Self(micros(PrimitiveDateTime::parse(text, COMPACT).ok()?.assume_utc())))
    }

    fn utc(self) -> UtcDateTime {
        UtcDateTime::UNIX_EPOCH + Duration::microseconds(self.0)
    }

    /// Hands over the form of ISO 8601 with so many fractional digits, at most six; what follows
    /// is cut off rather than rounded. Not left to a format description, which took an eighth of
    /// the time of a page of a list.
    fn with_iso<T>(self, fraction: usize, take: impl FnOnce(&str) -> T) -> T {
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
        for (place, mut number) in numbers {
            for digit in text[place].iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        }
        take(std::str::from_utf8(&text[..=end]).unwrap_or_default())
    }
}

/// Whether date and time are separated as RFC 3339 (5.6) has it; the library takes any character.
fn has_separator(text: &str) -> bool {
    matches!(text.as_bytes().get("2026-05-26".len()), Some(b'T' | b't' | b' '))
}

/// Whether a sign precedes the year, which the library takes as well.
fn has_sign(text: &str) -> bool {
    text.starts_with(['+', '-'])
}

/// The length of `2026-05-26T17:21:09.`, up to where the fraction begins.
const ISO_SECONDS: usize = 20;

impl Display for Timestamp {
    /// `2026-05-26T17:21:09.412Z`: milliseconds, cut off rather than rounded.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.with_iso(3, |text| f.write_str(text))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_iso(3, |text| serializer.serialize_str(text))
    }
}

/// Reads back what was serialised, which has lost the microseconds beyond the millisecond.
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let expected = &"an RFC 3339 date-time";
        Self::parse(&text).ok_or_else(|| Error::invalid_value(Unexpected::Str(&text), expected))
    }
}

/// A pattern of the years that have dates: JSON Schema's formats begin with the year 0000.
const YEAR: &str = "^0{0,3}[1-9]";

impl Timestamp {
    /// A date-time with any offset, but no date alone.
    pub fn date_time() -> Schema {
        schema::formatted("date-time").pattern(Some(YEAR)).into()
    }
}

impl Described for Timestamp {
    fn schema() -> Schema {
        schema::formatted("date-time").into()
    }
}

impl Property for Timestamp {
    fn accepted() -> Schema {
        let date = schema::formatted("date").pattern(Some(YEAR));
        schema::any_of([Self::date_time(), date.into()])
    }

    fn faults() -> Vec<Fault> {
        vec![Fault::wrong_type("a string"), malformed()]
    }

    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        Self::parse(string(value)?).ok_or_else(|| malformed().into())
    }
}

fn malformed() -> Fault {
    let says = "must be an ISO 8601 date or date-time with an offset, in the years 0001 to 9999";
    Fault::new(Rule::InvalidString, says)
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
    fn what_is_not_rfc_3339_is_refused() {
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
    fn the_name_of_a_file_has_one_form() {
        let text = "20260526T172109Z";
        assert_eq!(Timestamp::from_compact(text).unwrap().to_compact(), text);
        for other in
            ["+20260526T172109Z", "-20260526T172109Z", "20260526t172109z", "0260526T172109Z"]
        {
            assert_eq!(Timestamp::from_compact(other), None, "{other}");
        }
    }

    /// Whether each character is what the shape has in its place: a digit for `0`.
    fn fits(text: &str, shape: &str) -> bool {
        text.len() == shape.len()
            && text.bytes().zip(shape.bytes()).all(|(byte, wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                b'T' => matches!(byte, b'T' | b't' | b' '),
                b'+' => matches!(byte, b'+' | b'-'),
                other => byte == other,
            })
    }

    /// The grammar of RFC 3339 (5.6) without its bounds, and a date alone.
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
    fn what_a_form_sends_needs_no_offset_and_no_seconds() {
        for (text, utc) in [
            ("2026-05-26T17:21", "2026-05-26T17:21:00.000Z"),
            ("2026-05-26T17:21:09", "2026-05-26T17:21:09.000Z"),
            (" 2026-05-26T17:21:09.41 ", "2026-05-26T17:21:09.410Z"),
            ("2026-05-26T17:21:09+02:00", "2026-05-26T15:21:09.000Z"),
            ("2026-05-26", "2026-05-26T00:00:00.000Z"),
        ] {
            let read = Timestamp::parse_input(text).map(|time| time.to_string());
            assert_eq!(read.as_deref(), Some(utc), "{text}");
        }
        for text in ["", "17:21", "2026-05-26T17", "2026-05-26T17:21Z", "2026-05-26T17:21:09+02"] {
            assert_eq!(Timestamp::parse_input(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_time_is_read_back_from_both_of_its_forms(micros in FIRST..=LAST) {
            let time = Timestamp::from_micros(micros);
            prop_assert_eq!(Timestamp::parse(&time.to_cursor()), Some(time));
            let shown = Timestamp::parse(&time.to_string()).unwrap();
            prop_assert_eq!(shown.as_micros(), micros - micros.rem_euclid(1000));
        }

        #[test]
        fn times_are_written_as_the_library_writes_them(micros in FIRST..=LAST) {
            let time = Timestamp::from_micros(micros);
            let digits =
                format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
            prop_assert_eq!(time.to_cursor(), time.utc().format(digits).unwrap());
        }

        #[test]
        fn garbage_is_refused_without_a_panic(text in ".{0,40}") {
            let _ = Timestamp::parse(&text);
        }

        #[test]
        fn nothing_beyond_the_grammar_is_a_time(
            text in "[-+ ]?[0-9]{1,5}[-+][0-1][0-9][-+ ]?[0-3]?[0-9]\
                     ([Tt _:+-][-+ ]?[0-2][0-9]:[0-5][0-9](:[-+]?[0-6][0-9])?([.,][-+]?[0-9]{0,12})?\
                     ([Zz]|[-+ ][0-2]?[0-9]:?[0-6][0-9])?)?",
            at in 0usize..40,
            odd in "[-+0-9 TtZz:.]",
        ) {
            prop_assert!(Timestamp::parse(&text).is_none() || is_grammatical(text.trim()), "{}", text);
            // And one odd character in a time that is one.
            let mut text = "2026-06-15T10:20:30.412+02:00".to_owned();
            text.insert_str(at.min(text.len()), &odd);
            prop_assert!(Timestamp::parse(&text).is_none() || is_grammatical(text.trim()), "{}", text);
        }
    }
}
