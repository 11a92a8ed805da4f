//! A text with the address by which the client reached the server. It is made while it is sent, so
//! that clients which read slowly do not hold a copy of it each.

use std::convert::Infallible;
use std::pin::Pin;
use std::str::MatchIndices;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;

use super::origin::PLACEHOLDER;

/// The body of a response.
pub(crate) struct Readdressed {
    text: &'static str,
    origin: Bytes,
    /// How much of the text was sent.
    sent: usize,
    /// Where the next placeholder is.
    next: Option<usize>,
    others: MatchIndices<'static, &'static str>,
    size: u64,
}

impl Readdressed {
    /// The text, with `origin` in place of every placeholder.
    pub fn new(text: &'static str, origin: &str) -> Self {
        let mut others = text.match_indices(PLACEHOLDER);
        let count = others.clone().count();
        let size = text.len() - count * PLACEHOLDER.len() + count * origin.len();
        let next = others.next().map(|(place, _)| place);
        let origin = Bytes::copy_from_slice(origin.as_bytes());
        Self { text, origin, sent: 0, next, others, size: size as u64 }
    }
}

impl MessageBody for Readdressed {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.size)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        if self.next == Some(self.sent) {
            self.sent += PLACEHOLDER.len();
            self.next = self.others.next().map(|(place, _)| place);
            return Poll::Ready(Some(Ok(self.origin.clone())));
        }
        let end = self.next.unwrap_or(self.text.len());
        if self.sent == end {
            return Poll::Ready(None);
        }
        let part = Bytes::from_static(&self.text.as_bytes()[self.sent..end]);
        self.sent = end;
        Poll::Ready(Some(Ok(part)))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;

    use super::*;

    #[actix_web::test]
    async fn every_placeholder_is_replaced_and_the_size_is_right() {
        for text in [
            "",
            "no address",
            "https://pivotal.example.com",
            "https://pivotal.example.comhttps://pivotal.example.com",
            "a https://pivotal.example.com/b, ä https://pivotal.example.com",
            "https://pivotal.example.comm https://pivotal.example",
        ] {
            for origin in [PLACEHOLDER, "http://[::1]:1", "https://a-rather-long-name.example.org"]
            {
                let body = Readdressed::new(text, origin);
                let size = body.size();
                let sent = to_bytes(body).await.unwrap();
                assert_eq!(sent, text.replace(PLACEHOLDER, origin));
                assert_eq!(size, BodySize::Sized(sent.len() as u64));
            }
        }
    }
}
