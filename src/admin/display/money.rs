//! Amounts of money. They are stored as integers in the smallest unit of their currency, and
//! formatted without floating-point numbers, so no cent is ever lost.

use std::borrow::Borrow;

use super::number;
use crate::model::values::currency::Currency;

/// Formats an amount for reading: `$1,234.50`, `¥1,235`, `KWD 1.234`. The space does not break.
pub(in crate::admin) fn money(amount: impl Borrow<i64>, currency: impl Borrow<Currency>) -> String {
    let currency = *currency.borrow();
    let (units, decimals) = split(*amount.borrow(), currency);
    let number = format!("{}{decimals}", number(units));
    match symbol(currency) {
        Some(symbol) => format!("{symbol}{number}"),
        None => format!("{currency}\u{a0}{number}"),
    }
}

/// Formats an amount for editing: `1234.50`.
pub(in crate::admin) fn plain_amount(amount: i64, currency: Currency) -> String {
    let (units, decimals) = split(amount, currency);
    format!("{units}{decimals}")
}

/// Splits an amount into whole units and its decimals with their period. Amounts are never
/// negative.
fn split(amount: i64, currency: Currency) -> (i64, String) {
    let digits = currency.minor_digits();
    if digits == 0 {
        return (amount, String::new());
    }
    let unit = 10_i64.pow(digits as u32);
    (amount / unit, format!(".{:0digits$}", amount % unit))
}

/// Returns the symbol that English texts use, for currencies where it is unambiguous.
pub(in crate::admin) fn symbol(currency: Currency) -> Option<&'static str> {
    Some(match currency.code() {
        "AUD" => "A$",
        "BRL" => "R$",
        "CAD" => "CA$",
        "CNY" => "CN¥",
        "EUR" => "€",
        "GBP" => "£",
        "HKD" => "HK$",
        "ILS" => "₪",
        "INR" => "₹",
        "JPY" => "¥",
        "KRW" => "₩",
        "MXN" => "MX$",
        "NZD" => "NZ$",
        "PHP" => "₱",
        "TWD" => "NT$",
        "USD" => "$",
        "VND" => "₫",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_the_symbol_and_the_decimals_of_its_currency() {
        for (amount, code, readable, plain) in [
            (123_450, "USD", "$1,234.50", "1234.50"),
            (1235, "JPY", "¥1,235", "1235"),
            (1234, "KWD", "KWD\u{a0}1.234", "1.234"),
            (5, "EUR", "€0.05", "0.05"),
            (0, "CHF", "CHF\u{a0}0.00", "0.00"),
            (12_345, "CLF", "CLF\u{a0}1.2345", "1.2345"),
            (9_007_199_254_740_991, "USD", "$90,071,992,547,409.91", "90071992547409.91"),
        ] {
            let currency = Currency::parse(code).unwrap();
            assert_eq!(money(amount, currency), readable);
            assert_eq!(plain_amount(amount, currency), plain);
        }
    }
}
