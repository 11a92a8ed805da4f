//! Why a request failed.

use std::error::Error;

/// The maximum length of a cause, in characters. The other server can influence it, for example
/// with the names in its certificate.
const MAX: usize = 300;

/// Returns the root cause of an error. The outer errors only say that the request failed and repeat
/// the URL.
pub(crate) fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string().chars().take(MAX).collect()
}
