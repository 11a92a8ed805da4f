//! Signing secrets at rest: encrypted with `webhooks.encryption_key`, and never printed again.

use std::path::Path;
use std::process::Output;

use pivotal_server::model::webhook::secret::SigningSecret;

use super::receiver::Receiver;
use super::{Endpoint, deliveries, new_dir, refusal, settled, start_in, wait_until};
use crate::support::{Server, command};

/// 32 bytes in base64.
const OLD: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const NEW: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

/// Runs a command with a key, or without.
fn run(dir: &Path, key: &str, args: &[&str]) -> Output {
    let mut command = command(dir);
    command.env("PIVOTAL_WEBHOOKS_ENCRYPTION_KEY", key).arg("--json").args(args).output().unwrap()
}

fn json(dir: &Path, key: &str, args: &[&str]) -> serde_json::Value {
    let output = run(dir, key, args);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn create(server: &Server, key: &str, url: &str) -> Endpoint {
    let args = ["webhooks", "create", "--workspace", "default", "--url", url];
    let created = json(server.dir(), key, &args);
    let text = |name: &str| created[name].as_str().unwrap().to_owned();
    Endpoint { id: text("id"), secret: text("secret") }
}

/// Starts a server and waits until commands can know its key.
fn start(dir: &std::sync::Arc<tempfile::TempDir>, key: &str) -> Server {
    let server = start_in(dir, &[("ENCRYPTION_KEY", key), ("SCHEDULE", "0s")]);
    let keys = key.split(',').next().filter(|key| !key.is_empty());
    let sql = "SELECT coalesce(encryption_key, '') FROM webhook_settings";
    wait_until("the server recorded its key", || {
        let recorded = server.sql().query(sql, [], |row| row.get::<String>(0));
        recorded.first().is_some_and(|recorded| recorded.is_empty() == keys.is_none())
    });
    server
}

fn is_in_clear(server: &Server, endpoint: &Endpoint) -> bool {
    let secret = SigningSecret::parse(&endpoint.secret).unwrap();
    let base64 = endpoint.secret.strip_prefix("whsec_").unwrap();
    !server.places_with(secret.key()).is_empty() || !server.places_with(base64).is_empty()
}

/// The fingerprints of the keys that the secrets are encrypted with.
fn fingerprints(server: &Server) -> Vec<Option<String>> {
    server.sql().query("SELECT secret_key FROM webhook_endpoints", [], |row| row.get(0))
}

#[test]
fn secrets_are_encrypted_with_the_key_and_again_with_its_successor() {
    let dir = new_dir();
    let receiver = Receiver::start();
    let mut server = start(&dir, "");
    let plain = create(&server, "", &receiver.url());
    assert!(is_in_clear(&server, &plain), "without a key it is stored as it is");
    settled(&server, &plain, 1);
    assert_eq!(server.stop(), Some(0));

    let mut server = start(&dir, OLD);
    wait_until("the secret is encrypted", || fingerprints(&server)[0].is_some());
    let endpoint = create(&server, OLD, &receiver.url());
    settled(&server, &endpoint, 1);
    assert!(!is_in_clear(&server, &endpoint));
    let with_old = fingerprints(&server);
    assert_eq!(with_old[0], with_old[1]);
    assert_eq!(server.stop(), Some(0));

    let both = format!("{NEW},{OLD}");
    let mut server = start(&dir, &both);
    wait_until("the secrets are encrypted with the new key", || {
        fingerprints(&server).iter().all(|one| *one != with_old[0])
    });
    assert_eq!(server.stop(), Some(0));

    let server = start(&dir, NEW);
    server.client().customer("Aurora");
    for (endpoint, count) in [(&plain, 2), (&endpoint, 2)] {
        let last = settled(&server, endpoint, count).pop().unwrap();
        assert_eq!(last.status, "delivered", "{last:?}");
        let sent = receiver.requests();
        let sent = sent.iter().find(|request| request.delivery() == last.id).unwrap();
        assert!(sent.is_signed_with(&endpoint.secret));
    }
    assert!(!server.log().contains("can't sign"), "{}", server.log());
}

#[test]
fn a_server_without_the_key_says_which_endpoints_cannot_sign() {
    let dir = new_dir();
    let receiver = Receiver::start();
    let mut server = start(&dir, OLD);
    let endpoint = create(&server, OLD, &receiver.url());
    settled(&server, &endpoint, 1);
    assert_eq!(server.stop(), Some(0));
    let before = receiver.count();
    for key in ["", NEW] {
        let mut server = start(&dir, key);
        let message = format!("webhook endpoint {} can't sign", endpoint.id);
        wait_until("the log says so", || server.log().contains(&message));
        let count = deliveries(&server, &endpoint).len();
        server.client().customer("Aurora");
        let failed = settled(&server, &endpoint, count + 1).pop().unwrap();
        assert_eq!(failed.status, "failed");
        assert!(failed.error.starts_with("Not sent: the signing secret"), "{failed:?}");
        assert!(failed.error.contains("`webhooks.encryption_key`"), "{failed:?}");
        assert_eq!(server.stop(), Some(0));
        for secret in [endpoint.secret.as_str(), OLD, NEW] {
            assert!(!server.log().contains(secret.trim_end_matches('=')));
        }
    }
    assert_eq!(receiver.count(), before);
    let server = start(&dir, OLD);
    let failed = deliveries(&server, &endpoint).pop().unwrap();
    json(server.dir(), OLD, &["webhooks", "replay", &failed.id]);
    wait_until("it was delivered", || {
        deliveries(&server, &endpoint).pop().unwrap().status == "delivered"
    });
}

#[test]
fn commands_without_the_key_of_the_server_refuse_what_needs_it() {
    let dir = new_dir();
    let receiver = Receiver::start();
    let server = start(&dir, OLD);
    let endpoint = create(&server, OLD, &receiver.url());
    let url = receiver.url();
    let create = ["webhooks", "create", "--workspace", "default", "--url", &url];
    for key in ["", NEW] {
        for args in [
            &create[..],
            &["webhooks", "rotate", &endpoint.id],
            &["webhooks", "show", &endpoint.id],
        ] {
            let text = refusal(&run(server.dir(), key, args));
            assert!(text.contains("`webhooks.encryption_key`"), "{args:?}: {text}");
            assert!(!text.contains(NEW) && !text.contains(OLD), "{text}");
        }
        // What needs no secret works.
        let listed = json(server.dir(), key, &["webhooks", "list"]);
        assert_eq!(listed.as_array().unwrap().len(), 1);
        json(server.dir(), key, &["webhooks", "disable", &endpoint.id]);
        json(server.dir(), key, &["webhooks", "enable", &endpoint.id]);
    }
    let shown = json(server.dir(), OLD, &["webhooks", "show", &endpoint.id]);
    assert!(shown.get("secret").is_none(), "{shown}");
    let rotated = json(server.dir(), OLD, &["webhooks", "rotate", &endpoint.id]);
    assert_ne!(rotated["secret"], endpoint.secret.as_str());
}

#[test]
fn the_key_is_never_printed() {
    let dir = new_dir();
    for format in [&["config"][..], &["--json", "config"]] {
        let output = command(dir.path())
            .env("PIVOTAL_WEBHOOKS_ENCRYPTION_KEY", OLD)
            .args(format)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(text.contains("(hidden)"), "{text}");
        assert!(!text.contains("AQEBAQEB"), "{text}");
    }
    let bad = "c2VjcmV0LWJ1dC10b28tc2hvcnQ=";
    let in_variable = run(dir.path(), bad, &["webhooks", "list"]);
    let file = format!("[webhooks]\nencryption_key = \"{bad}\"\n");
    std::fs::write(dir.path().join("config.toml"), file).unwrap();
    let in_file = run(dir.path(), "", &["webhooks", "list"]);
    let names =
        ["PIVOTAL_WEBHOOKS_ENCRYPTION_KEY", "config.toml, line 2: `webhooks.encryption_key`"];
    for (output, name) in [in_variable, in_file].into_iter().zip(names) {
        assert!(!output.status.success());
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(name) && text.contains("must be 32 bytes"), "{text}");
        assert!(!text.contains("c2VjcmV0"), "{text}");
    }
}
