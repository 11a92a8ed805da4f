//! Normalized forms for comparing text that can be spelled in different ways. They are stored next
//! to the original and never returned to clients.

use std::borrow::Cow;

use icu_casemap::CaseMapperBorrowed;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

/// The longest label to convert, in bytes. Punycode takes quadratic time, and valid host names are
/// much shorter than this.
const MAX_LABEL: usize = 1024;

/// Normalizes text for searching: full case folding, then composition (NFC). `ß` becomes `ss`, and
/// all three forms of sigma become the same letter.
pub fn search_key(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // Decompose first, because folding changes the iota subscript (Unicode Standard, 3.13, D145).
    let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize(text);
    let folded = CaseMapperBorrowed::new().fold_string(&decomposed);
    to_nfc(&folded).into_owned()
}

/// Normalizes a host name for comparison: lowercase, in ASCII (`xn--`), without the trailing dot.
/// Labels that have no ASCII form are lowercased and composed (NFC).
pub fn host_key(host: &str) -> String {
    let host = host.strip_suffix('.').unwrap_or(host);
    host.split('.').map(label_key).collect::<Vec<_>>().join(".")
}

/// Normalizes an email address for comparison: the local part in lowercase and composed (NFC), the
/// domain with [`host_key`].
pub fn email_key(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, host)) => format!("{}@{}", to_nfc(&local.to_lowercase()), host_key(host)),
        None => address.to_owned(),
    }
}

/// Normalizes one label. Converting a whole name at once would apply rules that span labels (Bidi),
/// and if one failed, equal labels would keep different forms.
fn label_key(label: &str) -> String {
    if label.is_ascii() && !label.as_bytes().iter().take(4).eq(b"xn--") {
        return label.to_ascii_lowercase();
    }
    ascii_label(label).map_or_else(|| to_nfc(&label.to_lowercase()).into_owned(), Cow::into_owned)
}

/// Returns the ASCII form of a label (UTS 46, ToASCII), if IDNA allows the label.
pub(in crate::model) fn ascii_label(label: &str) -> Option<Cow<'_, str>> {
    if label.len() > MAX_LABEL {
        return None;
    }
    let (bytes, hyphens) = (label.as_bytes(), Hyphens::Allow);
    Uts46::new().to_ascii(bytes, AsciiDenyList::EMPTY, hyphens, DnsLength::Ignore).ok()
}

fn to_nfc(text: &str) -> Cow<'_, str> {
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
    fn search_keys_use_full_case_folding() {
        assert_eq!(search_key("STRASSE"), search_key("Straße"));
        assert_eq!(search_key("ΟΔΟΣ"), search_key("οδος"));
        assert_eq!(search_key("ΟΔΟΣ"), search_key("οδοσ"));
        assert_eq!(search_key("ﬁn"), "fin");
        assert_eq!(search_key("İ"), "i\u{307}");
        assert_eq!(search_key("ı"), "ı");
        assert_eq!(search_key("MU\u{308}LLER"), "müller");
        assert_ne!(search_key("muller"), "müller");
    }

    #[test]
    fn host_names_compare_in_ascii() {
        assert_eq!(host_key("münchen.example"), "xn--mnchen-3ya.example");
        assert_eq!(host_key("mu\u{308}nchen.example."), "xn--mnchen-3ya.example");
        assert_eq!(host_key("XN--MNCHEN-3YA.Example"), "xn--mnchen-3ya.example");
        assert_ne!(host_key("straße.example"), host_key("strasse.example"));
        // A right-to-left label next to a label that starts with a digit violates the Bidi rule.
        assert_eq!(host_key("1.אב.example"), host_key("1.xn--4dbc.example"));
    }

    #[test]
    fn a_label_without_an_ascii_form_is_composed() {
        assert_eq!(host_key("-ü.example"), host_key("-u\u{308}.example"));
        assert_eq!(host_key("xn--a"), "xn--a");
        let long = "é".repeat(3000);
        assert_eq!(host_key(&long), host_key(&nfd(&long)));
    }

    #[test]
    fn both_parts_of_an_email_address_matter() {
        assert_eq!(email_key("jo\u{308}rg@mu\u{308}nchen.example"), "jörg@xn--mnchen-3ya.example");
        assert_ne!(email_key("a@b.example"), email_key("b@b.example"));
    }

    proptest! {
        #[test]
        fn composed_and_decomposed_text_compare_equal(text in ".{0,40}") {
            prop_assert_eq!(search_key(&text), search_key(&nfd(&text)));
            let lower = text.to_lowercase();
            let (host, other) = (host_key(&lower), host_key(&nfd(&lower)));
            prop_assert_eq!(host, other);
        }

        #[test]
        fn normalizing_twice_changes_nothing(text in ".{0,40}") {
            prop_assert_eq!(search_key(&search_key(&text)), search_key(&text));
            let label: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
            let key = host_key(&label.to_lowercase());
            prop_assert_eq!(host_key(&key), key);
        }
    }
}
