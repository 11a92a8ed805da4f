//! A response body that inserts the server's origin into a static text. It replaces the placeholder
//! while sending, so that slow clients don't each hold a copy of the text in memory.

use std::convert::Infallible;
use std::pin::Pin;
use std::str::MatchIndices;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;

use super::origin::ORIGIN_PLACEHOLDER;

pub(crate) struct TemplatedBody {
    text: &'static str,
    origin: Bytes,
    /// How much of the text has been sent.
    sent: usize,
    /// The position of the next placeholder.
    next: Option<usize>,
    others: MatchIndices<'static, &'static str>,
    size: u64,
}

impl TemplatedBody {
    /// Creates a body with `origin` in place of every placeholder in the text.
    pub fn new(text: &'static str, origin: &str) -> Self {
        let mut others = text.match_indices(ORIGIN_PLACEHOLDER);
        let count = others.clone().count();
        let size = text.len() - count * ORIGIN_PLACEHOLDER.len() + count * origin.len();
        let next = others.next().map(|(position, _)| position);
        let origin = Bytes::copy_from_slice(origin.as_bytes());
        Self { text, origin, sent: 0, next, others, size: size as u64 }
    }
}

impl MessageBody for TemplatedBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.size)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        if self.next == Some(self.sent) {
            self.sent += ORIGIN_PLACEHOLDER.len();
            self.next = self.others.next().map(|(position, _)| position);
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
    async fn every_placeholder_is_replaced_and_the_size_is_correct() {
        for text in [
            "",
            "no address",
            "https://pivotal.example.com",
            "https://pivotal.example.comhttps://pivotal.example.com",
            "a https://pivotal.example.com/b, ä https://pivotal.example.com",
            "https://pivotal.example.comm https://pivotal.example",
        ] {
            for origin in
                [ORIGIN_PLACEHOLDER, "http://[::1]:1", "https://a-rather-long-name.example.org"]
            {
                let body = TemplatedBody::new(text, origin);
                let size = body.size();
                let sent = to_bytes(body).await.unwrap();
                assert_eq!(sent, text.replace(ORIGIN_PLACEHOLDER, origin));
                assert_eq!(size, BodySize::Sized(sent.len() as u64));
            }
        }
    }
}
