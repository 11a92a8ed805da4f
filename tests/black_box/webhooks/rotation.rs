//! Rotation of signing secrets: both sign for a day, then the new one alone.

use pivotal_server::model::event::Actor;
use pivotal_server::model::key::{Mode, Tier};
use pivotal_server::model::values::slug::Slug;
use pivotal_server::model::values::text::Line;
use pivotal_server::model::webhook::encryption::Keyring;
use pivotal_server::model::webhook::endpoint::NewEndpoint;
use pivotal_server::model::webhook::id::EndpointId;
use pivotal_server::model::webhook::secret::SigningSecret;
use pivotal_server::model::webhook::subscription::Subscription;
use pivotal_server::model::webhook::url::EndpointUrl;
use pivotal_server::settings::Settings;
use pivotal_server::store::{Store, WriteScope};

use super::receiver::{Receiver, Request};
use super::{create, settled, start, wait_for};
use crate::support::InProcess;

/// A second store on the server's database, with the server's clock: what a command is.
struct Command<'s> {
    store: Store,
    receiver: &'s Receiver,
    scope: WriteScope,
    endpoint: EndpointId,
}

impl<'s> Command<'s> {
    fn create(server: &InProcess, receiver: &'s Receiver) -> (Self, String) {
        let store = Store::open(server.location(), server.clock.clone()).unwrap();
        let slug = Slug::parse("default").unwrap();
        let workspace = store.read(|reader| reader.workspace(&slug)).unwrap().unwrap();
        let (scope, endpoint) = (WriteScope::Workspace(workspace.no), EndpointId::generate());
        let new = NewEndpoint {
            id: endpoint.clone(),
            url: EndpointUrl::parse(&receiver.url()).unwrap(),
            description: Line::from_stored(String::new()),
            mode: Mode::Live,
            subscription: Subscription::default(),
            expires_at: None,
        };
        let secret = SigningSecret::generate().unwrap();
        let stored = Keyring::default().seal(&endpoint, &secret).unwrap();
        let create = move |tx: &pivotal_server::store::Tx<'_>| {
            tx.create_endpoint(Actor::command_line(), &workspace, new, stored)
        };
        store.write_blocking(scope, create).unwrap();
        (Self { store, receiver, scope, endpoint }, secret.reveal())
    }

    fn rotate(&self) -> String {
        let secret = SigningSecret::generate().unwrap();
        let stored = Keyring::default().seal(&self.endpoint, &secret).unwrap();
        let id = self.endpoint.clone();
        let rotate = move |tx: &pivotal_server::store::Tx<'_>| {
            tx.rotate_endpoint_secret(Actor::command_line(), &id, stored)
        };
        assert!(self.store.write_blocking(self.scope, rotate).unwrap().is_some());
        secret.reveal()
    }

    /// The request for a new event.
    fn next_request(&self, server: &InProcess, name: &str) -> Request {
        server.client(Mode::Live, Tier::Unlimited).customer(name);
        wait_for("the event arrives", || {
            self.receiver.requests().into_iter().find(|request| request.name() == name)
        })
    }
}

fn signatures(request: &Request) -> usize {
    request.header("svix-signature").split(' ').count()
}

#[test]
fn the_old_secret_signs_too_for_a_day() {
    let server = InProcess::start(Settings::default());
    let receiver = Receiver::start();
    let (command, first) = Command::create(&server, &receiver);
    let request = command.next_request(&server, "Before");
    assert!(request.is_signed_with(&first) && signatures(&request) == 1);

    let second = command.rotate();
    for (name, hours) in [("At once", 0), ("Late in the overlap", 23)] {
        server.clock.advance_millis(hours * 3_600_000);
        let request = command.next_request(&server, name);
        assert_eq!(request.timestamp(), server.clock.unix_seconds());
        assert_eq!(signatures(&request), 2, "{name}");
        assert!(request.is_signed_with(&first) && request.is_signed_with(&second), "{name}");
    }
    server.clock.advance_millis(3_600_000);
    let request = command.next_request(&server, "After");
    assert_eq!(signatures(&request), 1);
    assert!(!request.is_signed_with(&first) && request.is_signed_with(&second));
}

#[test]
fn a_second_rotation_ends_the_oldest_secret_at_once() {
    let server = InProcess::start(Settings::default());
    let receiver = Receiver::start();
    let (command, first) = Command::create(&server, &receiver);
    let second = command.rotate();
    server.clock.advance_millis(3_600_000);
    let third = command.rotate();
    server.clock.advance_millis(23 * 3_600_000);
    let request = command.next_request(&server, "Aurora");
    assert_eq!(signatures(&request), 2, "the overlap begins with the second rotation");
    assert!(!request.is_signed_with(&first));
    assert!(request.is_signed_with(&second) && request.is_signed_with(&third));
}

#[test]
fn a_rotation_at_the_command_line_counts_for_the_next_request() {
    let server = start(&[]);
    let receiver = Receiver::start();
    let endpoint = create(&server, &receiver.url(), &[]);
    settled(&server, &endpoint, 1);
    let rotated = server.json(&["webhooks", "rotate", &endpoint.id]);
    assert!(rotated["old_secret_expires_at"].is_string());
    server.client().customer("Aurora");
    settled(&server, &endpoint, 2);
    let request = receiver.requests_of("customer.created").remove(0);
    assert!(request.is_signed_with(rotated["secret"].as_str().unwrap()));
    assert!(request.is_signed_with(&endpoint.secret));
}

#[test]
fn your_own_secret_signs() {
    use std::io::Write;
    use std::process::Stdio;
    let server = start(&[]);
    let receiver = Receiver::start();
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let url = receiver.url();
    let mut command = crate::support::command(server.dir())
        .args(["--json", "webhooks", "create", "--workspace", "default"])
        .args(["--url", &url, "--secret", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    command.stdin.take().unwrap().write_all(format!("{secret}\n").as_bytes()).unwrap();
    assert!(command.wait_with_output().unwrap().status.success());
    let ping = wait_for("the ping arrives", || receiver.requests().into_iter().next());
    assert!(ping.is_signed_with(secret));
}
