//! A response body whose length isn't known before it ends. Its request is logged then, also if the
//! client disconnects.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;

use super::line::RequestLine;

pub(super) struct MeasuredBody {
    body: BoxBody,
    started: Instant,
    sent: u64,
    line: Option<RequestLine>,
}

impl MeasuredBody {
    pub fn new(body: BoxBody, started: Instant, line: RequestLine) -> Self {
        Self { body, started, sent: 0, line: Some(line) }
    }
}

impl MessageBody for MeasuredBody {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_next(cx);
        if let Poll::Ready(Some(Ok(bytes))) = &polled {
            self.sent += bytes.len() as u64;
        }
        polled
    }
}

impl Drop for MeasuredBody {
    fn drop(&mut self) {
        if let Some(line) = self.line.take() {
            line.write(self.started.elapsed(), self.sent);
        }
    }
}
