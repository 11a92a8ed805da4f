//! `webhooks listen`: a temporary endpoint that prints and forwards.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use super::{error, id, without_warning};
use crate::support::{Receiver, Server, command, run_with, wait_until};

/// The running command. It is killed when it is dropped.
struct Listening {
    child: Child,
    output: Option<BufReader<ChildStdout>>,
    /// What it printed first: the endpoint with its secret.
    endpoint: Value,
}

impl Listening {
    fn start(server: &Server, args: &[&str]) -> Self {
        let mut child = command(server.dir())
            .args(["--json", "webhooks", "listen"])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = child.stdout.take().map(BufReader::new);
        let mut listening = Self { child, output, endpoint: Value::Null };
        listening.endpoint = listening.next();
        listening
    }

    /// The next line, which is a value of JSON.
    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.output.as_mut().unwrap().read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"))
    }

    /// Sends a signal, and returns the exit code and what was printed on stderr.
    fn stop(mut self, signal: &str) -> (Option<i32>, String) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        self.end()
    }

    /// Waits for the end.
    fn end(&mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        let mut text = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        (code, without_warning(&text))
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn endpoints(server: &Server) -> usize {
    server.json(&["webhooks", "list"]).as_array().unwrap().len()
}

#[test]
fn events_are_printed_and_forwarded_and_the_endpoint_is_removed_at_the_end() {
    for signal in ["-INT", "-TERM"] {
        let server = Server::start();
        let receiver = Receiver::start();
        let mut listening = Listening::start(&server, &["--forward-to", &receiver.url()]);
        let endpoint = &listening.endpoint;
        assert_eq!(
            (&endpoint["mode"], &endpoint["workspace"]),
            (&json!("test"), &json!("default"))
        );
        let secret = endpoint["secret"].as_str().unwrap().to_owned();
        let endpoint_id = id(endpoint).to_owned();
        assert_eq!(listening.next()["type"], "webhook.ping");

        server.client().customer("Live");
        let customer = server.client_with(&server.test).customer("Test");
        let printed = listening.next();
        assert_eq!(printed["type"], "customer.created");
        assert_eq!(printed["resource_id"], customer["id"]);
        assert_eq!((&printed["status"], &printed["error"]), (&json!(200), &Value::Null));
        let received = receiver.wait_for("customer.created");
        assert_eq!(received.event()["livemode"], false);
        assert_eq!(printed["event"], received.event());
        assert_eq!(printed["id"], received.event()["id"]);
        assert_eq!(printed["delivery_id"], received.header("svix-id").unwrap());
        assert!(received.header("user-agent").unwrap().starts_with("pivotal-server/"));
        let variables = [("PIVOTAL_WEBHOOK_SECRET", secret.as_str())];
        let verified = run_with(server.dir(), &["webhooks", "verify"], &received.raw(), &variables);
        assert_eq!(verified.status.code(), Some(0), "{verified:?}");

        receiver.respond_with(500);
        let refused = server.client_with(&server.test).customer("Refused");
        let printed = listening.next();
        assert_eq!((&printed["resource_id"], &printed["status"]), (&refused["id"], &json!(500)));
        let last =
            || server.json(&["webhooks", "deliveries", &endpoint_id])[0]["last_attempt"].clone();
        wait_until("the attempt is recorded", || last()["status"] == 500);
        assert_eq!(last()["response"], "ok");

        let (code, text) = listening.stop(signal);
        assert_eq!(code, Some(0), "{text}");
        let note = format!("Deleted the temporary endpoint {endpoint_id}.");
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line, json!({"note": {"message": note}}));
        assert_eq!(endpoints(&server), 0);
    }
}

#[test]
fn the_text_has_the_secret_for_the_receiver_and_a_line_for_each_event() {
    let server = Server::start();
    let receiver = Receiver::start();
    let mut child = command(server.dir())
        .args(["webhooks", "listen", "--forward-to", &receiver.url()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let start: Vec<String> = lines.by_ref().take(5).collect();
    assert!(start[0].starts_with("Listening for test events in workspace `default`."), "{start:?}");
    assert!(start[2].starts_with("  whsec_"), "{start:?}");
    assert_eq!(start[4], "Press Ctrl-C to stop.");
    let ping = lines.next().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let words: Vec<&str> = ping.split_whitespace().collect();
    assert_eq!(words[1], "webhook.ping", "{ping}");
    assert!(words[2].starts_with("evt_") && words[3].starts_with("ep_"), "{ping}");
    assert!(ping.ends_with(" → 200"), "{ping}");

    // After a kill the endpoint stays for a moment.
    let sql = "SELECT (expires_at - created_at) / 1000000 FROM webhook_endpoints";
    let seconds: i64 = server.sql().value(sql, []);
    assert!((30..=60).contains(&seconds), "{seconds}");
}

#[test]
fn a_receiver_that_is_down_is_reported_to_people_and_the_server() {
    let server = Server::start();
    let mut listening =
        Listening::start(&server, &["--forward-to", "http://127.0.0.1:1/", "--live"]);
    assert_eq!(listening.endpoint["mode"], "live");
    let ping = listening.next();
    assert_eq!(ping["status"], Value::Null);
    assert!(ping["error"].as_str().unwrap().contains("refused"), "{ping}");
    let id = id(&listening.endpoint).to_owned();
    let last = || server.json(&["webhooks", "deliveries", &id])[0]["last_attempt"].clone();
    wait_until("the attempt is recorded", || last()["status"] == 502);
}

#[test]
fn without_a_receiver_events_are_only_printed_and_only_those_asked_for() {
    let server = Server::start();
    let mut listening = Listening::start(&server, &["--event", "contact.created"]);
    assert_eq!(listening.endpoint["events"], json!(["contact.created"]));
    assert_eq!(listening.next()["status"], Value::Null);
    let client = server.client_with(&server.test);
    client.customer("Aurora");
    let contact = json!({"name": "Maya", "email": "maya@aurora.example"});
    client.post("/customers/1/contacts", contact).expect(201);
    let printed = listening.next();
    assert_eq!(printed["type"], "contact.created");
    assert_eq!(printed["event"]["data"]["object"]["name"], "Maya");
}

#[test]
fn a_request_that_the_server_did_not_sign_is_refused_and_not_printed() {
    let server = Server::start();
    let mut listening = Listening::start(&server, &[]);
    assert_eq!(listening.next()["type"], "webhook.ping");
    let url = listening.endpoint["url"].as_str().unwrap().to_owned();
    let address = url.strip_prefix("http://").unwrap().trim_end_matches('/');
    let forge = |headers: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        let body = r#"{"id":"evt_1","type":"forged","data":{"object":{}}}"#;
        let length = body.len();
        let request = format!("POST / HTTP/1.1\r\n{headers}content-length: {length}\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response
    };
    let signed = "svix-id: msg_1\r\nsvix-timestamp: 1\r\nsvix-signature: v1,AAAA\r\n";
    assert!(forge(signed).starts_with("HTTP/1.1 401 "));
    assert!(forge("").starts_with("HTTP/1.1 400 "));
    server.json(&["webhooks", "ping", id(&listening.endpoint)]);
    assert_eq!(listening.next()["type"], "webhook.ping");
}

#[test]
fn without_a_server_it_fails_with_advice() {
    let mut server = Server::start();
    assert_eq!(server.stop(), Some(0));
    let failed = error(&server.run(&["webhooks", "listen"]));
    assert!(failed.contains("no server is running on "), "{failed}");
    assert!(failed.contains("`pivotal-server serve`"), "{failed}");
    assert_eq!(endpoints(&server), 0);
}

#[test]
fn of_several_workspaces_it_takes_the_default_one_or_the_one_that_is_named() {
    let server = Server::start();
    server.json(&["workspaces", "create", "--slug", "other", "--name", "Other"]);
    assert_eq!(Listening::start(&server, &[]).endpoint["workspace"], "default");
    let named = Listening::start(&server, &["--workspace", "other"]);
    assert_eq!(named.endpoint["workspace"], "other");
    let unknown = error(&server.run(&["webhooks", "listen", "--workspace", "nowhere"]));
    assert!(unknown.contains("workspace `nowhere` not found"), "{unknown}");
}

#[test]
fn it_ends_when_its_output_is_closed() {
    let server = Server::start();
    let mut listening = Listening::start(&server, &[]);
    let id = id(&listening.endpoint).to_owned();
    assert_eq!(listening.next()["type"], "webhook.ping");
    drop(listening.output.take());
    server.json(&["webhooks", "ping", &id]);
    let (code, text) = listening.end();
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("can't write to stdout"), "{text}");
    assert_eq!(endpoints(&server), 0);
}
