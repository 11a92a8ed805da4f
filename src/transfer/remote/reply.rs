//! A response of another server.

use serde::{Deserialize, Serialize};

use super::message::printable;

/// A response that was received completely.
#[derive(Debug)]
pub struct Reply {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// The error of a response, as the API describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApiFault {
    /// Empty if the response is not an error of the API.
    pub code: String,
    pub message: String,
    pub field: Option<String>,
}

#[derive(Deserialize)]
struct Envelope {
    error: Inner,
}

#[derive(Deserialize)]
struct Inner {
    code: Option<String>,
    message: Option<String>,
    field: Option<String>,
    /// All errors of a request body, if there are several. Only this server returns them.
    errors: Option<Vec<Inner>>,
}

impl Reply {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub fn is_not_found(&self) -> bool {
        self.status == 404
    }

    pub fn status(&self) -> u16 {
        self.status
    }

    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns the errors, at least one, ready to be shown.
    pub fn faults(&self) -> Vec<ApiFault> {
        let Ok(Envelope { error }) = serde_json::from_slice(&self.body) else {
            let message = format!("status {}", self.status);
            return vec![ApiFault { code: String::new(), message, field: None }];
        };
        match error.errors {
            Some(errors) if !errors.is_empty() => errors.into_iter().map(Inner::fault).collect(),
            _ => vec![error.fault()],
        }
    }

    /// Returns the first error.
    pub fn fault(&self) -> ApiFault {
        let mut faults = self.faults();
        faults.swap_remove(0)
    }
}

impl Inner {
    fn fault(self) -> ApiFault {
        let text = |text: Option<String>| printable(&text.unwrap_or_default());
        ApiFault {
            code: text(self.code),
            message: text(self.message),
            field: self.field.as_deref().map(printable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(body: &str) -> Vec<(String, String, Option<String>)> {
        let reply = Reply { status: 400, body: body.into() };
        let faults = reply.faults().into_iter();
        faults.map(|fault| (fault.code, fault.message, fault.field)).collect()
    }

    #[test]
    fn every_error_of_a_body_is_reported() {
        let one = r#"{"error":{"type":"conflict","code":"slug_taken","message":"Taken.","field":"slug"}}"#;
        let slug = ("slug_taken".to_owned(), "Taken.".to_owned(), Some("slug".to_owned()));
        assert_eq!(faults(one), std::slice::from_ref(&slug));
        let two = r#"{"error":{"code":"slug_taken","message":"Taken.","field":"slug","errors":[
            {"code":"slug_taken","message":"Taken.","field":"slug"},{"code":"too_big","message":"No."}]}}"#;
        assert_eq!(faults(two), [slug, ("too_big".to_owned(), "No.".to_owned(), None)]);
    }

    #[test]
    fn a_response_of_something_else_is_described_by_its_status() {
        for body in ["<html>", "", "{}", r#"{"error":"no"}"#, r#"{"message":"no"}"#] {
            assert_eq!(faults(body), [(String::new(), "status 400".to_owned(), None)], "{body}");
        }
    }
}
