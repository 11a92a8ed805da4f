//! The requests that were made to the API, so that tests can check what a client sent.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::model::key::secret::Prefix;
use crate::model::values::slug::Slug;
use crate::model::values::time::Timestamp;

/// The maximum number of requests that are kept.
const MAX_REQUESTS: usize = 1000;
/// How many bytes of a body are kept.
const MAX_BODY: usize = 64 << 10;
/// How many bytes all kept paths and bodies can have together.
const MAX_BYTES: usize = 16 << 20;

#[derive(Default)]
pub(crate) struct Journal(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    requests: VecDeque<LoggedRequest>,
    bytes: usize,
}

/// A request and the status of its response.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LoggedRequest {
    /// When the response was ready, or the client gave up.
    pub time: Timestamp,
    pub method: String,
    /// With the query.
    pub path: String,
    /// `None` if no operation has this path.
    pub operation: Option<&'static str>,
    /// `None` if the connection was cut before the response, by a fault or by the client.
    pub status: Option<u16>,
    /// `None` if the request wasn't authenticated.
    pub workspace: Option<Slug>,
    pub key_prefix: Option<Prefix>,
    pub request_id: String,
    /// The fault that applied.
    pub fault: Option<String>,
    /// `None` if there was none, or if the request was refused before its body was read.
    pub body: Option<LoggedBody>,
}

/// The text of a body, cut off after [`MAX_BODY`] bytes.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct LoggedBody(String);

impl LoggedBody {
    /// Returns `None` for an empty body.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let kept = &bytes[..bytes.len().min(MAX_BODY)];
        (!kept.is_empty()).then(|| Self(String::from_utf8_lossy(kept).into_owned()))
    }
}

impl LoggedRequest {
    fn bytes(&self) -> usize {
        self.path.len() + self.body.as_ref().map_or(0, |LoggedBody(text)| text.len())
    }
}

impl Journal {
    /// Adds a request. The oldest ones make room for it.
    pub fn record(&self, request: LoggedRequest) {
        let mut kept = self.lock();
        kept.bytes += request.bytes();
        kept.requests.push_back(request);
        while kept.requests.len() > MAX_REQUESTS || kept.bytes > MAX_BYTES {
            let Some(oldest) = kept.requests.pop_front() else { return };
            kept.bytes -= oldest.bytes();
        }
    }

    /// Returns the requests, oldest first: all of them, or those of one workspace.
    pub fn list(&self, workspace: Option<&Slug>) -> Vec<LoggedRequest> {
        let kept = self.lock();
        kept.requests.iter().filter(|one| is_in(one, workspace)).cloned().collect()
    }

    /// Removes all requests, or those of one workspace.
    pub fn clear(&self, workspace: Option<&Slug>) {
        let mut kept = self.lock();
        kept.requests.retain(|request| !is_in(request, workspace));
        kept.bytes = kept.requests.iter().map(LoggedRequest::bytes).sum();
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_in(request: &LoggedRequest, workspace: Option<&Slug>) -> bool {
    workspace.is_none_or(|only| request.workspace.as_ref() == Some(only))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str, workspace: &str, body: &[u8]) -> LoggedRequest {
        LoggedRequest {
            time: Timestamp::from_micros(0),
            method: "POST".to_owned(),
            path: path.to_owned(),
            operation: None,
            status: Some(200),
            workspace: Some(Slug::parse(workspace).unwrap()),
            key_prefix: None,
            request_id: String::new(),
            fault: None,
            body: LoggedBody::new(body),
        }
    }

    fn paths(journal: &Journal, workspace: Option<&str>) -> Vec<String> {
        let workspace = workspace.map(|slug| Slug::parse(slug).unwrap());
        journal.list(workspace.as_ref()).into_iter().map(|request| request.path).collect()
    }

    #[test]
    fn requests_are_listed_oldest_first_and_by_workspace() {
        let journal = Journal::default();
        for (path, workspace) in [("/1", "a"), ("/2", "b"), ("/3", "a")] {
            journal.record(request(path, workspace, b""));
        }
        assert_eq!(paths(&journal, None), ["/1", "/2", "/3"]);
        assert_eq!(paths(&journal, Some("a")), ["/1", "/3"]);
        journal.clear(Some(&Slug::parse("a").unwrap()));
        assert_eq!(paths(&journal, None), ["/2"]);
        journal.clear(None);
        assert!(paths(&journal, None).is_empty());
    }

    #[test]
    fn the_number_and_the_size_of_kept_requests_are_bounded() {
        let journal = Journal::default();
        for number in 0..=MAX_REQUESTS {
            journal.record(request(&format!("/{number}"), "a", b"{}"));
        }
        let kept = paths(&journal, None);
        assert_eq!((kept.len(), kept[0].as_str()), (MAX_REQUESTS, "/1"));
        let long = "x".repeat(MAX_BODY + 1);
        for _ in 0..MAX_REQUESTS {
            journal.record(request("/long", "a", long.as_bytes()));
        }
        let kept = journal.list(None);
        assert!(kept.len() < MAX_REQUESTS && !kept.is_empty());
        assert!(kept.iter().map(LoggedRequest::bytes).sum::<usize>() <= MAX_BYTES);
        let LoggedBody(body) = kept[0].body.as_ref().unwrap();
        assert_eq!(body.len(), MAX_BODY);
    }

    #[test]
    fn a_body_that_is_not_text_is_kept_as_far_as_it_can_be_read() {
        let LoggedBody(text) = LoggedBody::new(b"a\xffb").unwrap();
        assert_eq!(text, "a\u{fffd}b");
        assert!(LoggedBody::new(b"").is_none());
    }
}
