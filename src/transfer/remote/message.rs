//! Texts from another server, as they are shown.

use crate::model::redact::redact;

/// The maximum length of a shown text, in characters.
const MAX: usize = 300;

/// Makes a text safe for a terminal and a log: one line, not too long, and without API keys.
pub(super) fn printable(text: &str) -> String {
    let line: String =
        text.chars().map(|char| if char.is_control() { ' ' } else { char }).take(MAX).collect();
    redact(line.trim()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_keys_are_removed() {
        let text = "\u{1b}[31mno\n pivotal_K8s9X2mPsecretsecretsecretsecret ";
        assert_eq!(printable(text), "[31mno  pivotal_K8s9X2mP[redacted]");
        assert_eq!(printable(&"x".repeat(1000)).len(), MAX);
    }
}
