//! Currencies, as ISO 4217 codes.

use std::fmt::{self, Display, Formatter};

/// An ISO 4217 code: three ASCII capital letters. The list of codes changes, so any three letters
/// are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The currency of a new workspace.
    pub const DEFAULT: Self = Self(*b"USD");

    /// What a code must be, to complete "must be …".
    pub const REQUIREMENT: &'static str = "a three-letter ISO 4217 code, such as USD or EUR";

    /// Parses a code in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let code: [u8; 3] = text.trim().as_bytes().try_into().ok()?;
        let is_code = code.iter().all(u8::is_ascii_alphabetic);
        is_code.then(|| Self(code.map(|letter| letter.to_ascii_uppercase())))
    }

    /// Restores a stored value, which was parsed before it was stored. Text that isn't a code, which
    /// only someone else can have written, becomes the default.
    pub fn from_stored(text: &str) -> Self {
        Self::parse(text).unwrap_or(Self::DEFAULT)
    }

    pub fn code(&self) -> &str {
        // Cannot fail: the bytes are ASCII letters.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Returns how many decimals an amount has: the smallest unit is 10 to the minus this.
    pub fn minor_digits(self) -> usize {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG"
            | b"RWF" | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            b"CLF" | b"UYW" => 4,
            _ => 2,
        }
    }
}

impl Display for Currency {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_three_letters_in_any_case() {
        assert_eq!(Currency::parse(" eur ").unwrap().code(), "EUR");
        assert_eq!(Currency::parse("USD"), Some(Currency::DEFAULT));
        for text in ["", "US", "USDT", "US1", "$", "é1", "ééé", "U D"] {
            assert_eq!(Currency::parse(text), None, "{text}");
        }
        assert_eq!(Currency::from_stored("?"), Currency::DEFAULT);
    }

    #[test]
    fn the_number_of_decimals_depends_on_the_currency() {
        let digits = |code| Currency::parse(code).unwrap().minor_digits();
        assert_eq!(["USD", "JPY", "KWD", "CLF", "ZZZ"].map(digits), [2, 0, 3, 4, 2]);
    }
}
