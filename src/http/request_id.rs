//! Request IDs, which every response and every line of the access log contain.

use actix_web::HttpMessage;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::HeaderName;
use uuid::Uuid;

pub(crate) static HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The maximum length of an ID that a client sends.
const MAX_LENGTH: usize = 128;

/// The ID of a request, stored in its extensions.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(String);

impl RequestId {
    /// Sets the ID of a request: the client's own if it is safe to log, otherwise a new one.
    pub fn assign(request: &ServiceRequest) -> Self {
        let sent = request.headers().get(&HEADER).and_then(|value| value.to_str().ok());
        let id = match sent {
            Some(sent) if is_safe(sent) => Self(sent.to_owned()),
            _ => Self(format!("req_{}", Uuid::now_v7().simple())),
        };
        request.extensions_mut().insert(id.clone());
        id
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns whether an ID is safe to log: it consists of letters, digits, and the punctuation of
/// common ID formats, and contains nothing that looks like a secret.
fn is_safe(id: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_.:/+=@".contains(&b);
    let is_secret = ["pivotal_", "whsec_"].iter().any(|marker| id.contains(marker));
    (1..=MAX_LENGTH).contains(&id.len()) && id.bytes().all(is_allowed) && !is_secret
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_are_not_safe_to_log_are_rejected() {
        for safe in ["a", "0190-ab_c.d:e/f+g=", &"x".repeat(128)] {
            assert!(is_safe(safe), "{safe}");
        }
        for unsafe_id in
            ["", "a b", "a\"b", "ä", "a\tb", "pivotal_abc", "whsec_a", &"x".repeat(129)]
        {
            assert!(!is_safe(unsafe_id), "{unsafe_id}");
        }
    }
}
