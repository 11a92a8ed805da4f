//! Databases on a PostgreSQL server, one for each data directory.

use std::collections::HashMap;
use std::env;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use postgres::{Client, NoTls};
use url::Url;

struct Databases {
    /// The server, without a database.
    server: Url,
    /// Connected to a database that no test uses.
    client: Client,
    by_directory: HashMap<PathBuf, Database>,
    /// The number of databases made so far, for their names.
    made: u32,
}

struct Database {
    name: String,
    /// The database is unused when this directory is gone.
    until_gone: PathBuf,
}

static DATABASES: LazyLock<Option<Mutex<Databases>>> = LazyLock::new(|| {
    match env::var("PIVOTAL_TEST_ENGINE").as_deref() {
        Err(env::VarError::NotPresent) | Ok("sqlite") => return None,
        Ok("postgres") => {}
        other => panic!("PIVOTAL_TEST_ENGINE must be sqlite or postgres, not {other:?}"),
    }
    let server = env::var("PIVOTAL_TEST_POSTGRES")
        .unwrap_or_else(|_| panic!("PIVOTAL_TEST_POSTGRES is not set; run tests/postgres/suite"));
    let server = Url::parse(&server).unwrap();
    let client = Client::connect(url(&server, "postgres").as_str(), NoTls).unwrap();
    Some(Mutex::new(Databases { server, client, by_directory: HashMap::new(), made: 0 }))
});

fn databases() -> Option<MutexGuard<'static, Databases>> {
    // A test that failed to make a database doesn't affect the others.
    DATABASES.as_ref().map(|all| all.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Whether the tests run on PostgreSQL.
pub fn is_the_engine() -> bool {
    DATABASES.is_some()
}

/// Returns the URL of the database of a directory, which is created empty at the first call. None
/// if the tests run on SQLite.
pub fn url_of(dir: &Path) -> Option<String> {
    let mut all = databases()?;
    if !all.by_directory.contains_key(dir) {
        all.create(dir, "template1");
    }
    Some(url(&all.server, &all.by_directory[dir].name).into())
}

/// Takes the database of a directory and returns its name. None if the tests run on SQLite.
pub fn take(dir: &Path) -> Option<String> {
    let mut all = databases()?;
    Some(all.by_directory.remove(dir).unwrap().name)
}

/// Copies a database for a directory without one.
pub fn copy(template: &str, dir: &Path) {
    databases().unwrap().create(dir, template);
}

impl Databases {
    fn create(&mut self, dir: &Path, template: &str) {
        self.drop_unused();
        self.made += 1;
        let name = format!("test_{}_{}", std::process::id(), self.made);
        // Since version 15, the default writes the copy to the write-ahead log, which is slower.
        let strategy = if self.version() < 15 { "" } else { "STRATEGY file_copy" };
        let sql = format!("CREATE DATABASE {name} TEMPLATE {template} {strategy}");
        self.client.batch_execute(&sql).unwrap();
        let until_gone = dir.ancestors().find(|dir| dir.exists()).unwrap().to_owned();
        self.by_directory.insert(dir.to_owned(), Database { name, until_gone });
    }

    /// Drops the databases of directories that have been removed.
    fn drop_unused(&mut self) {
        let unused = self.by_directory.extract_if(|_, database| !database.until_gone.exists());
        let names: Vec<String> = unused.map(|(_, database)| database.name).collect();
        for name in names {
            // A server that was killed can still be connected.
            self.client.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).unwrap();
        }
    }

    fn version(&mut self) -> u32 {
        let row = self.client.query_one("SHOW server_version_num", &[]).unwrap();
        row.get::<_, &str>(0).parse::<u32>().unwrap() / 10_000
    }
}

fn url(server: &Url, database: &str) -> Url {
    let mut url = server.clone();
    url.set_path(database);
    url
}
