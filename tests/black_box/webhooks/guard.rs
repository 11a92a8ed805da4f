//! Where requests may not go: refused when an endpoint is created or updated, and at every attempt.

use super::receiver::Receiver;
use super::{
    create, deliveries, new_dir, pinged, refusal, settled, start, start_in, wait_until, with_keys,
};
use crate::support::Server;

fn create_refused(server: &Server, url: &str) -> String {
    refusal(&server.run(&["webhooks", "create", "--workspace", "default", "--url", url]))
}

#[test]
fn forbidden_and_private_addresses_are_refused_in_every_spelling() {
    let server = start(&[]);
    for (url, setting) in [
        ("https://10.0.0.1/", "webhooks.allow"),
        ("https://192.168.1.1:8443/hook", "webhooks.allow"),
        ("https://[fd00::1]/", "webhooks.allow"),
        ("https://100.64.0.1/", "webhooks.allow"),
        ("https://169.254.169.254/latest", "webhooks.allow"),
        ("https://[::ffff:169.254.169.254]/", "webhooks.allow"),
        ("https://0xa9.0xfe.0xa9.0xfe/", "webhooks.allow"),
        ("https://2852039166/", "webhooks.allow"),
        ("https://10.1/", "webhooks.allow"),
        ("https://0.0.0.0/", "webhooks.allow"),
        ("https://224.0.0.1/", "webhooks.allow"),
        ("https://[64:ff9b::a00:1]/", "webhooks.allow"),
        ("https://[2002:a00:1::]/", "webhooks.allow"),
        ("http://1.1.1.1/", "webhooks.allow_http"),
    ] {
        let text = create_refused(&server, url);
        assert!(text.contains(&format!("`{setting}")), "{url}: {text}");
    }
    assert_eq!(server.json(&["webhooks", "list"]), serde_json::json!([]));
    let receiver = Receiver::start();
    let endpoint = create(&server, &receiver.url(), &[]);
    let update = server.run(&["webhooks", "update", &endpoint.id, "--url", "https://10.0.0.1/"]);
    assert!(refusal(&update).contains("`webhooks.allow`"));
}

#[test]
fn every_spelling_of_loopback_works_where_it_is_allowed() {
    let server = start(&[]);
    let receiver = Receiver::start();
    for host in ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "localhost"] {
        let (_, ping) = pinged(&server, &receiver.url_with_host(host));
        assert_eq!(ping.status, "delivered", "{host}: {ping:?}");
    }
}

#[test]
fn credentials_and_other_schemes_are_refused() {
    let server = start(&[]);
    for url in ["https://user:pass@1.1.1.1/", "ftp://1.1.1.1/", "/hook", "https://", "https://a/#b"]
    {
        let output = server.run(&["webhooks", "create", "--workspace", "default", "--url", url]);
        assert_eq!(output.status.code(), Some(2), "{url}: {output:?}");
        assert_eq!(output.stdout, b"", "{url}");
    }
}

#[test]
fn an_address_that_is_no_longer_allowed_is_refused_at_delivery() {
    let dir = new_dir();
    let receiver = Receiver::start();
    let mut server = start_in(&dir, &[("SCHEDULE", "0s")]);
    let (by_address, ping) = pinged(&server, &receiver.url());
    assert_eq!(ping.status, "delivered");
    let (by_name, ping) = pinged(&server, &receiver.url_with_host("localhost"));
    assert_eq!(ping.status, "delivered");
    assert_eq!(server.stop(), Some(0));
    let before = receiver.count();

    // A server that other machines can reach.
    let open = [
        ("PIVOTAL_ADMIN_LISTEN", "0.0.0.0:0"),
        ("PIVOTAL_WEBHOOKS_SCHEDULE", "0s"),
        ("PIVOTAL_RATE_LIMITS_ENABLED", "false"),
    ];
    let mut server = with_keys(Server::start_in(dir.clone(), &open));
    server.client().customer("Aurora");
    for endpoint in [&by_address, &by_name] {
        let refused = settled(&server, endpoint, 2).remove(1);
        assert_eq!((refused.status.as_str(), refused.response_status), ("failed", None));
        assert!(refused.error.starts_with("Not sent: the URL leads to 127.0.0.1"), "{refused:?}");
        assert!(refused.error.contains("`webhooks.allow`"), "{refused:?}");
    }
    assert_eq!(receiver.count(), before);
    // Commands check URLs against the running server's settings, not their own.
    assert!(create_refused(&server, &receiver.url()).contains("`webhooks.allow`"));
    assert_eq!(server.stop(), Some(0));

    let allowed = [&open[..], &[("PIVOTAL_WEBHOOKS_ALLOW", "127.0.0.1,::1")]].concat();
    let server = with_keys(Server::start_in(dir, &allowed));
    for endpoint in [&by_address, &by_name] {
        let failed = deliveries(&server, endpoint).remove(1);
        server.json(&["webhooks", "replay", &failed.id]);
        wait_until("it was delivered", || deliveries(&server, endpoint)[1].status == "delivered");
    }
    create(&server, &receiver.url(), &[]);
}

#[test]
fn a_proxy_of_the_environment_is_not_used() {
    let proxy = Receiver::start();
    let receiver = Receiver::start();
    let url = format!("http://{}", proxy.url().split('/').nth(2).unwrap());
    let variables = [("http_proxy", url.as_str()), ("ALL_PROXY", &url), ("HTTP_PROXY", &url)];
    let server = with_keys(Server::start_in(new_dir(), &variables));
    assert_eq!(pinged(&server, &receiver.url()).1.status, "delivered");
    assert_eq!((proxy.connections(), receiver.count()), (0, 1));
}
