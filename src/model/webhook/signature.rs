//! Signatures as Svix and the Standard Webhooks specification define them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::secret::SigningSecret;

/// How far off a receiver allows a timestamp to be, in seconds. Svix's libraries use the same
/// value.
pub const TOLERANCE: i64 = 300;

/// Why a request isn't authentic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    #[error("the timestamp is too old")]
    TooOld,
    #[error("the timestamp is in the future")]
    TooNew,
    #[error("no signature matches")]
    NoMatch,
}

/// Signs a request. `timestamp` is in Unix seconds. Returns one `v1,…` signature for each secret,
/// separated by spaces.
pub fn sign<'s>(
    secrets: impl IntoIterator<Item = &'s SigningSecret>,
    id: &str,
    timestamp: i64,
    body: &[u8],
) -> String {
    let one = |secret| {
        let tag = mac(secret, id, timestamp, body).finalize().into_bytes();
        format!("v1,{}", STANDARD.encode(tag))
    };
    secrets.into_iter().map(one).collect::<Vec<_>>().join(" ")
}

/// Verifies a request the way a receiver does, at `now` in Unix seconds.
///
/// # Errors
/// See [`VerifyError`].
pub fn verify(
    secret: &SigningSecret,
    id: &str,
    timestamp: i64,
    signatures: &str,
    body: &[u8],
    now: i64,
) -> Result<(), VerifyError> {
    let matches = signatures.split_ascii_whitespace().any(|signature| {
        let tag = signature.strip_prefix("v1,").and_then(|text| STANDARD.decode(text).ok());
        // Compares in constant time.
        tag.is_some_and(|tag| mac(secret, id, timestamp, body).verify_slice(&tag).is_ok())
    });
    if !matches {
        return Err(VerifyError::NoMatch);
    }
    match now.saturating_sub(timestamp) {
        age if age > TOLERANCE => Err(VerifyError::TooOld),
        age if age < -TOLERANCE => Err(VerifyError::TooNew),
        _ => Ok(()),
    }
}

fn mac(secret: &SigningSecret, id: &str, timestamp: i64, body: &[u8]) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length (RFC 2104)")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.key()).expect("any length is a key");
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test vectors from the Svix and Standard Webhooks documentation.
    const KNOWN: [(&str, &str, i64, &str, &str); 2] = [
        (
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
        (
            "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
            1_649_367_553,
            r#"{"email":"test@example.com","username":"test_user"}"#,
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
        ),
    ];

    #[test]
    fn known_signatures_are_reproduced() {
        for (secret, id, timestamp, body, signature) in KNOWN {
            let secret = SigningSecret::parse(secret).unwrap();
            assert_eq!(sign([&secret], id, timestamp, body.as_bytes()), signature);
        }
    }

    #[test]
    fn a_request_verifies_with_either_secret_and_within_five_minutes() {
        let secrets = [SigningSecret::generate().unwrap(), SigningSecret::generate().unwrap()];
        let signatures = sign(&secrets, "msg_1", 1000, b"{}");
        for secret in &secrets {
            let at = |now| verify(secret, "msg_1", 1000, &signatures, b"{}", now);
            assert_eq!(at(1000 + TOLERANCE), Ok(()));
            assert_eq!(at(1001 + TOLERANCE), Err(VerifyError::TooOld));
            assert_eq!(at(999 - TOLERANCE), Err(VerifyError::TooNew));
            let other = verify(secret, "msg_2", 1000, &signatures, b"{}", 1000);
            assert_eq!(other, Err(VerifyError::NoMatch));
        }
        assert_eq!(
            verify(&secrets[0], "msg_1", 1000, "v1, v1,AAAA garbage", b"{}", 1000),
            Err(VerifyError::NoMatch)
        );
    }
}
