//! Forms with a file (`multipart/form-data`, RFC 7578).

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actix_web::web::Bytes;
use futures_util::stream::{self, LocalBoxStream};
use futures_util::{Stream, StreamExt};

use super::form::Form;
use crate::admin::error::AdminError;
use crate::http::request_limits::{BodyError, BodyLimit, BodyReader};

/// The largest file, in bytes.
pub(in crate::admin) const MAX_FILE: usize = 20 << 20;
/// The most bytes and fields around the file.
const MAX_FIELDS_LENGTH: usize = 16 << 10;
const MAX_FIELDS: usize = 50;
/// The most characters that are kept of a file name.
const MAX_NAME: usize = 100;

/// How much of a form with a file is read. Browsers show a response only once they have sent the
/// whole form, so even a file that is far too large is read to its end, and discarded.
pub(in crate::admin) const BODY_LIMIT: BodyLimit =
    BodyLimit { accepted: (MAX_FILE + MAX_FIELDS_LENGTH + (16 << 10)) as u64, drained: 1 << 30 };

/// A file that a visitor uploaded.
#[derive(Debug)]
pub(in crate::admin) struct UploadedFile {
    /// The last part of its path on the visitor's machine.
    pub name: String,
    pub content: Vec<u8>,
}

/// The request body. The parser has one of its handles and doesn't read to the end, so another one
/// reads the rest.
#[derive(Clone)]
struct Body(Rc<RefCell<Source>>);

struct Source {
    chunks: LocalBoxStream<'static, Result<Bytes, BodyError>>,
    failure: Option<BodyError>,
}

/// Returns whether a form can have a file.
pub(in crate::admin) fn is_multipart(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("multipart/form-data")
}

/// Reads and discards a body, so that the client can read the response.
pub(in crate::admin) async fn discard(reader: BodyReader) {
    Body::new(reader).discard().await;
}

/// Reads a form with up to one file. `check` gets the fields before the file, so that a file in an
/// untrusted form is never stored.
pub(in crate::admin) async fn read(
    headers: &HeaderMap,
    reader: BodyReader,
    check: impl Fn(&Form) -> Result<(), AdminError>,
) -> Result<(Form, Option<UploadedFile>), AdminError> {
    let body = Body::new(reader);
    let result = read_fields(Multipart::new(headers, body.clone()), check).await;
    body.discard().await;
    match body.0.borrow_mut().failure.take() {
        Some(BodyError::TooLarge) => Err(AdminError::FileTooLarge(MAX_FILE)),
        Some(failure) => Err(failure.into()),
        None => result,
    }
}

async fn read_fields(
    mut fields: Multipart,
    check: impl Fn(&Form) -> Result<(), AdminError>,
) -> Result<(Form, Option<UploadedFile>), AdminError> {
    let mut texts: Vec<(String, String)> = Vec::new();
    let mut left = MAX_FIELDS_LENGTH;
    let mut file = None;
    let mut is_checked = false;
    while let Some(field) = fields.next().await {
        let mut field = field.map_err(malformed)?;
        let file_name =
            field.content_disposition().and_then(|disposition| disposition.get_filename());
        match file_name.map(base_name) {
            Some(name) => {
                check(&Form::from_pairs(texts.clone()))?;
                is_checked = true;
                let content = read_file(&mut field).await?;
                if file.is_none() && !(name.is_empty() && content.is_empty()) {
                    file = Some(UploadedFile { name, content });
                }
            }
            None => {
                let name = field.name().unwrap_or_default().to_owned();
                let value = field.bytes(left).await.map_err(|_| AdminError::TooLarge)?;
                let value = value.map_err(malformed)?;
                left = left.saturating_sub(name.len() + value.len());
                texts.push((name, String::from_utf8_lossy(&value).into_owned()));
            }
        }
        if texts.len() > MAX_FIELDS {
            return Err(AdminError::TooLarge);
        }
    }
    let form = Form::from_pairs(texts);
    if !is_checked {
        check(&form)?;
    }
    Ok((form, file))
}

async fn read_file(field: &mut Field) -> Result<Vec<u8>, AdminError> {
    let mut content = Vec::new();
    while let Some(chunk) = field.next().await {
        let chunk = chunk.map_err(malformed)?;
        if content.len() + chunk.len() > MAX_FILE {
            return Err(AdminError::FileTooLarge(MAX_FILE));
        }
        content.extend_from_slice(&chunk);
    }
    content.shrink_to_fit();
    Ok(content)
}

fn malformed(error: MultipartError) -> AdminError {
    AdminError::Broken(error.to_string())
}

/// Returns the last part of a path. Some browsers send the whole path.
fn base_name(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    name.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect()
}

impl Body {
    fn new(reader: BodyReader) -> Self {
        let chunks = stream::unfold(Some(reader), |reader| async {
            let mut reader = reader?;
            match reader.next().await {
                Ok(chunk) => chunk.map(|chunk| (Ok(chunk), Some(reader))),
                Err(error) => Some((Err(error), None)),
            }
        });
        // Fused, because it is polled again after its end.
        let chunks = chunks.fuse().boxed_local();
        Self(Rc::new(RefCell::new(Source { chunks, failure: None })))
    }

    async fn discard(&self) {
        let mut rest = self.clone();
        while let Some(Ok(_)) = rest.next().await {}
    }
}

impl Stream for Body {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut source = self.0.borrow_mut();
        Poll::Ready(match ready!(source.chunks.poll_next_unpin(cx)) {
            None => None,
            Some(Ok(chunk)) => Some(Ok(chunk)),
            Some(Err(error)) => {
                source.failure = Some(error);
                // The caller takes the failure itself.
                Some(Err(PayloadError::Incomplete(None)))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_the_last_part_of_a_path() {
        for (path, name) in [
            ("customers.csv", "customers.csv"),
            ("C:\\Users\\maya\\customers.csv", "customers.csv"),
            ("/home/maya/customers.csv", "customers.csv"),
            ("a\r\nb.csv", "ab.csv"),
            ("", ""),
        ] {
            assert_eq!(base_name(path), name);
        }
        assert_eq!(base_name(&"x".repeat(1000)).len(), MAX_NAME);
    }
}
