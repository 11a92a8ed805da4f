//! Environment variables that start with `PIVOTAL_` but are not settings: which of them may be
//! typos, and which belong to other programs.

use std::fmt;

use super::table::{PREFIX, SETTINGS};
use crate::model::parse::typo::is_close;

/// Variables that the command line or clients of the API use.
const NOT_SETTINGS: &[&str] = &[
    "PIVOTAL_CONFIG",
    "PIVOTAL_API_KEY",
    "PIVOTAL_TEST_KEY",
    "PIVOTAL_API_URL",
    "PIVOTAL_BASE_URL",
    "PIVOTAL_WEBHOOK_SECRET",
];

/// A variable that is not a setting. Its value is not stored: it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownVariable {
    name: String,
    nearest: Option<String>,
}

impl fmt::Display for UnknownVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "environment variable `{}` is not a setting and is ignored", self.name)?;
        match &self.nearest {
            Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
            None => Ok(()),
        }
    }
}

impl UnknownVariable {
    /// Returns a warning, or `None` if the variable is known to belong to another program.
    pub(super) fn detect(name: &str, value: &str) -> Option<Self> {
        if NOT_SETTINGS.contains(&name) || is_service_link(name, value) {
            return None;
        }
        let variables: Vec<String> = SETTINGS.iter().map(|setting| setting.variable()).collect();
        let nearest = nearest(name, variables.iter().map(String::as_str));
        Some(Self { name: name.to_owned(), nearest: nearest.map(str::to_owned) })
    }
}

/// Returns whether Kubernetes or `docker --link` set the variable for a service whose name starts
/// with `pivotal`. The value decides: `PIVOTAL_PORT=8080` is a user's guess at a setting.
fn is_service_link(name: &str, value: &str) -> bool {
    let Some(rest) = name.strip_prefix(PREFIX) else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_link = ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme));
    // The service name can be longer, such as `pivotal-api`.
    let parts: Vec<&str> = rest.split('_').collect();
    (0..parts.len()).any(|start| match &parts[start..] {
        ["SERVICE", "HOST"] => true,
        ["SERVICE", "PORT", ..] => is_number(value),
        ["PORT"] | ["PORT", _, "TCP" | "UDP" | "SCTP"] => is_link,
        ["PORT", number, "TCP" | "UDP" | "SCTP", "PROTO" | "PORT" | "ADDR"] => is_number(number),
        _ => false,
    })
}

/// Returns the candidate that `name` is most likely a misspelling of.
pub(super) fn nearest<'c>(
    name: &str,
    candidates: impl Iterator<Item = &'c str>,
) -> Option<&'c str> {
    // The common prefix must not raise the number of differences allowed.
    let own = name.strip_prefix(PREFIX).unwrap_or(name);
    let last = |name: &str| name.rsplit('.').next().map(str::to_owned);
    candidates
        .filter_map(|candidate| {
            let other = candidate.strip_prefix(PREFIX).unwrap_or(candidate);
            let distance = strsim::osa_distance(own, other);
            let is_close = is_close(own, distance);
            // The right name in the wrong section, which easily happens at the end of a file.
            let is_misplaced = last(own) == last(other);
            (is_close || is_misplaced).then_some((!is_close, distance, candidate))
        })
        .min()
        .map(|(_, _, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warning(name: &str, value: &str) -> Option<String> {
        UnknownVariable::detect(name, value).map(|unknown| unknown.to_string())
    }

    #[test]
    fn a_misspelled_variable_gets_the_nearest_setting() {
        for (name, expected) in [
            ("PIVOTAL_WORKER", "PIVOTAL_WORKERS"),
            ("PIVOTAL_TRUSTED_PROXY", "PIVOTAL_TRUSTED_PROXIES"),
            ("PIVOTAL_RATE_LIMIT_STANDARD", "PIVOTAL_RATE_LIMITS_STANDARD"),
            ("PIVOTAL_DATADIR", "PIVOTAL_DATA_DIR"),
            ("PIVOTAL_LITSEN", "PIVOTAL_LISTEN"),
            ("PIVOTAL_DATABASE_URL", "PIVOTAL_DATABASE"),
        ] {
            let message = warning(name, "s3cret").unwrap();
            assert!(message.ends_with(&format!("did you mean `{expected}`?")), "{message}");
            assert!(
                message.contains(&format!("`{name}`")) && !message.contains("s3cret"),
                "{message}"
            );
        }
        let far = warning("PIVOTAL_SENTRY_DSN", "https://key@example.com/1").unwrap();
        assert_eq!(
            far,
            "environment variable `PIVOTAL_SENTRY_DSN` is not a setting and is ignored"
        );
    }

    #[test]
    fn variables_of_clients_and_container_platforms_cause_no_warning() {
        for (name, value) in [
            ("PIVOTAL_API_KEY", "pivotal_x"),
            ("PIVOTAL_WEBHOOK_SECRET", "whsec_x"),
            ("PIVOTAL_SERVICE_HOST", "10.96.0.7"),
            ("PIVOTAL_SERVICE_PORT", "8080"),
            ("PIVOTAL_SERVICE_PORT_HTTP", "8080"),
            ("PIVOTAL_API_SERVICE_HOST", "10.96.0.7"),
            ("PIVOTAL_PORT", "tcp://10.96.0.7:8080"),
            ("PIVOTAL_PORT_8080_TCP", "tcp://10.96.0.7:8080"),
            ("PIVOTAL_PORT_8080_TCP_PROTO", "tcp"),
            ("PIVOTAL_PORT_8080_TCP_PORT", "8080"),
            ("PIVOTAL_ADMIN_PORT_53_UDP_ADDR", "10.96.0.7"),
        ] {
            assert_eq!(warning(name, value), None, "{name}");
        }
        for (name, value) in [
            ("PIVOTAL_PORT", "8080"),
            ("PIVOTAL_SERVICE", "pivotal"),
            ("PIVOTAL_PORT_8080", "tcp://10.96.0.7:8080"),
        ] {
            assert!(warning(name, value).is_some(), "{name}");
        }
    }

    #[test]
    fn a_setting_in_the_wrong_section_is_found() {
        let nearest = |name| nearest(name, SETTINGS.iter().map(|setting| setting.name));
        assert_eq!(nearest("admin.workers"), Some("workers"));
        assert_eq!(nearest("paid"), Some("rate_limits.paid"));
        assert_eq!(nearest("lisen"), Some("listen"));
        assert_eq!(nearest("speed"), None);
    }
}
