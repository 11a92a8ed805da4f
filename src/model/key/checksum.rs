//! The checksum at the end of a key: a MAC with a secret of the database, so that only this
//! database can issue keys with a valid checksum. Keys that were issued before the database had a
//! secret end with a CRC-32, which anyone can compute.

use blake2::Blake2sMac256;
use blake2::digest::Mac;
use blake2::digest::common::KeyInit;

/// The length of a checksum in characters.
pub(in crate::model) const LENGTH: usize = 6;
pub(in crate::model) const BASE62: &[u8; 62] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The number of different checksums, a little more than 2^35.
const COUNT: u64 = 62_u64.pow(LENGTH as u32);

/// The secret that a database computes its keys' checksums with. Doesn't implement `Debug`, so it
/// can't be logged.
pub struct ChecksumSecret([u8; 32]);

/// The kind of checksum that a key has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// A MAC, which proves that this database issued the key.
    Keyed,
    /// A CRC-32, which proves nothing and only detects typos.
    Crc32,
}

impl ChecksumSecret {
    pub fn from_stored(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the checksum of a new key.
    pub(in crate::model) fn sign(&self, body: &str) -> String {
        to_base62(self.mac(body))
    }

    /// Returns which of the two checksums of `body` equals `given`, if any.
    pub(in crate::model) fn recognize(&self, body: &str, given: &str) -> Option<Checksum> {
        let given = from_base62(given)?;
        // Compares integers because the duration of a text comparison could reveal how many
        // characters are correct.
        if given == self.mac(body) {
            Some(Checksum::Keyed)
        } else if given == crc32_number(body) {
            Some(Checksum::Crc32)
        } else {
            None
        }
    }

    /// Returns a secret for another purpose, the same on every server of the database. Labels contain
    /// a space, and keys don't, so it says nothing about checksums.
    pub fn derive(&self, label: &str) -> [u8; 32] {
        debug_assert!(label.contains(' '), "{label}");
        self.mac_bytes(label)
    }

    fn mac(&self, body: &str) -> u64 {
        let bytes = self.mac_bytes(body);
        // Reducing 128 bits leaves a negligible bias.
        bytes.iter().take(16).fold(0, |rest, &byte| (rest << 8 | u64::from(byte)) % COUNT)
    }

    fn mac_bytes(&self, text: &str) -> [u8; 32] {
        let mut mac = Blake2sMac256::new(&self.0.into());
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

/// Returns the checksum of a key that can be stored in any database.
pub(super) fn crc32(body: &str) -> String {
    to_base62(crc32_number(body))
}

fn crc32_number(body: &str) -> u64 {
    u64::from(crc32fast::hash(body.as_bytes()))
}

fn to_base62(number: u64) -> String {
    let mut rest = number;
    let mut digits = [b'0'; LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|&digit| char::from(digit)).collect()
}

/// The inverse of [`to_base62`].
fn from_base62(digits: &str) -> Option<u64> {
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
    fn only_the_database_that_signed_a_key_recognizes_its_checksum() {
        let (ours, theirs) =
            (ChecksumSecret::from_stored([1; 32]), ChecksumSecret::from_stored([2; 32]));
        let signed = ours.sign(BODY);
        assert_eq!(ours.recognize(BODY, &signed), Some(Checksum::Keyed));
        assert_eq!(theirs.recognize(BODY, &signed), None);
        assert_eq!(ours.recognize(&BODY.replace('a', "b"), &signed), None);
        // Changing the algorithm would invalidate every issued key.
        assert_eq!(signed, "l9LJV1");
    }

    #[test]
    fn derived_secrets_differ_by_database_and_by_purpose() {
        let ours = ChecksumSecret::from_stored([1; 32]);
        let theirs = ChecksumSecret::from_stored([2; 32]);
        assert_eq!(ours.derive("some forms"), ours.derive("some forms"));
        assert_ne!(ours.derive("some forms"), ours.derive("a code"));
        assert_ne!(ours.derive("some forms"), theirs.derive("some forms"));
    }

    #[test]
    fn a_crc_is_recognized_as_a_crc() {
        let secret = ChecksumSecret::from_stored([1; 32]);
        let crc = crc32(BODY);
        assert_eq!(secret.recognize(BODY, &crc), Some(Checksum::Crc32));
        assert_eq!(secret.recognize(&BODY.replace('a', "b"), &crc), None);
    }

    proptest! {
        #[test]
        fn base_62_round_trips(value in 0..COUNT) {
            prop_assert_eq!(from_base62(&to_base62(value)), Some(value));
        }

        #[test]
        fn only_base_62_is_decoded(text in ".{0,8}") {
            if let Some(value) = from_base62(&text) {
                prop_assert_eq!(to_base62(value), text);
            }
        }
    }
}
