//! A database of its own for a test, on the server that PIVOTAL_TEST_POSTGRES names.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use postgres::{Client, Config, NoTls};

use super::connect::connector::Connector;
use super::connect::session::Session;
use super::connection::PgConnection;
use super::schema;
use crate::model::database_url::DatabaseUrl;

/// The URL of a server on which the tests can create databases.
const URL: &str = "PIVOTAL_TEST_POSTGRES";

/// A database that is dropped with this value.
pub(in crate::store) struct TestDatabase {
    server: Config,
    name: String,
    url: DatabaseUrl,
}

impl TestDatabase {
    /// Creates a database. Returns `None`, and says so, if there is no server for tests.
    pub fn create() -> Option<Self> {
        let Ok(url) = std::env::var(URL) else {
            eprintln!("skipped, because {URL} is not set");
            return None;
        };
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pivotal_test_{}_{number}", std::process::id());
        let server: Config = url.parse().unwrap();
        let mut admin = server.connect(NoTls).unwrap();
        admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).unwrap();
        let options = "ENCODING 'UTF8' TEMPLATE template0";
        admin.batch_execute(&format!("CREATE DATABASE {name} {options}")).unwrap();
        // The variable names a server, with or without a database.
        let server_url = url.find("://").map_or(url.len(), |at| at + 3);
        let end = url[server_url..].find(['/', '?']).map_or(url.len(), |at| server_url + at);
        let query = url.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
        let url = format!("{}/{name}{query}", &url[..end]).parse().unwrap();
        Some(Self { server, name, url })
    }

    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    pub fn connector(&self) -> Connector {
        Connector::new(&self.url).unwrap()
    }

    /// Connects as the server does.
    pub fn connect_as_server(&self, session: Session) -> PgConnection {
        self.connector().connect(session).unwrap()
    }

    /// Creates the tables, unless they are there.
    pub fn create_schema(&self) {
        schema::ensure(&self.connect_as_server(Session::unlimited())).unwrap();
    }

    pub fn connect(&self) -> Client {
        self.server.clone().dbname(&self.name).connect(NoTls).unwrap()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        let dropped = self.server.connect(NoTls).and_then(|mut admin| admin.batch_execute(&sql));
        if let Err(error) = dropped {
            eprintln!("can't drop {}: {error}", self.name);
        }
    }
}

/// Makes all commits with `synchronous_commit = on` wait for a standby that doesn't exist, until it
/// is dropped.
pub(in crate::store) struct NoStandby<'d> {
    database: &'d TestDatabase,
    /// The setting is that of the server, and tests run at the same time.
    _alone: MutexGuard<'static, ()>,
}

impl<'d> NoStandby<'d> {
    /// Returns `None`, and says so, if that would stop other tests, or if the server can't.
    pub fn begin(database: &'d TestDatabase) -> Option<Self> {
        let mut admin = database.connect();
        let setting = |client: &mut Client, name: &str| -> String {
            client.query_one(&format!("SHOW {name}"), &[]).unwrap().get(0)
        };
        let default = setting(&mut admin, "synchronous_commit");
        if default != "off" || setting(&mut admin, "max_wal_senders") == "0" {
            eprintln!(
                "skipped, because the server needs synchronous_commit = off and max_wal_senders"
            );
            return None;
        }
        static ALONE: Mutex<()> = Mutex::new(());
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let guard = Self { database, _alone: alone };
        admin.batch_execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'").unwrap();
        admin.batch_execute("SELECT pg_reload_conf()").unwrap();
        while setting(&mut database.connect(), "synchronous_standby_names") != "nobody" {
            std::thread::yield_now();
        }
        Some(guard)
    }
}

impl Drop for NoStandby<'_> {
    fn drop(&mut self) {
        let mut admin = self.database.connect();
        admin.batch_execute("ALTER SYSTEM RESET synchronous_standby_names").unwrap();
        admin.batch_execute("SELECT pg_reload_conf()").unwrap();
    }
}
