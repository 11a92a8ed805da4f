//! Why a request failed.

use std::error::Error;
use std::io;

use rustls::CertificateError;

use crate::model::plain_words::io_reason;

/// The maximum length of a cause, in characters. The other server can influence it, for example
/// with the names in its certificate.
const MAX: usize = 300;
/// How the standard library begins the error of a lookup.
const LOOKUP: &str = "failed to lookup address information";

/// Returns the root cause of an error, in plain words. The outer errors only say that the request
/// failed and repeat the URL.
pub(crate) fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    let mut tls = tls_error(cause);
    while let Some(source) = cause.source() {
        cause = source;
        tls = tls.or_else(|| tls_error(cause));
    }
    let words = tls.map_or_else(|| describe(cause), describe_tls);
    words.chars().take(MAX).collect()
}

/// Returns the error of TLS that this is, or that it wraps.
fn tls_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    // An I/O error is no source of itself, but can contain one.
    let inside = || {
        let inner = error.downcast_ref::<io::Error>()?.get_ref()?;
        tls_error(inner)
    };
    error.downcast_ref().or_else(inside)
}

fn describe(cause: &(dyn Error + 'static)) -> String {
    let Some(io) = cause.downcast_ref::<io::Error>() else { return cause.to_string() };
    let reason = io_reason(io);
    match reason.strip_prefix(LOOKUP) {
        Some(detail) => {
            format!("the host name can't be resolved ({})", detail.trim_start_matches(": "))
        }
        None => reason,
    }
}

fn describe_tls(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(reason) => match reason {
            CertificateError::UnknownIssuer => {
                "its TLS certificate is from an authority that this machine doesn't trust"
                    .to_owned()
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                format!("its TLS certificate has expired ({error})")
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!("its TLS certificate is for another name ({error})")
            }
            _ => format!("its TLS certificate is not valid ({error})"),
        },
        rustls::Error::InvalidMessage(_) => format!("it doesn't speak TLS ({error})"),
        _ => format!("TLS failed ({error})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("error sending request")]
    struct Outer(#[source] io::Error);

    #[test]
    fn the_cause_is_named_in_plain_words() {
        let tls = |reason| rustls::Error::InvalidCertificate(reason);
        for (cause, words) in [
            (io::ErrorKind::ConnectionRefused.into(), "the connection was refused"),
            (io::Error::other(tls(CertificateError::UnknownIssuer)), "doesn't trust"),
            (
                io::Error::other(io::Error::other(tls(CertificateError::Expired))),
                "has expired (invalid peer",
            ),
            (io::Error::other(tls(CertificateError::NotValidForName)), "is for another name"),
            (io::Error::other(tls(CertificateError::Revoked)), "is not valid (invalid peer"),
            (
                io::Error::other(format!("{LOOKUP}: Name or service not known")),
                "the host name can't be resolved (Name or service not known)",
            ),
        ] {
            let described = root_cause(&Outer(cause));
            assert!(described.contains(words), "{described}");
        }
    }

    #[test]
    fn a_long_cause_is_cut_off() {
        let cause = io::Error::other("x".repeat(1000));
        assert_eq!(root_cause(&Outer(cause)).len(), MAX);
    }
}
