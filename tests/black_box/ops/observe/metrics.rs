//! The metrics: their format, which of them there are, and what they count.

use std::net::TcpListener;
use std::sync::Arc;

use serde_json::json;

use super::openmetrics::Scrape;
use crate::support::database::is_postgres;
use crate::support::{Receiver, Server, wait_until};

const ON: (&str, &str) = ("PIVOTAL_METRICS_LISTEN", "127.0.0.1:0");

/// Returns the URL of the metrics' socket, which the log names.
fn origin(server: &Server) -> String {
    let find = || {
        let log = server.log();
        Some(log.split(" metrics_listen=").nth(1)?.split_whitespace().next()?.to_owned())
    };
    wait_until("the start is logged", || find().is_some());
    find().unwrap()
}

fn request(method: &str, url: &str) -> ureq::http::Response<ureq::Body> {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let request = ureq::http::Request::builder().method(method).uri(url).body(()).unwrap();
    agent.run(request).unwrap()
}

fn scrape(server: &Server) -> Scrape {
    let mut response = request("GET", &format!("{}/metrics", origin(server)));
    let kind = response.headers()["content-type"].to_str().unwrap();
    assert_eq!(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    Scrape::parse(&response.body_mut().read_to_string().unwrap())
}

/// Returns the names of the metrics that the documentation lists.
fn documented() -> Vec<String> {
    let page = include_str!("../../../../docs/operate/monitoring.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `pivotal_"));
    rows.map(|row| format!("pivotal_{}", row.split(['`', '{']).next().unwrap())).collect()
}

#[test]
fn every_metric_is_documented_and_there_from_the_start_and_requests_add_no_series() {
    let server = Server::start_configured(&[ON, ("PIVOTAL_RATE_LIMITS_TEST", "1")]);
    let start = scrape(&server);
    let mut served: Vec<String> = start
        .types
        .iter()
        .map(|(name, kind)| match kind.as_str() {
            "counter" => format!("{name}_total"),
            "info" => format!("{name}_info"),
            _ => name.clone(),
        })
        .collect();
    let mut documented = documented();
    served.sort();
    documented.sort();
    assert_eq!(served, documented);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(start.get(&format!("pivotal_build_info{{version=\"{version}\"}}")), 1.0);
    assert!(start.all("pivotal_http_requests_total").all(|(_, count)| count == 0.0));
    for (gauge, is_off) in [
        ("pivotal_backup_interval_seconds", 0.0),
        ("pivotal_backup_last_success_timestamp_seconds", 0.0),
        ("pivotal_backup_failed", 0.0),
        ("pivotal_backup_after_failed", 0.0),
        ("pivotal_database_damaged", 0.0),
        ("pivotal_webhook_backlog", 0.0),
        ("pivotal_webhook_oldest_undelivered_age_seconds", 0.0),
        ("pivotal_write_failures_total", 0.0),
    ] {
        assert_eq!(start.get(gauge), is_off, "{gauge}");
    }

    let client = server.client();
    client.post("/customers", json!({"name": "Aurora"})).expect(201);
    client.post("/customers", json!({})).refused(400, "missing_field", "name");
    for path in ["/x1", "/x2/y", "/customers/1/x3", "/api/x4"] {
        client.send("GET", path, &[], None).expect(404);
    }
    client.send("PUT", "/me", &[], None);
    assert_eq!(server.visitor().get("/docs/x5").status, 404);
    let test = server.client_with(&server.test);
    test.get("/me").expect(200);
    test.get("/me").expect(429);
    let after = scrape(&server);
    let count = |operation: &str, status: u16| {
        let labels = format!("operation=\"{operation}\",status=\"{status}\"");
        after.get(&format!("pivotal_http_requests_total{{{labels}}}"))
    };
    assert_eq!((count("create-customer", 201), count("create-customer", 400)), (1.0, 1.0));
    assert_eq!((count("get-me", 200), count("get-me", 429), count("docs", 404)), (1.0, 1.0, 1.0));
    assert_eq!((count("unknown", 404), count("unknown", 405)), (4.0, 1.0));
    let new: Vec<&str> =
        after.names().into_iter().filter(|name| !start.names().contains(name)).collect();
    assert_eq!(new, ["pivotal_http_requests_total{operation=\"unknown\",status=\"405\"}"]);
    let took = "pivotal_http_request_duration_seconds_count{operation=\"create-customer\"}";
    assert_eq!(after.get(took), 2.0);
    assert_eq!(after.get("pivotal_http_requests_refused_total{reason=\"rate_limit\"}"), 1.0);
    assert!(after.get("pivotal_http_connections") >= 1.0);
    for histogram in ["pivotal_write_group_jobs", "pivotal_commit_duration_seconds"] {
        let count = format!("{histogram}_count");
        assert!(after.get(&count) > start.get(&count), "{histogram}");
    }
    for of_files in ["pivotal_database_bytes", "pivotal_wal_bytes", "pivotal_disk_free_bytes"] {
        assert_eq!(after.get(of_files) > 0.0, !is_postgres(), "{of_files}");
    }

    let origin = origin(&server);
    for (method, path, status) in [
        ("HEAD", "/metrics", 200),
        ("GET", "/", 404),
        ("GET", "/api/v1/health", 404),
        ("GET", "/docs", 404),
        ("POST", "/metrics", 405),
    ] {
        assert_eq!(request(method, &format!("{origin}{path}")).status(), status, "{method} {path}");
    }
}

#[test]
fn backups_are_counted() {
    let server = Server::start_configured(&[ON, ("PIVOTAL_BACKUP_EVERY", "1h")]);
    wait_until("a backup was made", || {
        scrape(&server).get("pivotal_backup_last_success_timestamp_seconds") > 1.7e9
    });
}

#[test]
fn webhooks_and_connections_are_counted() {
    let server = Server::start_configured(&[
        ON,
        ("PIVOTAL_WEBHOOKS_SCHEDULE", "0s, 1h"),
        ("PIVOTAL_CONNECTIONS_PER_ADDRESS", "4"),
    ]);
    let (up, down) = (Receiver::start(), Receiver::start());
    down.respond_with(500);
    for receiver in [&up, &down] {
        let url = receiver.url();
        server.json(&["webhooks", "create", "--workspace", "default", "--url", &url]);
    }
    let attempts = |result: &str| format!("pivotal_webhook_attempts_total{{result=\"{result}\"}}");
    wait_until("both pings were attempted", || {
        let now = scrape(&server);
        now.get(&attempts("succeeded")) == 1.0 && now.get(&attempts("failed")) == 1.0
    });
    let now = scrape(&server);
    let delivered =
        |result: &str| format!("pivotal_webhook_deliveries_total{{result=\"{result}\"}}");
    assert_eq!((now.get(&delivered("delivered")), now.get(&delivered("failed"))), (1.0, 0.0));
    assert_eq!(now.get("pivotal_webhook_attempt_duration_seconds_count"), 2.0);
    assert_eq!(now.get("pivotal_webhook_backlog"), 1.0);
    assert!(now.get("pivotal_webhook_oldest_undelivered_age_seconds") > 0.0);
    down.respond_with(410);
    server.json(&["webhooks", "create", "--workspace", "default", "--url", &down.url()]);
    wait_until("the endpoint is disabled", || {
        scrape(&server).get("pivotal_webhook_endpoints_disabled{reason=\"gone\"}") == 1.0
    });
    assert_eq!(scrape(&server).get(&delivered("failed")), 1.0);

    let refused = "pivotal_http_connections_refused_total{reason=\"per_address\"}";
    let open: Vec<_> =
        (0..9).map(|_| std::net::TcpStream::connect(server.address()).unwrap()).collect();
    wait_until("connections are refused", || scrape(&server).get(refused) >= 5.0);
    drop(open);
    wait_until("connections are closed", || scrape(&server).get("pivotal_http_connections") == 0.0);
}

#[test]
fn metrics_are_off_by_default_and_an_address_in_use_is_an_error() {
    let server = Server::start_configured(&[]);
    assert_eq!(server.visitor().get("/metrics").status, 404);
    assert!(!server.log().contains("metrics_listen"), "{}", server.log());

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let started = Server::start_under(&[], dir, &[("PIVOTAL_METRICS_LISTEN", &address)]);
    let error = String::from_utf8(started.unwrap_err().stderr).unwrap();
    assert!(error.contains(&format!("cannot listen on {address}")), "{error}");
    assert!(error.contains("the `metrics.listen` setting"), "{error}");
}
