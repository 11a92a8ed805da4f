//! Warns before a certificate expires. Reads only that date: no library here parses certificates.

use std::path::Path;
use std::time::Duration;

use time::{Date, Month, Time};

use crate::model::values::time::Timestamp;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long before the end the warnings begin.
const NOTICE: Duration = Duration::from_secs(14 * 24 * 60 * 60);

const SEQUENCE: u8 = 0x30;
/// The version of a certificate, which may be left out.
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// When a certificate expires, and when that was logged last.
pub(super) struct Expiry {
    /// `None` if it can't be read, which clients will complain about.
    not_after: Option<Timestamp>,
    warned: Option<Timestamp>,
}

impl Expiry {
    pub fn of(certificate: &[u8]) -> Self {
        Self { not_after: not_after(certificate), warned: None }
    }

    /// Logs a warning once a day if the certificate expires soon.
    pub fn warn(&mut self, file: &Path, now: Timestamp) {
        let Some(not_after) = self.not_after.filter(|end| *end <= now.plus(NOTICE)) else { return };
        if self.warned.is_some_and(|warned| now.since(warned) < DAY) {
            return;
        }
        self.warned = Some(now);
        let file = file.display();
        if not_after <= now {
            log::warn!("the TLS certificate in {file} expired at {not_after}: renew it");
        } else {
            log::warn!("the TLS certificate in {file} expires at {not_after}: renew it");
        }
    }
}

/// Returns the end of a certificate's validity (RFC 5280, 4.1).
fn not_after(certificate: &[u8]) -> Option<Timestamp> {
    let mut outer = certificate;
    let mut signed = take_tagged(&mut outer, SEQUENCE)?;
    let mut fields = take_tagged(&mut signed, SEQUENCE)?;
    if fields.first() == Some(&VERSION) {
        take(&mut fields)?;
    }
    // The serial number, the signature algorithm, and the issuer.
    for _ in 0..3 {
        take(&mut fields)?;
    }
    let mut validity = take_tagged(&mut fields, SEQUENCE)?;
    take(&mut validity)?;
    let (tag, text) = take(&mut validity)?;
    parse_time(tag, text)
}

/// Takes the next element of DER off the bytes: its tag and its content.
fn take<'d>(bytes: &mut &'d [u8]) -> Option<(u8, &'d [u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let length = if first < 0x80 {
        usize::from(first)
    } else {
        let (digits, after) = rest.split_at_checked(usize::from(first & 0x7f))?;
        rest = after;
        // No certificate is longer than 4 GiB.
        if digits.len() > 4 {
            return None;
        }
        digits.iter().fold(0, |length, &digit| length << 8 | usize::from(digit))
    };
    let (content, after) = rest.split_at_checked(length)?;
    *bytes = after;
    Some((tag, content))
}

fn take_tagged<'d>(bytes: &mut &'d [u8], expected: u8) -> Option<&'d [u8]> {
    take(bytes).filter(|(tag, _)| *tag == expected).map(|(_, content)| content)
}

/// Parses `YYMMDDhhmmssZ` or `YYYYMMDDhhmmssZ`.
fn parse_time(tag: u8, text: &[u8]) -> Option<Timestamp> {
    let digits = text.strip_suffix(b"Z").filter(|text| text.iter().all(u8::is_ascii_digit))?;
    let number = |digits: &[u8]| digits.iter().fold(0, |n, digit| n * 10 + u16::from(digit - b'0'));
    let (year, rest) = match tag {
        UTC_TIME if digits.len() == 12 => {
            let year = number(&digits[..2]);
            (if year < 50 { 2000 + year } else { 1900 + year }, &digits[2..])
        }
        GENERALIZED_TIME if digits.len() == 14 => (number(&digits[..4]), &digits[4..]),
        _ => return None,
    };
    let mut pairs = rest.chunks(2).map(|pair| u8::try_from(number(pair)).unwrap_or(u8::MAX));
    let mut next = || pairs.next();
    let month = Month::try_from(next()?).ok()?;
    let date = Date::from_calendar_date(year.into(), month, next()?).ok()?;
    let time = Time::from_hms(next()?, next()?, next()?).ok()?;
    let seconds = date.with_time(time).assume_utc().unix_timestamp();
    Some(Timestamp::from_micros(seconds * 1_000_000))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An element of DER.
    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82], &length[..], content].concat()
    }

    fn certificate(version: &[u8], end: &[u8]) -> Vec<u8> {
        let start = element(UTC_TIME, b"250101000000Z");
        let validity = element(SEQUENCE, &[start, end.to_vec()].concat());
        let (serial, other) = (element(2, &[1; 20]), element(SEQUENCE, &[0; 300]));
        let fields = [version, &serial, &other, &other, &validity, &other].concat();
        element(SEQUENCE, &[element(SEQUENCE, &fields), other].concat())
    }

    #[test]
    fn the_end_of_the_validity_is_found() {
        let version = element(VERSION, &[2, 1, 2]);
        for (tag, text, expected) in [
            (UTC_TIME, "261231235959Z", "2026-12-31T23:59:59.000Z"),
            (UTC_TIME, "500101000000Z", "1950-01-01T00:00:00.000Z"),
            (GENERALIZED_TIME, "20991231235959Z", "2099-12-31T23:59:59.000Z"),
        ] {
            let end = element(tag, text.as_bytes());
            for version in [&version[..], &[]] {
                let found = not_after(&certificate(version, &end)).unwrap();
                assert_eq!(found.to_string(), expected);
            }
        }
        for text in ["261301000000Z", "261231245959Z", "2612312359Z", "261231235959"] {
            let end = element(UTC_TIME, text.as_bytes());
            assert_eq!(not_after(&certificate(&version, &end)), None, "{text}");
        }
    }

    #[test]
    fn a_warning_is_due_once_a_day_from_two_weeks_before_the_end() {
        let mut expiry =
            Expiry { not_after: Some(Timestamp::from_micros(0).plus(20 * DAY)), warned: None };
        let mut days = Vec::new();
        for hour in 0..22 * 24 {
            let before = expiry.warned;
            let now = Timestamp::from_micros(0).plus(Duration::from_secs(hour * 3600));
            expiry.warn(Path::new("cert.pem"), now);
            if expiry.warned != before {
                days.push(hour / 24);
            }
        }
        assert_eq!(days, (6..22).collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..60),
            position in 0..700_usize,
            byte in any::<u8>(),
        ) {
            let _ = not_after(&bytes);
            let end = element(UTC_TIME, b"261231235959Z");
            let mut damaged = certificate(&[], &end);
            if let Some(place) = damaged.get_mut(position) {
                *place = byte;
            }
            let _ = not_after(&damaged);
        }
    }
}
