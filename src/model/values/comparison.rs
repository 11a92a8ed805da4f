//! The forms in which texts compare, where different spellings mean the same. They are kept beside
//! what was sent and never shown.

use std::borrow::Cow;

use icu_casemap::CaseMapperBorrowed;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

/// No host name is longer than a quarter of this, and Punycode takes quadratic time.
const MAX_LABEL: usize = 1024;

/// The form in which searches compare: composed (NFC), after full case folding. `ß` becomes `ss`,
/// and the three sigmas become one.
pub fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // Decomposed first, because folding moves the iota subscript (Unicode, 3.13, D145).
    let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize(text);
    let folded = CaseMapperBorrowed::new().fold_string(&decomposed);
    composed(&folded).into_owned()
}

/// The form in which host names compare: lower case, in ASCII (`xn--`), without a final dot. A
/// label that has no ASCII form is composed instead.
pub fn host_key(host: &str) -> String {
    let host = host.strip_suffix('.').unwrap_or(host);
    host.split('.').map(label_key).collect::<Vec<_>>().join(".")
}

/// The form in which addresses compare: the local part in lower case and composed, the domain as a
/// host name.
pub fn email_key(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, host)) => format!("{}@{}", composed(&local.to_lowercase()), host_key(host)),
        None => address.to_owned(),
    }
}

/// Label by label: a rule that concerns the name as a whole must not keep two forms of one label
/// apart.
fn label_key(label: &str) -> String {
    if label.is_ascii() && !label.as_bytes().iter().take(4).eq(b"xn--") {
        return label.to_ascii_lowercase();
    }
    ascii_label(label).map_or_else(|| composed(&label.to_lowercase()).into_owned(), Cow::into_owned)
}

/// The ASCII form of a label (UTS 46, ToASCII), if IDNA allows the label.
pub(in crate::model) fn ascii_label(label: &str) -> Option<Cow<'_, str>> {
    if label.len() > MAX_LABEL {
        return None;
    }
    let (bytes, hyphens) = (label.as_bytes(), Hyphens::Allow);
    Uts46::new().to_ascii(bytes, AsciiDenyList::EMPTY, hyphens, DnsLength::Ignore).ok()
}

fn composed(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn nfd(text: &str) -> String {
        DecomposingNormalizerBorrowed::new_nfd().normalize(text).into_owned()
    }

    #[test]
    fn case_is_folded_fully() {
        assert_eq!(folded("STRASSE"), folded("Straße"));
        assert_eq!(folded("ΟΔΟΣ"), folded("οδος"));
        assert_eq!(folded("ΟΔΟΣ"), folded("οδοσ"));
        assert_eq!(folded("ﬁn"), "fin");
        assert_eq!(folded("İ"), "i\u{307}");
        assert_eq!(folded("ı"), "ı");
        assert_eq!(folded("MU\u{308}LLER"), "müller");
        assert_ne!(folded("muller"), "müller");
    }

    #[test]
    fn hosts_compare_in_ascii() {
        assert_eq!(host_key("münchen.example"), "xn--mnchen-3ya.example");
        assert_eq!(host_key("mu\u{308}nchen.example."), "xn--mnchen-3ya.example");
        assert_eq!(host_key("XN--MNCHEN-3YA.Example"), "xn--mnchen-3ya.example");
        assert_ne!(host_key("straße.example"), host_key("strasse.example"));
        // A right-to-left label beside one that begins with a digit breaks the rule for both.
        assert_eq!(host_key("1.אב.example"), host_key("1.xn--4dbc.example"));
    }

    #[test]
    fn a_label_without_an_ascii_form_still_compares_composed() {
        assert_eq!(host_key("-ü.example"), host_key("-u\u{308}.example"));
        assert_eq!(host_key("xn--a"), "xn--a");
        let long = "é".repeat(3000);
        assert_eq!(host_key(&long), host_key(&nfd(&long)));
    }

    #[test]
    fn addresses_compare_by_both_parts() {
        assert_eq!(email_key("jo\u{308}rg@mu\u{308}nchen.example"), "jörg@xn--mnchen-3ya.example");
        assert_ne!(email_key("a@b.example"), email_key("b@b.example"));
    }

    proptest! {
        #[test]
        fn both_normal_forms_compare_equal(text in ".{0,40}") {
            prop_assert_eq!(folded(&text), folded(&nfd(&text)));
            let lower = text.to_lowercase();
            let (host, other) = (host_key(&lower), host_key(&nfd(&lower)));
            prop_assert_eq!(host, other);
        }

        #[test]
        fn a_form_is_its_own_form(text in ".{0,40}") {
            prop_assert_eq!(folded(&folded(&text)), folded(&text));
            let label: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
            let key = host_key(&label.to_lowercase());
            prop_assert_eq!(host_key(&key), key);
        }
    }
}
