//! The checksum at the end of a key: a MAC under a secret of the database, so that only this
//! database can issue keys that pass. Keys that were issued before it had the secret end with a
//! CRC-32, which anybody can compute.

use blake2::Blake2sMac256;
use blake2::digest::Mac;
use blake2::digest::common::KeyInit;

/// Characters of a checksum.
pub(in crate::model) const LENGTH: usize = 6;
pub(in crate::model) const BASE62: &[u8; 62] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The number of different checksums, a little more than 2^35.
const ALL: u64 = 62_u64.pow(LENGTH as u32);

/// The secret under which a database computes the checksums of its keys. It has no `Debug`, so that
/// it cannot be logged.
pub struct ChecksumSecret([u8; 32]);

/// How a key proves that it was issued here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// By the MAC, which cannot be forged.
    Keyed,
    /// Not at all: its CRC-32 only rules out mistyped characters.
    Crc32,
}

impl ChecksumSecret {
    /// Wraps the secret that the store keeps.
    pub fn stored(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The checksum of a new key.
    pub(in crate::model) fn sign(&self, body: &str) -> String {
        digits(self.keyed(body))
    }

    /// Which of the two checksums of `body` was given, if any.
    pub(in crate::model) fn recognize(&self, body: &str, given: &str) -> Option<Checksum> {
        let given = number(given)?;
        // Integers: comparing text could reveal by its duration how many characters are right.
        if given == self.keyed(body) {
            Some(Checksum::Keyed)
        } else if given == u64::from(crc32fast::hash(body.as_bytes())) {
            Some(Checksum::Crc32)
        } else {
            None
        }
    }

    fn keyed(&self, body: &str) -> u64 {
        let mut mac = Blake2sMac256::new(&self.0.into());
        mac.update(body.as_bytes());
        let bytes = mac.finalize().into_bytes();
        // Reducing 128 bits leaves no bias that matters.
        bytes.iter().take(16).fold(0, |rest, &byte| (rest << 8 | u64::from(byte)) % ALL)
    }
}

fn digits(number: u64) -> String {
    let mut rest = number;
    let mut digits = [b'0'; LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|&digit| char::from(digit)).collect()
}

/// The inverse of [`digits`].
fn number(digits: &str) -> Option<u64> {
    if digits.len() != LENGTH {
        return None;
    }
    digits.bytes().try_fold(0, |number, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'A'..=b'Z' => digit - b'A' + 10,
            b'a'..=b'z' => digit - b'a' + 36,
            _ => return None,
        };
        Some(number * 62 + u64::from(value))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BODY: &str = "pivotal_K8s9X2mPabcdefghijklmnopqrstuvwxyz012345";

    #[test]
    fn only_the_database_that_signed_recognizes_the_checksum() {
        let (ours, theirs) = (ChecksumSecret::stored([1; 32]), ChecksumSecret::stored([2; 32]));
        let signed = ours.sign(BODY);
        assert_eq!(ours.recognize(BODY, &signed), Some(Checksum::Keyed));
        assert_eq!(theirs.recognize(BODY, &signed), None);
        assert_eq!(ours.recognize(&BODY.replace('a', "b"), &signed), None);
        // A change of the algorithm would invalidate every key that was issued.
        assert_eq!(signed, "l9LJV1");
    }

    #[test]
    fn a_crc_is_recognized_as_what_it_is() {
        let secret = ChecksumSecret::stored([1; 32]);
        let crc = digits(u64::from(crc32fast::hash(BODY.as_bytes())));
        assert_eq!(secret.recognize(BODY, &crc), Some(Checksum::Crc32));
        assert_eq!(secret.recognize(&BODY.replace('a', "b"), &crc), None);
    }

    proptest! {
        #[test]
        fn digits_are_read_back(value in 0..ALL) {
            prop_assert_eq!(number(&digits(value)), Some(value));
        }

        #[test]
        fn no_other_text_is_a_number(text in ".{0,8}") {
            if let Some(value) = number(&text) {
                prop_assert_eq!(digits(value), text);
            }
        }
    }
}
