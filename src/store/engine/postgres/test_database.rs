//! A database of its own for a test, on the server that PIVOTAL_TEST_POSTGRES names.

use std::sync::atomic::{AtomicU32, Ordering};

use postgres::{Client, Config, NoTls};

/// The URL of a server on which the tests can create databases.
const URL: &str = "PIVOTAL_TEST_POSTGRES";

/// A database that is dropped with this value.
pub(in crate::store) struct TestDatabase {
    server: Config,
    name: String,
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
        Some(Self { server, name })
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
