//! `serve --demo`: a workspace with demo data that is reset every hour.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pivotal_server::model::key::{Mode, Tier};
use pivotal_server::model::values::time::Timestamp;
use pivotal_server::settings::Settings;
use serde_json::{Value, json};

use crate::support::{Client, Ephemeral, InProcess, Receiver, Visitor, command_in, wait_until};

const HOUR: i64 = 60 * 60 * 1000;

fn start() -> (InProcess, Client) {
    let mut settings = Settings::default();
    // A session outlives several resets.
    settings.admin.idle_timeout = Duration::from_secs(12 * 60 * 60);
    let server = InProcess::start_demo(settings);
    let client = server.client(Mode::Live, Tier::Unlimited);
    (server, client)
}

/// The customers without their IDs, and how many contacts and onboardings there are.
fn data(client: &Client) -> (Vec<Value>, Vec<usize>) {
    let mut customers = client.walk("/customers?limit=100");
    for customer in &mut customers {
        customer.as_object_mut().unwrap().remove("id").unwrap();
    }
    let count = |path: &str| client.walk(path).len();
    (customers, vec![count("/onboardings?limit=100"), count("/events?limit=100")])
}

/// Lets an hour pass, and waits until a customer that was created before is gone.
fn reset(server: &InProcess, client: &Client) {
    let created = client.post("/customers", json!({"name": "Until the reset"})).expect(201);
    let path = format!("/customers/{}", created["id"].as_str().unwrap());
    server.clock.advance_millis(HOUR);
    wait_until("the demo is reset", || client.get(&path).status == 404);
}

#[test]
fn a_reset_removes_what_visitors_have_made_and_keeps_the_keys_and_the_password() {
    let (server, client) = start();
    let first = data(&client);
    assert_eq!(first.0.len(), 40);
    let visitor = server.visitor();
    visitor.sign_in();
    visitor.get("/admin").expect(200).says("all data is reset every hour, next at 13:00 UTC");

    let theirs = client.customer("Theirs")["id"].as_str().unwrap().to_owned();
    let ours = client.walk("/customers?limit=100")[1]["id"].as_str().unwrap().to_owned();
    client.patch(&format!("/customers/{ours}"), json!({"mrr": 1})).expect(200);
    visitor
        .follow(visitor.post("/admin/workspaces", &[("name", "Visitors"), ("slug", "visitors")]));
    let once = visitor.get("/admin/api-keys/new").field("once");
    let new_key = [
        ("once", once.as_str()),
        ("workspace", "visitors"),
        ("name", "Theirs"),
        ("mode", "live"),
        ("tier", "standard"),
        ("scopes", "read:customers"),
    ];
    let made = visitor.post("/admin/api-keys", &new_key);
    let their_key = server.client_with(&made.expect(200).attribute("#copyable", "value"));
    their_key.get("/customers").expect(200);
    let revoked = server.client(Mode::Test, Tier::Paid);
    revoked.get("/me").expect(200);
    let prefix = &server.key(Mode::Test, Tier::Paid)[..16];
    let keys = visitor.get("/admin/api-keys");
    let id = keys
        .attributes("tr[id]", "id")
        .into_iter()
        .find(|id| keys.text(&format!("#{id}")).contains(prefix));
    let id = id.unwrap().strip_prefix("key-").unwrap().to_owned();
    visitor.follow(visitor.post(&format!("/admin/api-keys/{id}/revoke"), &[]));
    revoked.get("/me").refused(401, "api_key_revoked", None);

    reset(&server, &client);
    assert_eq!(client.get(&format!("/customers/{theirs}")).status, 404);
    assert_eq!(data(&client), first);
    their_key.get("/customers").refused(401, "invalid_api_key", None);
    revoked.get("/me").expect(200);
    visitor.get("/admin").expect(200).says("next at 14:00 UTC");
    visitor.get("/admin/workspaces").expect(200).hides("visitors");
    visitor.get("/admin/api-keys").expect(200).hides("Theirs");
    server.visitor().sign_in();
}

#[test]
fn a_reset_moves_the_dates_to_the_current_day() {
    let (server, client) = start();
    let created = |client: &Client| -> Vec<(Value, i64)> {
        let customers = client.walk("/customers?limit=100").into_iter();
        let time = |customer: &Value| {
            Timestamp::parse(customer["created_at"].as_str().unwrap()).unwrap().as_micros()
        };
        customers.map(|customer| (customer["name"].clone(), time(&customer))).collect()
    };
    let first = created(&client);
    server.clock.advance_millis(47 * HOUR);
    wait_until("the demo is reset", || created(&client) != first);
    reset(&server, &client);
    let two_days = 48 * HOUR * 1000;
    let moved: Vec<_> = first.into_iter().map(|(name, at)| (name, at + two_days)).collect();
    assert_eq!(created(&client), moved);
}

#[test]
fn a_demo_sends_no_webhooks_and_removes_the_endpoints() {
    let (server, client) = start();
    let receiver = Receiver::start();
    let visitor = server.visitor();
    visitor.sign_in();
    let once = visitor.get("/admin/webhooks/new").field("once");
    let url = receiver.url();
    let fields = [("once", once.as_str()), ("url", &url), ("mode", "live"), ("events", "all")];
    let endpoint = visitor.post("/admin/webhooks", &fields).expect(200).link("View endpoint");
    client.customer("Aurora");
    // The ping and the event.
    let failed = || visitor.get(&endpoint).expect(200).texts("tbody tr").len() == 2;
    wait_until("both deliveries have failed", || {
        failed() && !visitor.get(&endpoint).text("main").contains("Pending")
    });
    let delivery = visitor.get(&endpoint).attribute("tbody a", "href");
    visitor.get(&delivery).expect(200).says("Not sent: this server is a demo.");
    reset(&server, &client);
    visitor.get(&endpoint).expect(404);
    visitor.get("/admin/webhooks").expect(200).says("No webhook endpoints yet");
    assert_eq!(receiver.requests().len(), 0);
}

#[test]
fn a_reset_is_safe_while_requests_are_in_progress() {
    let (server, client) = start();
    let first = data(&client);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let write = || {
            let client = server.client(Mode::Live, Tier::Unlimited);
            while !stop.load(Ordering::Relaxed) {
                client.post("/customers", json!({"name": "Aurora"})).expect(201);
                client.get("/customers?limit=100").expect(200);
            }
        };
        let writers = [scope.spawn(write), scope.spawn(write)];
        for _ in 0..3 {
            reset(&server, &client);
        }
        stop.store(true, Ordering::Relaxed);
        writers.into_iter().for_each(|writer| writer.join().unwrap());
    });
    reset(&server, &client);
    assert_eq!(data(&client), first);
}

#[test]
fn a_demo_server_says_so_and_leaves_nothing_behind() {
    let parent = tempfile::tempdir().unwrap();
    let server = Ephemeral::start_demo(parent.path());
    assert_eq!(server.announcement["demo"], true);
    assert_eq!(server.announcement["test_control"], false);
    let client = server.client();
    assert_eq!(client.get("/me").expect(200)["organization"]["slug"], "demo");
    assert_eq!(client.walk("/customers?limit=100").len(), 40);
    let limit = client.get("/me").header("x-ratelimit-limit").map(str::to_owned);
    assert_eq!(limit.as_deref(), Some("60"));
    let anonymous = Client::new(server.address(), None);
    assert_eq!(anonymous.get("/health").expect(200)["demo"], true);
    assert_eq!(anonymous.try_send("GET", "/_test/clock", &[], None).unwrap().status, 404);
    let visitor = Visitor::new(server.address());
    visitor.get("/admin/setup").expect(200).says("This is a demo");
    server.signal("-TERM");
    assert_eq!(server.wait().0, Some(0));
    assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0);
}

#[test]
fn the_start_of_a_demo_says_when_it_is_reset() {
    use std::io::{BufRead, BufReader};
    let parent = tempfile::tempdir().unwrap();
    let mut child = command_in(parent.path())
        .args(["serve", "--demo", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let said = lines.into_iter().find(|line| line.starts_with("This is a demo"));
    child.kill().unwrap();
    child.wait().unwrap();
    let said = said.unwrap();
    assert!(said.contains("reset every hour, next at 20") && said.contains("not sent"), "{said}");
}

#[test]
fn a_demo_cant_be_combined_with_data_that_should_be_kept() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |arguments: &[&str]| {
        let output = command_in(dir.path()).args(["serve", "--demo"]).args(arguments).output();
        let output = output.unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, message) = refused(&["--data-dir", "data"]);
    assert_eq!(code, Some(1));
    assert!(message.contains("remove --data-dir, or, to fill a workspace"), "{message}");
    for flags in [&["--ephemeral"][..], &["--seed", "seed.yaml"], &["--new-database"]] {
        let (code, message) = refused(flags);
        assert!(code == Some(2) && message.contains("can't be combined with"), "{message}");
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}
