//! Removes secrets from text for logs and error messages.

use std::borrow::Cow;
use std::ops::Range;

use super::key::Mode;
use super::key::secret::LOOKUP;

const REPLACEMENT: &str = "[redacted]";

/// Redacts API keys, of which the prefixes remain, the signing secrets of webhooks, and the users
/// and passwords in URLs.
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut redacted = String::new();
    let mut done = 0;
    // In one pass and without recursion: clients choose how many there are.
    for (at, _) in text.match_indices(['_', ':']) {
        if at < done {
            continue;
        }
        if let Some(secret) = secret_at(text, at) {
            redacted.push_str(&text[done..secret.start]);
            redacted.push_str(REPLACEMENT);
            done = secret.end;
        }
    }
    if done == 0 { text.into() } else { (redacted + &text[done..]).into() }
}

/// Returns the secret whose marker ends or begins at `at`.
fn secret_at(text: &str, at: usize) -> Option<Range<usize>> {
    let (before, rest) = text.split_at(at);
    if let Some(rest) = rest.strip_prefix("://") {
        let start = at + 3;
        // A password can contain `?` and `#`, although they should be encoded.
        let authority = rest.split(|c: char| c.is_whitespace() || "/`\"".contains(c)).next()?;
        return authority.rfind('@').filter(|end| *end > 0).map(|end| start..start + end);
    }
    let rest = rest.strip_prefix('_')?;
    if before.ends_with("whsec") {
        let is_part = |b: u8| b.is_ascii_alphanumeric() || b"+/=".contains(&b);
        let length = rest.bytes().take_while(|b| is_part(*b)).count();
        return (length > LOOKUP).then_some(at + 1..at + 1 + length);
    }
    let start = before.strip_suffix("pivotal")?.len();
    let key = &text[start..];
    let mode = if key.starts_with(Mode::Test.marker()) { Mode::Test } else { Mode::Live };
    let letters = key[mode.marker().len()..].bytes().take_while(u8::is_ascii_alphanumeric).count();
    let start = start + mode.marker().len();
    (letters > LOOKUP).then_some(start + LOOKUP..start + letters)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_prefix_of_a_key_remains() {
        let secret = "k".repeat(46);
        for marker in ["pivotal_", "pivotal_test_"] {
            let line = format!("/a/{marker}{secret}/é/x{marker}{secret}");
            let redacted = format!("{marker}kkkkkkkk[redacted]");
            assert_eq!(redact(&line), format!("/a/{redacted}/é/x{redacted}"));
        }
        for text in ["/api/v1/pivotal_x/é", "pivotal_", "pivotal_test_kkkkkkkk", "a_b:c", ""] {
            assert!(matches!(redact(text), Cow::Borrowed(shown) if shown == text));
        }
    }

    #[test]
    fn nothing_remains_of_a_signing_secret_or_of_a_user_in_a_url() {
        for (text, redacted) in [
            ("argument `whsec_MfKQ9r8GKYqrTwjU/+aA==`", "argument `whsec_[redacted]`"),
            ("`whsec_` followed by base64", "`whsec_` followed by base64"),
            ("`http://a:b@c#d@example.com/x@y`", "`http://[redacted]@example.com/x@y`"),
            ("https://example.com:80/?a@b", "https://example.com:80/?a@b"),
            ("see https://example.com, or a@b", "see https://example.com, or a@b"),
        ] {
            assert_eq!(redact(text), redacted);
        }
    }

    #[test]
    fn any_number_of_markers_is_handled() {
        for marker in ["pivotal_/", "pivotal_test_/", "whsec_", "://@", "_", "pivotal_kkkkkkkkk/"] {
            let text = marker.repeat(100_000);
            assert!(redact(&text).starts_with(&marker[..1]));
        }
    }

    proptest! {
        #[test]
        fn no_text_causes_a_panic_and_nothing_is_left_to_redact(
            text in "((pivotal_(test_)?|whsec_|://)?[a-z0-9@_:/é]{0,20}){0,4}",
        ) {
            let once = redact(&text).into_owned();
            prop_assert_eq!(redact(&once), once.as_str());
        }
    }
}
