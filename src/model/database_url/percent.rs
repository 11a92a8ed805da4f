//! Percent-encoding in the URL of a database. Unlike in a form, `+` is a plus sign.

use std::fmt::Write;

use super::error::DatabaseUrlError;

/// # Errors
/// Rejects what can't be decoded, and zero bytes, which PostgreSQL's protocol can't transmit.
pub(super) fn decode(text: &str) -> Result<String, DatabaseUrlError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|b| char::from(b).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else {
            return Err(DatabaseUrlError::Percent);
        };
        bytes.extend(u8::try_from(16 * high + low));
    }
    let decoded = String::from_utf8(bytes).map_err(|_| DatabaseUrlError::Encoding)?;
    if decoded.contains('\0') { Err(DatabaseUrlError::Encoding) } else { Ok(decoded) }
}

/// Encodes what has a meaning in a URL or isn't printable ASCII.
pub(super) fn encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}
