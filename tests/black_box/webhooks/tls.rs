//! TLS: which certificates are accepted.

use std::path::Path;

use super::receiver::Receiver;
use super::{new_dir, pinged, with_keys};
use crate::support::{Certificate, Server};

fn start_trusting(authority: &Path) -> Server {
    let variables =
        [("SSL_CERT_FILE", authority.to_str().unwrap()), ("PIVOTAL_WEBHOOKS_SCHEDULE", "0s")];
    with_keys(Server::start_in(new_dir(), &variables))
}

#[test]
fn a_certificate_must_be_signed_by_someone_trusted_for_the_right_name() {
    let own = Certificate::new();
    let receiver = Receiver::start_tls(&own.cert, &own.key);
    let server = start_trusting(&own.authority);
    let (endpoint, ping) = pinged(&server, &receiver.url_with_host("localhost"));
    assert_eq!(ping.status, "delivered", "{ping:?}");
    assert!(receiver.requests()[0].is_signed_with(&endpoint.secret));

    let (_, wrong_name) = pinged(&server, &receiver.url());
    assert_eq!(wrong_name.status, "failed");
    assert!(wrong_name.error.starts_with("Can't connect: "), "{wrong_name:?}");
    assert!(wrong_name.error.contains("not valid for name"), "{wrong_name:?}");

    let other = Certificate::new();
    let stranger = Receiver::start_tls(&other.cert, &other.key);
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
    let own = Certificate::new();
    let receiver = Receiver::start_tls(&own.cert, &own.key);
    let server = with_keys(Server::start_in(new_dir(), &[("PIVOTAL_WEBHOOKS_SCHEDULE", "0s")]));
    let (_, ping) = pinged(&server, &receiver.url_with_host("localhost"));
    assert_eq!((ping.status.as_str(), receiver.count()), ("failed", 0));
    assert!(ping.error.starts_with("Can't connect: "), "{ping:?}");
}
