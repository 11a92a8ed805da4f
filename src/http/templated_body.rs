//! A response body that inserts the server's URL into a static text: it replaces the placeholder for
//! the origin with the base URL, and puts the base path in front of links. It does so while sending,
//! so that slow clients don't each hold a copy of the text in memory.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec::IntoIter;

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;

use super::origin::ORIGIN_PLACEHOLDER;
use super::public::base_url::BaseUrl;
use super::public::links;

pub(crate) struct TemplatedBody {
    text: &'static str,
    /// How much of the text has been sent or replaced.
    sent: usize,
    next: Option<Insertion>,
    others: IntoIter<Insertion>,
    size: u64,
}

/// What replaces a part of the text.
struct Insertion {
    at: usize,
    replaced: usize,
    inserted: Bytes,
}

impl TemplatedBody {
    /// Creates a body for a text. Only in pages are there links that need the base path.
    pub fn new(text: &'static str, base: &BaseUrl, is_page: bool) -> Self {
        let url = Bytes::from(base.to_string());
        let placeholders = text.match_indices(ORIGIN_PLACEHOLDER).map(|(at, placeholder)| {
            Insertion { at, replaced: placeholder.len(), inserted: url.clone() }
        });
        let mut insertions: Vec<_> = placeholders.collect();
        if is_page && !base.path.is_empty() {
            let path = Bytes::copy_from_slice(base.path.as_str().as_bytes());
            let link = |at| Insertion { at, replaced: 0, inserted: path.clone() };
            insertions.extend(links::positions(text).map(link));
            insertions.sort_by_key(|insertion| insertion.at);
        }
        let (removed, added) = insertions.iter().fold((0, 0), |(removed, added), insertion| {
            (removed + insertion.replaced, added + insertion.inserted.len())
        });
        let mut others = insertions.into_iter();
        let next = others.next();
        Self { text, sent: 0, next, others, size: (text.len() - removed + added) as u64 }
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
        let sent = self.sent;
        if let Some(insertion) = self.next.take_if(|insertion| insertion.at == sent) {
            self.sent += insertion.replaced;
            self.next = self.others.next();
            return Poll::Ready(Some(Ok(insertion.inserted)));
        }
        let end = self.next.as_ref().map_or(self.text.len(), |insertion| insertion.at);
        if sent == end {
            return Poll::Ready(None);
        }
        let part = Bytes::from_static(&self.text.as_bytes()[sent..end]);
        self.sent = end;
        Poll::Ready(Some(Ok(part)))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;

    use super::*;
    use crate::model::web::base_path::BasePath;

    fn base_url(origin: &str, path: &str) -> BaseUrl {
        BaseUrl { origin: origin.to_owned(), path: BasePath::parse(path).unwrap() }
    }

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
            for base in [
                base_url(ORIGIN_PLACEHOLDER, "/"),
                base_url("http://[::1]:1", "/"),
                base_url("https://a-rather-long-name.example.org", "/pivotal"),
            ] {
                let body = TemplatedBody::new(text, &base, true);
                let size = body.size();
                let sent = to_bytes(body).await.unwrap();
                assert_eq!(sent, text.replace(ORIGIN_PLACEHOLDER, &base.to_string()));
                assert_eq!(size, BodySize::Sized(sent.len() as u64));
            }
        }
    }

    #[actix_web::test]
    async fn links_in_pages_get_the_base_path() {
        let text = r#"<a href="/docs"><a href="https://pivotal.example.com/docs"><a href="/">"#;
        let base = base_url("https://host", "/pivotal");
        let page = to_bytes(TemplatedBody::new(text, &base, true)).await.unwrap();
        assert_eq!(
            page,
            r#"<a href="/pivotal/docs"><a href="https://host/pivotal/docs"><a href="/pivotal/">"#
        );
        let other = to_bytes(TemplatedBody::new(text, &base, false)).await.unwrap();
        assert_eq!(other, text.replace(ORIGIN_PLACEHOLDER, "https://host/pivotal"));
    }
}
