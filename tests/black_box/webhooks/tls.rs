//! TLS: which certificates are accepted.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::receiver::Receiver;
use super::{new_dir, pinged, with_keys};
use crate::support::Server;

fn openssl(dir: &Path, args: &str) {
    let output = Command::new("openssl").args(args.split(' ')).current_dir(dir).output();
    let output = output.unwrap_or_else(|error| panic!("this test needs `openssl`: {error}"));
    assert!(output.status.success(), "{args}: {}", String::from_utf8_lossy(&output.stderr));
}

const NEW_KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

/// A certificate authority, and a certificate for `localhost` that it signed.
fn make_certificate() -> (TempDir, PathBuf, PathBuf, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    openssl(path, &format!("req -x509 {NEW_KEY} -keyout ca.key -out ca.pem -days 2 -subj /CN=CA"));
    openssl(
        path,
        &format!(
            "req {NEW_KEY} -keyout key.pem -out request.pem -subj /CN=localhost -addext \
             subjectAltName=DNS:localhost"
        ),
    );
    openssl(
        path,
        "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem -days 2 \
         -copy_extensions copyall",
    );
    let file = |name: &str| path.join(name);
    let (authority, certificate, key) = (file("ca.pem"), file("cert.pem"), file("key.pem"));
    (dir, authority, certificate, key)
}

fn start_trusting(authority: &Path) -> Server {
    let variables =
        [("SSL_CERT_FILE", authority.to_str().unwrap()), ("PIVOTAL_WEBHOOKS_SCHEDULE", "0s")];
    with_keys(Server::start_in(new_dir(), &variables))
}

#[test]
fn a_certificate_must_be_signed_by_someone_trusted_for_the_right_name() {
    let (_dir, authority, certificate, key) = make_certificate();
    let receiver = Receiver::start_tls(&certificate, &key);
    let server = start_trusting(&authority);
    let (endpoint, ping) = pinged(&server, &receiver.url_with_host("localhost"));
    assert_eq!(ping.status, "delivered", "{ping:?}");
    assert!(receiver.requests()[0].is_signed_with(&endpoint.secret));

    let (_, wrong_name) = pinged(&server, &receiver.url());
    assert_eq!(wrong_name.status, "failed");
    assert!(wrong_name.error.starts_with("Can't connect: "), "{wrong_name:?}");
    assert!(wrong_name.error.contains("not valid for name"), "{wrong_name:?}");

    let (_other_dir, _, other_certificate, other_key) = make_certificate();
    let stranger = Receiver::start_tls(&other_certificate, &other_key);
    let (_, unknown) = pinged(&server, &stranger.url_with_host("localhost"));
    assert_eq!(unknown.status, "failed");
    assert!(unknown.error.starts_with("Can't connect: "), "{unknown:?}");

    // Nor is what isn't TLS at all.
    let plain = Receiver::start();
    let url = plain.url().replace("http://127.0.0.1", "https://localhost");
    let (_, no_tls) = pinged(&server, &url);
    assert_eq!(no_tls.status, "failed");
    assert!(no_tls.error.starts_with("Can't connect: "), "{no_tls:?}");
    assert_eq!((receiver.count(), stranger.count(), plain.count()), (1, 0, 0));
}

#[test]
fn a_self_signed_certificate_is_refused() {
    let (_dir, _, certificate, key) = make_certificate();
    let receiver = Receiver::start_tls(&certificate, &key);
    let server = with_keys(Server::start_in(new_dir(), &[("PIVOTAL_WEBHOOKS_SCHEDULE", "0s")]));
    let (_, ping) = pinged(&server, &receiver.url_with_host("localhost"));
    assert_eq!((ping.status.as_str(), receiver.count()), ("failed", 0));
    assert!(ping.error.starts_with("Can't connect: "), "{ping:?}");
}
