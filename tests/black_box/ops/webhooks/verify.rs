//! `webhooks verify`, with requests that a server really sent.

use serde_json::Value;

use super::{create, error};
use crate::support::{Receiver, Request, Server, run_with};

const SECRET: &str = "PIVOTAL_WEBHOOK_SECRET";

fn delivered() -> (Server, Request, String) {
    let server = Server::start();
    let receiver = Receiver::start();
    let created = create(&server, &receiver.url(), &[]);
    let ping = receiver.wait_for("webhook.ping");
    (server, ping, created["secret"].as_str().unwrap().to_owned())
}

#[test]
fn a_delivered_request_is_verified_with_the_secret_of_its_endpoint() {
    let (server, ping, secret) = delivered();
    let args = ["--json", "webhooks", "verify"];
    let output = run_with(server.dir(), &args, &ping.raw(), &[(SECRET, &secret)]);
    let verified: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(verified["verified"], true);
    assert_eq!(verified["id"], ping.header("svix-id").unwrap());
    // As people paste it: by flag, without the prefix, and with one family of headers.
    let bare = secret.strip_prefix("whsec_").unwrap();
    for family in ["svix-", "webhook-"] {
        let head: Vec<&str> = ping.head.lines().filter(|line| !line.starts_with(family)).collect();
        assert_eq!(ping.head.lines().count() - head.len(), 3, "{}", ping.head);
        let request = [head.join("\n").as_bytes(), b"\n", &ping.body].concat();
        let args = ["webhooks", "verify", "--secret", bare];
        let output = run_with(server.dir(), &args, &request, &[]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
}

#[test]
fn a_request_that_is_not_authentic_is_refused_with_advice() {
    let (server, ping, secret) = delivered();
    let variables = [(SECRET, secret.as_str())];
    let verify = |args: &[&str], request: &[u8]| {
        run_with(server.dir(), &[&["webhooks", "verify"], args].concat(), request, &variables)
    };
    let mut tampered = ping.raw();
    *tampered.last_mut().unwrap() = b' ';
    assert!(error(&verify(&[], &tampered)).contains("no signature matches"));
    let with_newline = [&ping.raw()[..], b"\r\n"].concat();
    let newline = error(&verify(&[], &with_newline));
    assert!(newline.contains("without the newline at the end of the body"), "{newline}");
    let other = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    assert!(error(&verify(&["--secret", other], &ping.raw())).contains("no signature matches"));

    // A known answer, from years ago.
    let old =
        b"svix-id: msg_p5jXN8AQM9LWM0D4loKWxJek\nsvix-timestamp: 1614265330\nsvix-signature: \
        v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=\n\n{\"test\": 2432232314}";
    let too_old = error(&verify(&["--secret", other], old));
    assert!(too_old.contains("more than five minutes old"), "{too_old}");
    assert!(verify(&["--secret", other, "--any-time"], old).status.success());
}

#[test]
fn what_is_missing_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let verify = |variables: &[(&str, &str)], request: &str| {
        let output = run_with(dir.path(), &["webhooks", "verify"], request.as_bytes(), variables);
        error(&output)
    };
    let secret = [(SECRET, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")];
    assert!(verify(&[], "").contains("set PIVOTAL_WEBHOOK_SECRET, or pass --secret"));
    assert!(verify(&[(SECRET, "whsec_AAAA")], "").contains("24 to 64 bytes"));
    assert!(verify(&secret, "svix-id: 1").contains("empty line"));
    assert!(verify(&secret, "svix-id: 1\n\n").contains("svix-timestamp or webhook-timestamp"));
    assert_eq!(dir.path().read_dir().unwrap().count(), 0, "no database is needed");
}
