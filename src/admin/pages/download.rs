//! Files that are generated while they are downloaded.

use std::future::Future;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::Bytes;
use futures_util::{StreamExt, stream};

use crate::admin::error::AdminError;
use crate::admin::page::PageResult;

pub(super) const CSV: &str = "text/csv; charset=utf-8; header=present";

/// A part of a file, and the state in which the next one is generated; `None` at the end.
pub(super) type Part<S> = Option<(Bytes, S)>;

/// Streams a file. `name` must need no escaping. Parts must not be empty, because an empty chunk
/// would end the response.
pub(super) async fn stream<S: 'static, F>(
    name: String,
    content_type: &'static str,
    start: S,
    next: fn(S) -> F,
) -> PageResult
where
    F: Future<Output = Result<Part<S>, AdminError>> + 'static,
{
    // An error in the first part becomes an error page. A later one can only cut the file short.
    let (first, rest) = next(start).await?.unzip();
    let name_in_log = name.clone();
    let rest = stream::unfold((rest, name_in_log), move |(state, name)| async move {
        match next(state?).await {
            Ok(part) => part.map(|(bytes, state)| (Ok(bytes), (Some(state), name))),
            Err(error) => {
                log::error!("the download of {name} failed partway through: {error}");
                Some((Err(std::io::Error::other(error.to_string())), (None, name)))
            }
        }
    });
    let parts = stream::iter(first.map(Ok)).chain(rest);
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, content_type))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .streaming(parts))
}
