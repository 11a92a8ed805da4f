//! Formats numbers, times, and names.

use std::borrow::Borrow;

use time::format_description::StaticFormatDescription;
use time::macros::format_description;
use time::{Duration, UtcDateTime};

use crate::model::values::time::Timestamp;

const DAY: StaticFormatDescription =
    format_description!("[day padding:none] [month repr:short] [year]");
const MOMENT: StaticFormatDescription =
    format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute] UTC");
const TIME_OF_DAY: StaticFormatDescription = format_description!("[hour]:[minute] UTC");

/// Formats a number with thousands separators: `1,234,567`.
pub(in crate::admin) fn number(number: impl Borrow<i64>) -> String {
    let number = *number.borrow();
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { "-".to_owned() } else { String::new() };
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats a count with its noun: `1 contact`, `2 contacts`.
pub(in crate::admin) fn count(n: impl Borrow<i64>, one: &str) -> String {
    let n = *n.borrow();
    format!("{} {one}{}", number(n), if n == 1 { "" } else { "s" })
}

/// Formats a day: `26 May 2026`.
pub(in crate::admin) fn date(time: &Timestamp) -> String {
    format_utc(*time, DAY)
}

/// Formats a time: `26 May 2026, 17:21 UTC`.
pub(in crate::admin) fn date_time(time: &Timestamp) -> String {
    format_utc(*time, MOMENT)
}

/// Formats a time of today or tomorrow: `17:21 UTC`.
pub(in crate::admin) fn time_of_day(time: &Timestamp) -> String {
    format_utc(*time, TIME_OF_DAY)
}

/// Formats a time relative to now: `3 days ago`, `in 2 hours`.
pub(in crate::admin) fn relative(time: &Timestamp, now: &Timestamp) -> String {
    let seconds = (time.as_micros() - now.as_micros()) / 1_000_000;
    let (n, unit) = match seconds.abs() {
        0..60 => return "just now".to_owned(),
        s @ 60..3600 => (s / 60, "minute"),
        s @ 3600..86_400 => (s / 3600, "hour"),
        s @ 86_400..5_184_000 => (s / 86_400, "day"),
        s @ 5_184_000..31_536_000 => (s / 2_592_000, "month"),
        s => (s / 31_536_000, "year"),
    };
    let span = count(n, unit);
    if seconds < 0 { format!("{span} ago") } else { format!("in {span}") }
}

/// Removes bidirectional control characters, so that a name inside a sentence cannot reverse the
/// text after it.
pub(in crate::admin) fn without_bidi_controls(name: &str) -> String {
    let is_control = |c: &char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    name.chars().filter(|c| !is_control(c)).collect()
}

pub(in crate::admin) fn capitalize(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn format_utc(time: Timestamp, format: StaticFormatDescription) -> String {
    let time = UtcDateTime::UNIX_EPOCH + Duration::microseconds(time.as_micros());
    // Cannot fail: a UTC time has every component that the formats use.
    time.format(format).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn numbers_are_grouped() {
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (120_000, "120,000"),
            (-1_234_567, "-1,234,567"),
            (9_007_199_254_740_991, "9,007,199,254,740,991"),
        ] {
            assert_eq!(number(n), text);
        }
        assert_eq!(count(1, "contact"), "1 contact");
        assert_eq!(count(0, "contact"), "0 contacts");
        assert_eq!(count(1200, "contact"), "1,200 contacts");
    }

    #[test]
    fn times_are_formatted_in_utc() {
        let time = at("2026-05-06T19:01:09+02:00");
        assert_eq!(date(&time), "6 May 2026");
        assert_eq!(date_time(&time), "6 May 2026, 17:01 UTC");
        assert_eq!(date(&Timestamp::from_micros(i64::MIN)), "1 Jan 0001");
    }

    #[test]
    fn relative_times_use_the_largest_unit() {
        let now = at("2026-06-15T12:00:00Z");
        for (time, text) in [
            ("2026-06-15T12:00:00Z", "just now"),
            ("2026-06-15T11:59:01Z", "just now"),
            ("2026-06-15T11:59:00Z", "1 minute ago"),
            ("2026-06-15T10:00:01Z", "1 hour ago"),
            ("2026-06-15T15:30:00Z", "in 3 hours"),
            ("2026-06-12T12:00:00Z", "3 days ago"),
            ("2026-08-13T12:00:00Z", "in 59 days"),
            ("2026-03-15T12:00:00Z", "3 months ago"),
            ("2023-06-15T12:00:00Z", "3 years ago"),
        ] {
            assert_eq!(relative(&at(time), &now), text, "{time}");
        }
        let (first, last) = (Timestamp::from_micros(i64::MIN), Timestamp::from_micros(i64::MAX));
        assert_eq!(relative(&first, &last), "10,005 years ago");
    }
}
