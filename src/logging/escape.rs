//! Escapes text for log lines.

use std::borrow::Cow;
use std::fmt::Write;

/// Returns a JSON string. Characters that some programs take for a line break are escaped too,
/// although JSON doesn't require it.
pub(super) fn json_string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => json.extend(['\\', letter]),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            // All of them are in the basic plane. Writing to a string can't fail.
            _ if is_unsafe(letter) => drop(write!(json, "\\u{:04x}", u32::from(letter))),
            _ => json.push(letter),
        }
    }
    json.push('"');
    json
}

/// Returns a value of a text line: as it is if it is one word, and otherwise as a JSON string.
pub(super) fn text_value(text: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'=');
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.into();
    }
    json_string(text).into()
}

/// Returns the message of a text line, which must not contain a line break or control a terminal.
pub(super) fn text_message(text: &str) -> Cow<'_, str> {
    if text.contains(is_unsafe) { text.replace(is_unsafe, " ").into() } else { text.into() }
}

fn is_unsafe(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_of_a_text_line_is_quoted_if_it_is_not_one_word() {
        for plain in ["a", "/api/v1/me", "req_1:2,3", "[::1]:80"] {
            assert_eq!(text_value(plain), plain);
        }
        for (text, quoted) in [
            ("", r#""""#),
            ("a b", r#""a b""#),
            ("a=b", r#""a=b""#),
            ("\"", r#""\"""#),
            ("a\nb\u{1b}", r#""a\nb\u001b""#),
            ("é\u{2028}", r#""é\u2028""#),
        ] {
            assert_eq!(text_value(text), quoted);
        }
        assert_eq!(text_message("a\r\nb\u{85}\u{1b}[31m"), "a  b  [31m");
    }

    proptest! {
        #[test]
        fn any_text_becomes_a_json_string_on_one_line(text in "[\\x00-\\x1f\"\\\\\u{80}-\u{9f}\u{2020}-\u{2030}a-z😀]{0,20}|.*") {
            let json = json_string(&text);
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
            prop_assert!(!json.contains(is_unsafe));
        }
    }
}
