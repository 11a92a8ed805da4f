//! Temporary endpoints, which are removed unless they are renewed.

use std::sync::Arc;

use pivotal_server::model::clock::Clock;
use pivotal_server::model::event::Actor;
use pivotal_server::model::key::Mode;
use pivotal_server::model::values::slug::Slug;
use pivotal_server::model::values::text::{Line, Name};
use pivotal_server::model::values::time::Timestamp;
use pivotal_server::model::webhook::encryption::StoredSecret;
use pivotal_server::model::webhook::endpoint::NewEndpoint;
use pivotal_server::model::webhook::id::EndpointId;
use pivotal_server::model::webhook::subscription::Subscription;
use pivotal_server::model::webhook::url::EndpointUrl;
use pivotal_server::model::workspace::{NewWorkspace, WorkspaceNo};
use pivotal_server::store::{Store, Tx, WriteScope};

use crate::support::{ManualClock, location};

/// A store with an endpoint that expires in 45 seconds, or never.
struct Expiry {
    store: Store,
    clock: Arc<ManualClock>,
    no: WorkspaceNo,
    id: EndpointId,
    _dir: tempfile::TempDir,
}

impl Expiry {
    fn new(is_temporary: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let start = Timestamp::parse("2026-01-01T12:00:00Z").unwrap();
        let clock = Arc::new(ManualClock::at(start));
        let store = Store::open_or_create(location(dir.path()), clock.clone()).unwrap();
        let slug = Slug::parse("default").unwrap();
        let new = NewWorkspace { slug, name: Name::parse("Default").unwrap() };
        let workspace = store
            .write_blocking(WriteScope::Database, |tx| tx.create_workspace(new))
            .unwrap()
            .unwrap();
        let (no, id) = (workspace.no, EndpointId::generate());
        let endpoint = NewEndpoint {
            id: id.clone(),
            url: EndpointUrl::parse("http://127.0.0.1:9/").unwrap(),
            description: Line::parse("").unwrap(),
            mode: Mode::Test,
            subscription: Subscription::default(),
            expires_at: is_temporary.then(|| start.plus_millis(45_000)),
        };
        let secret = StoredSecret { bytes: vec![1; 24], encrypted_with: None };
        let create = move |tx: &Tx<'_>| {
            tx.create_endpoint(Actor::command_line(), &workspace, endpoint, secret)
        };
        store.write_blocking(WriteScope::Workspace(no), create).unwrap();
        Self { store, clock, no, id, _dir: dir }
    }

    fn renew(&self) -> bool {
        let (id, until) = (self.id.clone(), self.clock.now().plus_millis(45_000));
        let scope = WriteScope::Workspace(self.no);
        self.store.write_blocking(scope, move |tx| tx.renew_endpoint(&id, until)).unwrap()
    }

    /// Whether the endpoint is there after a clean-up so many seconds later.
    fn is_there_after(&self, seconds: i64) -> bool {
        self.clock.advance_millis(seconds * 1000);
        let keep_all = Timestamp::from_micros(0);
        let (no, scope) = (self.no, WriteScope::Workspace(self.no));
        let clean_up = move |tx: &Tx<'_>| tx.clean_up_deliveries(no, keep_all);
        while self.store.write_blocking(scope, clean_up).unwrap() {}
        self.store.read(|reader| reader.endpoint(&self.id)).unwrap().is_some()
    }
}

#[test]
fn an_endpoint_that_is_not_renewed_is_removed() {
    let temporary = Expiry::new(true);
    assert!(temporary.is_there_after(40));
    assert!(temporary.renew());
    assert!(temporary.is_there_after(40));
    assert!(!temporary.is_there_after(10));
    assert!(!temporary.renew(), "it stays removed");
}

#[test]
fn an_ordinary_endpoint_does_not_expire() {
    let ordinary = Expiry::new(false);
    assert!(!ordinary.renew());
    assert!(ordinary.is_there_after(1_000_000));
}
