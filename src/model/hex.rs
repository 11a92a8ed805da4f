//! Hexadecimal encoding.

use std::fmt::Write;

/// Encodes bytes in lowercase.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Returns the hexadecimal digits of `count` random bytes.
///
/// # Errors
/// If the operating system can't provide random bytes.
pub fn random_hex(count: usize) -> Result<String, getrandom::Error> {
    let mut random = vec![0; count];
    getrandom::fill(&mut random)?;
    Ok(hex(&random))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_becomes_two_digits() {
        assert_eq!(hex(&[0, 9, 0xab, 0xff]), "0009abff");
        assert_eq!(random_hex(16).unwrap().len(), 32);
    }
}
