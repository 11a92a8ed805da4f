//! One attempt at a request.

use std::error::Error;
use std::io;

use reqwest::RequestBuilder;
use reqwest::header::HeaderMap;

use super::reply::Reply;
use crate::http::outgoing::cause::root_cause;

/// The largest response, in bytes. A page of 100 customers with the largest metadata has 2 MiB.
const MAX_BODY: usize = 64 << 20;

/// Why there is no complete response.
pub(super) struct Broken {
    pub cause: String,
    /// Whether another attempt may succeed.
    pub can_retry: bool,
}

/// Sends a request and receives the whole response.
pub(super) async fn exchange(request: RequestBuilder) -> Result<(Reply, HeaderMap), Broken> {
    let mut response = request.send().await.map_err(|error| broken(&error))?;
    let status = response.status().as_u16();
    let headers = std::mem::take(response.headers_mut());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error))? {
        if body.len() + chunk.len() > MAX_BODY {
            let cause = format!("the response has more than {} MiB", MAX_BODY >> 20);
            return Err(Broken { cause, can_retry: false });
        }
        body.extend_from_slice(&chunk);
    }
    Ok((Reply { status, body }, headers))
}

fn broken(error: &reqwest::Error) -> Broken {
    let cause = if error.is_timeout() {
        "no complete response in time".to_owned()
    } else {
        root_cause(error)
    };
    Broken { cause, can_retry: !error.is_builder() && !is_about_tls(error) }
}

/// Returns whether the connection isn't trusted, or the server doesn't speak TLS.
fn is_about_tls(error: &reqwest::Error) -> bool {
    let mut source: Option<&(dyn Error + 'static)> = error.source();
    while let Some(cause) = source {
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if cause.is::<rustls::Error>() || wrapped.is_some_and(|inner| inner.is::<rustls::Error>()) {
            return true;
        }
        source = cause.source();
    }
    false
}
