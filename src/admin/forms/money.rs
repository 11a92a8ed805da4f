//! Reads amounts of money as people type them. What could mean two amounts is rejected, and digits
//! are never rounded.

use crate::admin::display::{money, plain_amount, symbol};
use crate::model::values::currency::Currency;
use crate::model::values::number::MAX_SAFE;

/// Why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::admin) enum AmountError {
    /// Not a number, or its separators are in the wrong places.
    Malformed,
    /// `1.234` in a currency with two decimals.
    TooManyDecimals,
    /// `1,234` in a currency with three decimals: the comma could separate thousands or decimals.
    AmbiguousComma,
    TooLarge,
}

/// Parses `1234.50`, `1,234.50`, or `$1,234.50` into the smallest unit of the currency. A period
/// separates decimals, and commas separate thousands.
pub(in crate::admin) fn parse_amount(text: &str, currency: Currency) -> Result<i64, AmountError> {
    let number = without_currency(text.trim(), currency);
    let (units, decimals) = number.split_once('.').unwrap_or((number, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(decimals) || (units.is_empty() && decimals.is_empty()) {
        return Err(AmountError::Malformed);
    }
    let digits = currency.minor_digits();
    if decimals.len() > digits {
        return Err(AmountError::TooManyDecimals);
    }
    let mut groups = units.split(',');
    let first = groups.next().unwrap_or_default();
    let others: Vec<&str> = groups.collect();
    if !is_digits(first) || !others.iter().all(|group| group.len() == 3 && is_digits(group)) {
        return Err(AmountError::Malformed);
    }
    // `0,500` is not a number with thousands.
    if !others.is_empty() && (first.is_empty() || first.len() > 3 || first.starts_with('0')) {
        return Err(AmountError::Malformed);
    }
    if others.len() == 1 && digits == 3 && !number.contains('.') {
        return Err(AmountError::AmbiguousComma);
    }
    let all = [first].into_iter().chain(others).chain([decimals]).flat_map(str::bytes);
    let padding = std::iter::repeat_n(b'0', digits - decimals.len());
    let mut amount: i64 = 0;
    for digit in all.chain(padding) {
        let digit = i64::from(digit - b'0');
        amount = amount
            .checked_mul(10)
            .and_then(|amount| amount.checked_add(digit))
            .filter(|amount| *amount <= MAX_SAFE)
            .ok_or(AmountError::TooLarge)?;
    }
    Ok(amount)
}

/// Removes the symbol or the code of the currency.
fn without_currency(text: &str, currency: Currency) -> &str {
    if let Some(number) = symbol(currency).and_then(|symbol| text.strip_prefix(symbol)) {
        return number.trim_start();
    }
    let is_code =
        |part: Option<&str>| part.is_some_and(|part| part.eq_ignore_ascii_case(currency.code()));
    if is_code(text.get(..3)) {
        return text[3..].trim_start();
    }
    let last = text.len().saturating_sub(3);
    if is_code(text.get(last..)) {
        return text[..last].trim_end();
    }
    text
}

impl AmountError {
    /// Says what the amount must be, to complete a sentence that starts with the field's name.
    pub fn requirement(self, currency: Currency) -> String {
        let example = example(currency);
        match self {
            Self::Malformed if currency.minor_digits() == 0 => {
                format!("must be an amount in {currency} without decimals, such as {example}")
            }
            Self::Malformed => format!(
                "must be an amount in {currency} such as {example}, with a period before the \
                 decimals and commas only between thousands"
            ),
            Self::TooManyDecimals => match currency.minor_digits() {
                0 => format!(
                    "must not contain a period: {currency} has no decimals, and commas separate \
                     thousands, as in {example}"
                ),
                digits => format!(
                    "must have at most {digits} decimals in {currency}; commas separate \
                     thousands, as in {example}"
                ),
            },
            Self::AmbiguousComma => format!(
                "is ambiguous: with a comma, it could have thousands or decimals. Write decimals \
                 after a period, as in {example}"
            ),
            Self::TooLarge => format!("must be at most {}", money(MAX_SAFE, currency)),
        }
    }
}

/// Returns an amount to show as an example: `1234.50`.
pub(in crate::admin) fn example(currency: Currency) -> String {
    let unit = 10_i64.pow(currency.minor_digits() as u32);
    plain_amount(1234 * unit + unit / 2, currency)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str, code: &str) -> Result<i64, AmountError> {
        parse_amount(text, Currency::parse(code).unwrap())
    }

    #[test]
    fn amounts_can_be_typed_in_every_unambiguous_way() {
        for text in ["1234.50", "1,234.50", "1234.5", " $1,234.50 ", "usd 1234.50", "1,234.50 USD"]
        {
            assert_eq!(parse(text, "USD"), Ok(123_450), "{text}");
        }
        for (text, code, amount) in [
            ("1,234", "USD", 123_400),
            ("1234", "USD", 123_400),
            (".05", "EUR", 5),
            ("12.", "EUR", 1200),
            ("0", "EUR", 0),
            ("007", "EUR", 700),
            ("1,235", "JPY", 1235),
            ("1,234,567", "KWD", 1_234_567_000),
            ("1,234.5", "KWD", 1_234_500),
            ("KWD\u{a0}1.234", "KWD", 1234),
            ("90,071,992,547,409.91", "USD", MAX_SAFE),
        ] {
            assert_eq!(parse(text, code), Ok(amount), "{text} {code}");
        }
    }

    #[test]
    fn amounts_that_could_be_read_in_two_ways_are_rejected() {
        use AmountError::{AmbiguousComma, Malformed, TooLarge, TooManyDecimals};
        for (text, code, error) in [
            ("1,23", "USD", Malformed),
            ("12,34,567", "USD", Malformed),
            ("1234,50", "USD", Malformed),
            ("1.234,50", "USD", Malformed),
            ("0,500", "USD", Malformed),
            (",500", "USD", Malformed),
            ("1234,567", "USD", Malformed),
            ("1.2.3", "USD", Malformed),
            ("1 234.50", "USD", Malformed),
            ("-5", "USD", Malformed),
            ("+5", "USD", Malformed),
            ("1e3", "USD", Malformed),
            ("a lot", "USD", Malformed),
            ("", "USD", Malformed),
            (".", "USD", Malformed),
            ("USD", "USD", Malformed),
            ("€5", "USD", Malformed),
            ("１２", "USD", Malformed),
            ("1.234", "USD", TooManyDecimals),
            ("12.500", "USD", TooManyDecimals),
            ("12.5", "JPY", TooManyDecimals),
            ("1,234", "KWD", AmbiguousComma),
            ("90,071,992,547,409.92", "USD", TooLarge),
            ("99999999999999999999999", "USD", TooLarge),
        ] {
            assert_eq!(parse(text, code), Err(error), "{text} {code}");
        }
    }

    #[test]
    fn the_message_shows_an_amount_in_the_currency() {
        let of = |error: AmountError, code| error.requirement(Currency::parse(code).unwrap());
        assert!(of(AmountError::Malformed, "USD").contains("such as 1234.50, with a period"));
        assert!(of(AmountError::Malformed, "JPY").ends_with("without decimals, such as 1234"));
        assert!(of(AmountError::TooManyDecimals, "KWD").contains("at most 3 decimals in KWD"));
        assert_eq!(of(AmountError::TooLarge, "USD"), "must be at most $90,071,992,547,409.91");
    }

    fn currencies() -> impl Strategy<Value = Currency> {
        prop::sample::select(vec!["USD", "JPY", "KWD", "CLF", "CHF", "EUR", "ZZZ"])
            .prop_map(|code| Currency::parse(code).unwrap())
    }

    proptest! {
        #[test]
        fn every_amount_can_be_read_back_as_it_was_shown(
            amount in 0..=MAX_SAFE,
            currency in currencies(),
        ) {
            prop_assert_eq!(parse_amount(&plain_amount(amount, currency), currency), Ok(amount));
            prop_assert_eq!(parse_amount(&money(amount, currency), currency), Ok(amount));
        }

        #[test]
        fn reading_any_text_never_panics(text in "[$€0-9., A-Za-zé\u{a0}-]{0,30}", currency in currencies()) {
            if let Ok(amount) = parse_amount(&text, currency) {
                prop_assert!((0..=MAX_SAFE).contains(&amount));
                let again = parse_amount(&plain_amount(amount, currency), currency);
                prop_assert_eq!(again, Ok(amount));
            }
        }
    }
}
