//! A server in this process, with clocks that the test controls.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread::JoinHandle;

use futures_util::future::BoxFuture;
use pivotal_server::demo;
use pivotal_server::model::clock::{Clock, Monotonic};
use pivotal_server::model::event::Actor;
use pivotal_server::model::key::issued::IssuedKey;
use pivotal_server::model::key::{Mode, NewKey, Scopes, Tier};
use pivotal_server::model::values::password::Password;
use pivotal_server::model::values::slug::Slug;
use pivotal_server::model::values::text::Name;
use pivotal_server::model::values::time::Timestamp;
use pivotal_server::model::workspace::NewWorkspace;
use pivotal_server::server::Server;
use pivotal_server::service::Service;
use pivotal_server::settings::{ListenAddress, Settings};
use pivotal_server::store::{DataDir, Location, PostgresLocation, Store, WriteScope};
use tempfile::TempDir;
use tokio::sync::{oneshot, watch};

use super::database::{self, Sql, Template};
use super::{Client, PASSWORD, Visitor};

/// A wall clock and a monotonic clock that only move when the test moves them. Sleeping tasks wake
/// when they do.
#[derive(Debug)]
pub struct ManualClock {
    wall: AtomicI64,
    monotonic: watch::Sender<i64>,
    deadlines: Mutex<BTreeSet<i64>>,
}

impl ManualClock {
    pub fn at(wall: Timestamp) -> Self {
        Self {
            wall: AtomicI64::new(wall.as_micros()),
            monotonic: watch::Sender::new(0),
            deadlines: Mutex::default(),
        }
    }

    /// Advances both clocks.
    pub fn advance_millis(&self, millis: i64) {
        assert!(millis >= 0, "time can't go back; use `jump_millis` to set the wall clock");
        self.jump_millis(millis);
        self.monotonic.send_modify(|micros| *micros += millis * 1000);
    }

    /// Moves the wall clock forwards or backwards without any time passing.
    pub fn jump_millis(&self, millis: i64) {
        self.wall.fetch_add(millis * 1000, Ordering::SeqCst);
    }

    /// Whether any task has ever slept until this many milliseconds after the start.
    pub fn was_asked_to_wake_at(&self, millis: i64) -> bool {
        self.deadlines.lock().unwrap().contains(&(millis * 1000))
    }

    pub fn unix_seconds(&self) -> i64 {
        self.now().as_micros().div_euclid(1_000_000)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.wall.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::from_micros(*self.monotonic.borrow())
    }

    fn sleep_until(&self, deadline: Monotonic) -> BoxFuture<'static, ()> {
        let until = deadline.as_micros();
        self.deadlines.lock().unwrap().insert(until);
        let mut monotonic = self.monotonic.subscribe();
        Box::pin(async move {
            // If the clock is gone, time never passes.
            if monotonic.wait_for(|now| *now >= until).await.is_err() {
                std::future::pending().await
            }
        })
    }
}

/// A running server. It stops when it is dropped.
pub struct InProcess {
    pub clock: Arc<ManualClock>,
    /// The data directory, so that tests can inspect its files.
    pub dir: TempDir,
    address: SocketAddr,
    keys: Keys,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The secrets of keys, by mode and tier.
type Keys = Vec<((Mode, Tier), String)>;

/// A database with one key of every mode and tier and the admin's password, created at noon.
/// Creating keys takes longer than the rest of a start.
static FILLED: LazyLock<(Template, Keys)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open_or_create(location(dir.path()), noon()).unwrap();
    let keys = make_keys(&store);
    set_password(&store);
    drop(store);
    assert!(!dir.path().join("pivotal.db-wal").exists(), "the database file must be complete");
    (Template::take(dir.path()), keys)
});

/// The database of a directory, to open it in this process.
pub fn location(dir: &Path) -> Location {
    let Some(url) = database::url_of(dir) else { return Location::from(&DataDir::new(dir)) };
    Location::Postgres(PostgresLocation {
        url: url.parse().unwrap(),
        require_sync: false,
        connections: Settings::default().postgres.connections,
    })
}

fn noon() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp::parse("2026-01-01T12:00:00Z").unwrap()))
}

impl InProcess {
    /// Starts a server with these settings, at noon on 2026-01-01.
    pub fn start(settings: Settings) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (template, keys) = &*FILLED;
        template.copy_to(dir.path());
        Self::start_in(dir, settings, keys.clone(), |_| {})
    }

    /// The same for a demo.
    pub fn start_demo(settings: Settings) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (template, keys) = &*FILLED;
        template.copy_to(dir.path());
        Self::start_in(dir, settings, keys.clone(), |service| {
            let slug = Slug::parse("default").unwrap();
            let keys = service.store().read(|reader| reader.keys(Some(&slug))).unwrap();
            let keys: Vec<_> = keys.into_iter().map(|key| key.id).collect();
            demo::reset(service.store(), &slug, &keys).unwrap();
            service.start_demo(slug, keys);
        })
    }

    /// Starts a server without a workspace, and so without keys.
    pub fn without_workspace(settings: Settings) -> Self {
        let dir = tempfile::tempdir().unwrap();
        set_password(&Store::open_or_create(location(dir.path()), noon()).unwrap());
        Self::start_in(dir, settings, Vec::new(), |_| {})
    }

    /// `prepare` is called before the server runs.
    fn start_in(
        dir: TempDir,
        settings: Settings,
        keys: Keys,
        prepare: impl FnOnce(&Service),
    ) -> Self {
        let clock = noon();
        let listen = ListenAddress::Ip(([127, 0, 0, 1], 0).into()).into();
        let settings = Settings { listen, workers: 2, shutdown_timeout: 1, ..settings };
        let claim = location(dir.path()).claim().unwrap();
        let threads = Server::threads(&settings);
        let store = Store::serve(&claim, clock.clone(), threads).unwrap();
        let server = Server::bind(Service::new(settings, store)).unwrap();
        prepare(server.service());
        let address = server.addresses()[0].strip_prefix("http://").unwrap().parse().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let _claim = claim;
            let stop = async {
                let _ = stopped.await;
            };
            server.run(stop).unwrap();
        });
        Self { clock, dir, address, keys, stop: Some(stop), thread: Some(thread) }
    }

    /// A client with a key of this mode and tier.
    pub fn client(&self, mode: Mode, tier: Tier) -> Client {
        let key = self.keys.iter().find(|(kind, _)| *kind == (mode, tier));
        Client::new(self.address, key.map(|(_, key)| key.as_str()))
    }

    /// The secret of the key of this mode and tier.
    pub fn key(&self, mode: Mode, tier: Tier) -> &str {
        &self.keys.iter().find(|(kind, _)| *kind == (mode, tier)).unwrap().1
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A client with another key.
    pub fn client_with(&self, key: &str) -> Client {
        Client::new(self.address, Some(key))
    }

    /// A visitor of the admin pages. The password is [`PASSWORD`].
    pub fn visitor(&self) -> Visitor {
        Visitor::new(self.address)
    }

    pub fn anonymous(&self) -> Client {
        Client::new(self.address, None)
    }

    /// The server's database, to open it once more.
    pub fn location(&self) -> Location {
        location(self.dir.path())
    }

    /// Opens another connection to the server's database.
    pub fn sql(&self) -> Sql {
        database::connect(self.dir.path())
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(ended.is_none_or(|ended| ended.is_ok()) || std::thread::panicking());
    }
}

fn set_password(store: &Store) {
    let password = Password::parse(PASSWORD).unwrap().hash().unwrap();
    store.write_blocking(WriteScope::Database, move |tx| tx.set_password(&password)).unwrap();
}

/// Creates one key of every mode and tier.
fn make_keys(store: &Store) -> Keys {
    let new = NewWorkspace {
        slug: Slug::parse("default").unwrap(),
        name: Name::parse("Default").unwrap(),
    };
    let workspace =
        store.write_blocking(WriteScope::Database, |tx| tx.create_workspace(new)).unwrap().unwrap();
    let kinds = [Mode::Live, Mode::Test]
        .into_iter()
        .flat_map(|mode| [Tier::Standard, Tier::Paid, Tier::Unlimited].map(|tier| (mode, tier)));
    let make = |(mode, tier)| {
        let name = Name::parse("test key").unwrap();
        let new =
            NewKey { name, mode, tier, scopes: Scopes::all(), expires_at: None, replaces: None };
        let (issued, secret) = IssuedKey::issue(new, store.checksum_secret()).unwrap();
        let (scope, workspace) = (WriteScope::Workspace(workspace.no), workspace.clone());
        let create = move |tx: &pivotal_server::store::Tx<'_>| {
            tx.create_key(Actor::command_line(), &workspace, issued)
        };
        store.write_blocking(scope, create).unwrap();
        ((mode, tier), secret.reveal().to_owned())
    };
    kinds.map(make).collect()
}
