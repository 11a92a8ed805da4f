//! URLs that a server would not send to, and secrets that a command can't encrypt as it does.

use serde_json::Value;

use super::{create, error, id};
use crate::support::{Server, run_with};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER_KEY: &str = "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=";

const CREATE: [&str; 5] = ["webhooks", "create", "--workspace", "default", "--url"];

#[test]
fn a_refused_url_is_one_line_that_names_the_setting() {
    let server = Server::start();
    let endpoint = create(&server, "http://127.0.0.1:9/", &[]);
    for (url, setting) in [
        ("http://192.0.2.1/", "webhooks.allow"),
        ("http://1.1.1.1/", "webhooks.allow_http"),
        ("https://10.0.0.1/", "webhooks.allow"),
        ("https://[::ffff:10.0.0.1]/", "webhooks.allow"),
        ("https://0xa9fea9fe/", "webhooks.allow"),
    ] {
        for args in [&CREATE[..], &["webhooks", "update", id(&endpoint), "--url"]] {
            let refused = error(&server.run(&[args, &[url]].concat()));
            assert!(refused.contains(&format!("`{setting}")), "{url}: {refused}");
        }
    }
    let list = server.json(&["webhooks", "list"]);
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(list[0]["url"], endpoint["url"]);
}

#[test]
fn what_is_no_usable_url_is_a_mistake_on_the_command_line() {
    let server = Server::start();
    for url in ["example.com", "ftp://example.com/", "https://user:pw@example.com/"] {
        let output = server.run(&[&CREATE[..], &[url]].concat());
        assert_eq!(output.status.code(), Some(2), "{url}");
        assert!(super::stderr(&output).contains("--url"), "{url}");
    }
    let wrong = ["--event", "api_key.created"];
    let output = server.run(&[&CREATE[..], &["https://example.com/"], &wrong].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(super::stderr(&output).contains("must be one of: customer.created, "));
}

#[test]
fn the_settings_of_the_server_count_and_not_those_of_the_command() {
    let variables = [("PIVOTAL_WEBHOOKS_ALLOW", "10.0.0.0/8")];
    let mut server = Server::start_with(&variables);
    // So that nothing is sent there.
    assert_eq!(server.stop(), Some(0));
    create(&server, "https://10.0.0.1/", &[]);
    let args = [&CREATE[..], &["https://192.168.0.1/"]].concat();
    let variables = [("PIVOTAL_WEBHOOKS_ALLOW", "192.168.0.0/16")];
    let refused = error(&run_with(server.dir(), &args, b"", &variables));
    assert!(refused.contains("192.168.0.1, a private address"), "{refused}");
}

#[test]
fn without_the_key_of_the_server_no_endpoint_is_created_rotated_or_shown() {
    let server = Server::start_with(&[("PIVOTAL_WEBHOOKS_ENCRYPTION_KEY", KEY)]);
    let with_key = |args: &[&str], key: &str| {
        run_with(server.dir(), args, b"", &[("PIVOTAL_WEBHOOKS_ENCRYPTION_KEY", key)])
    };
    let json = [&["--json"], &CREATE[..], &["http://127.0.0.1:9/"]].concat();
    let created = with_key(&json, KEY);
    assert!(created.status.success(), "{created:?}");
    let created: Value = serde_json::from_slice(&created.stdout).unwrap();
    let id = id(&created);
    for args in [
        &[&CREATE[..], &["http://127.0.0.1:9/"]].concat()[..],
        &["webhooks", "rotate", id],
        &["webhooks", "show", id],
        &["webhooks", "listen"],
    ] {
        let refused = error(&server.run(args));
        assert!(refused.contains("this command has no key"), "{args:?}: {refused}");
        assert!(refused.contains("`webhooks.encryption_key`"), "{refused}");
        assert!(refused.contains("PIVOTAL_WEBHOOKS_ENCRYPTION_KEY"), "{refused}");
        let refused = error(&with_key(args, OTHER_KEY));
        assert!(refused.contains("with a different key"), "{args:?}: {refused}");
    }
    assert!(with_key(&["webhooks", "show", id], KEY).status.success());
    assert!(with_key(&["webhooks", "rotate", id], KEY).status.success());
    assert_eq!(server.json(&["webhooks", "list"]).as_array().unwrap().len(), 1);
}
