//! How the cell of a field becomes the JSON value that the API's parsers read.

use std::borrow::Cow;

use serde_json::{Number, Value};
use url::Url;

use super::list;
use crate::model::parse::problem::{Fault, Rule};
use crate::transfer::csv::columns::Format;

/// Converts the text of a cell. Text that the format doesn't allow for is left to the parser of the
/// field, unless its error would not help.
///
/// # Errors
/// If the cell can't be converted.
pub fn to_json(text: &str, format: Format) -> Result<Value, Fault> {
    match format {
        Format::Text | Format::Time => Ok(text.into()),
        Format::Host => Ok(host(text).as_ref().into()),
        Format::Choice => Ok(choice(text).into()),
        Format::Number => number(text).map(Value::Number).ok_or_else(|| {
            let requirement =
                "must be an integer without thousands separators or currency symbols, such as 120000";
            Fault::new(Rule::InvalidType, requirement)
        }),
        Format::Boolean => boolean(text).map(Value::Bool).ok_or_else(|| {
            Fault::new(Rule::InvalidType, "must be true, yes, 1, false, no, or 0")
        }),
        Format::List => list::from_text(text).map_err(|list::MalformedList| {
            let requirement =
                "must be a list such as vip, beta; items in double quotes must end with a quote";
            Fault::new(Rule::InvalidString, requirement)
        }),
        Format::Json => serde_json::from_str(text).map_err(|_| {
            Fault::new(Rule::InvalidString, "must be a JSON object, such as {\"seats\": 25}")
        }),
    }
}

/// Takes the host out of a URL, which a host name never looks like.
fn host(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    let is_url = ["http://", "https://"].iter().any(|scheme| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    // The host as it was written: `Url` converts it to Punycode.
    let rest = match is_url.then(|| text.split_once("://")) {
        Some(Some((_, rest))) => rest,
        _ => return Cow::Borrowed(text),
    };
    match Url::parse(text) {
        Ok(url) if url.username().is_empty() && url.password().is_none() => {
            let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
            let host = &rest[..end];
            let host = host.rsplit_once(':').map_or(host, |(host, _port)| host);
            Cow::Borrowed(host)
        }
        _ => Cow::Borrowed(text),
    }
}

/// Spells a value like the API: `At risk` becomes `at_risk`.
fn choice(text: &str) -> String {
    text.trim().to_lowercase().replace([' ', '-'], "_")
}

/// Reads an integer in JSON notation, also with leading zeros. Separators are not accepted, because
/// `1,234` and `1.234` mean different numbers in different countries, and so are `1,000` and
/// `1.000`.
fn number(text: &str) -> Option<Number> {
    let text = text.trim();
    let looks_like_thousands = text
        .split_once('.')
        .is_some_and(|(_, rest)| rest.len() == 3 && rest.bytes().all(|byte| byte.is_ascii_digit()));
    if looks_like_thousands {
        return None;
    }
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let digits = if is_digits { text.trim_start_matches('0') } else { text };
    let digits = if digits.is_empty() && !text.is_empty() { "0" } else { digits };
    let number: Number = serde_json::from_str(digits).ok()?;
    let is_fraction = number.as_f64().is_some_and(|number| number.fract() != 0.0);
    (!is_fraction).then_some(number)
}

fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "1" | "on" | "x" => Some(true),
        "false" | "f" | "no" | "n" | "0" | "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::model::customer::CustomerStatus;
    use crate::model::values::domain::Domain;
    use strum::VariantNames;

    #[test]
    fn numbers_have_no_separators() {
        let number = |text| to_json(text, Format::Number).ok();
        assert_eq!(number("1234"), Some(json!(1234)));
        assert_eq!(number(" 007 "), Some(json!(7)));
        assert_eq!(number("000"), Some(json!(0)));
        assert_eq!(number("-5"), Some(json!(-5)));
        assert_eq!(number("12.00").unwrap().to_string(), "12.00");
        assert_eq!(number("1.2E+05").unwrap().to_string(), "1.2e+05");
        for text in [
            "1,234", "1.234", "1.000", "1.5", "1 234", "1'234", "$12", "12 €", "twelve", "NaN",
            "0x10", "-",
        ] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn booleans_have_many_names() {
        for text in ["true", "TRUE", "Yes", "y", "1", "on", "x"] {
            assert_eq!(to_json(text, Format::Boolean), Ok(json!(true)), "{text}");
        }
        for text in ["false", "No", "n", "0", "off"] {
            assert_eq!(to_json(text, Format::Boolean), Ok(json!(false)), "{text}");
        }
        assert!(to_json("maybe", Format::Boolean).is_err());
    }

    #[test]
    fn a_choice_can_be_written_for_people() {
        for text in ["At risk", "at-risk", " AT_RISK "] {
            assert_eq!(to_json(text, Format::Choice), Ok(json!("at_risk")));
        }
        for &status in CustomerStatus::VARIANTS {
            assert_eq!(to_json(status, Format::Choice), Ok(json!(status)));
        }
    }

    #[test]
    fn a_url_stands_for_its_host() {
        for (text, host) in [
            ("https://www.Aurora.example/about?x#y", "www.Aurora.example"),
            ("HTTP://aurora.example:8080", "aurora.example"),
            ("https://zoë.example/", "zoë.example"),
            ("aurora.example", "aurora.example"),
            ("aurora.example/about", "aurora.example/about"),
            ("https://user:secret@aurora.example/", "https://user:secret@aurora.example/"),
            ("https://", "https://"),
        ] {
            assert_eq!(to_json(text, Format::Host), Ok(json!(host)));
        }
    }

    #[test]
    fn metadata_is_json() {
        let odd = r#"{"z":1,"a":1.0,"m":123456789012345678901234567890}"#;
        assert_eq!(to_json(odd, Format::Json).unwrap().to_string(), odd);
        assert!(to_json("{", Format::Json).is_err());
    }

    proptest! {
        #[test]
        fn a_valid_domain_stays_as_it_is(text in "[a-zß-ö:/.-]{0,20}") {
            if let Ok(domain) = Domain::parse(&text) {
                prop_assert_eq!(host(domain.as_str()), domain.as_str());
            }
        }
    }
}
