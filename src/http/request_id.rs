//! The id that every response carries and every log line names.

use actix_web::HttpMessage;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::HeaderName;
use uuid::Uuid;

/// `X-Request-Id`, in the form that HTTP/1.1 headers have in memory.
pub(crate) static HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id of a client that is taken over.
const MAX: usize = 128;

/// The id of a request, kept in its extensions.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(String);

impl RequestId {
    /// Gives a request the client's own id if that is fit for a log line, otherwise a new one.
    pub fn assign(request: &ServiceRequest) -> Self {
        let sent = request.headers().get(&HEADER).and_then(|value| value.to_str().ok());
        let id = match sent {
            Some(sent) if is_sane(sent) => Self(sent.to_owned()),
            _ => Self(format!("req_{}", Uuid::now_v7().simple())),
        };
        request.extensions_mut().insert(id.clone());
        id
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Letters, digits and the punctuation of the usual id formats. A key is not an id.
fn is_sane(id: &str) -> bool {
    let usual = |b: u8| b.is_ascii_alphanumeric() || b"-_.:/+=@".contains(&b);
    (1..=MAX).contains(&id.len()) && id.bytes().all(usual) && !id.contains("pivotal_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_could_spoil_a_log_is_not_taken_over() {
        for sane in ["a", "0190-ab_c.d:e/f+g=", &"x".repeat(128)] {
            assert!(is_sane(sane), "{sane}");
        }
        for odd in ["", "a b", "a\"b", "ä", "a\tb", "pivotal_abc", &"x".repeat(129)] {
            assert!(!is_sane(odd), "{odd}");
        }
    }
}
