//! The databases of a run: created or copied before it, and a sample of rows for the loads to
//! request.

pub mod bodies;
pub mod seed;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Instant;

use pivotal_server::model::values::time::Timestamp;
use pivotal_server::store::DataDir;
use rusqlite::{Connection, OpenFlags};

use self::bodies::Rng;
use crate::Outcome;
use crate::raw::inserts;
use crate::servers::build::{Build, Originals, Role};

/// The number of rows that the loads choose from.
const SAMPLE: u64 = 100_000;
/// The number of different cursors for deep pages.
const DEEP_CURSORS: u64 = 1000;

/// A database that a run may modify.
pub struct Database {
    /// The build that uses it.
    pub role: Role,
    /// The number of customers before the run.
    pub customers: u64,
    pub dir: DataDir,
    /// An API key without a rate limit.
    pub key: String,
    pub sample: Sample,
    /// Whether the statements of the raw loads work on it. A baseline may have an older schema.
    pub takes_raw: bool,
}

/// Identifiers of random customers in a database.
pub struct Sample {
    pub cuids: Vec<String>,
    pub display_ids: Vec<u64>,
    pub domains: Vec<String>,
    /// Cursors around nine tenths of the way into the list of customers.
    pub deep_cursors: Vec<String>,
}

impl Database {
    /// Copies a database for a build to use in a run, so that every run starts with the same rows.
    pub fn prepare(build: &Build, work: &Path, customers: u64) -> Outcome<Self> {
        let original = match &build.originals {
            Originals::CreatedIn(dir) => kept_database(dir, customers)?,
            Originals::ExistingIn(dir) => existing_database(dir, customers)?,
        };
        let role = build.role;
        let path =
            work.join(format!("{role:?}").to_lowercase()).join(format!("customers-{customers}"));
        let dir = DataDir::new(&path);
        fs::create_dir_all(&path)?;
        fs::copy(original.database(), dir.database())?;
        // Otherwise, the system might write the copy to disk during the measurements.
        File::options().write(true).open(dir.database())?.sync_all()?;
        let key = make_key(build, &dir)?;
        let sample = Sample::select(&dir, customers)?;
        let takes_raw = role == Role::Current || inserts::are_possible(&dir)?;
        Ok(Self { role, customers, dir, key, sample, takes_raw })
    }
}

/// Creates an API key without a rate limit and returns the plaintext key.
fn make_key(build: &Build, dir: &DataDir) -> Outcome<String> {
    let workspace = seed::WORKSPACE;
    let args =
        ["keys", "create", "--workspace", workspace, "--name", "Load", "--tier", "unlimited"];
    let created = build.run(dir, &args)?;
    Ok(created["key"].as_str().ok_or("`keys create` printed no key")?.to_owned())
}

fn existing_database(dir: &Path, customers: u64) -> Outcome<DataDir> {
    let path = dir.join(format!("customers-{customers}"));
    if path.exists() {
        return Ok(DataDir::new(path));
    }
    let advice = "create it with the baseline's own benchmark and its --database option";
    Err(format!("{} does not exist; {advice}", path.display()).into())
}

/// Returns the kept database of this size, and creates it if there is none. Until it is complete,
/// it has a different name.
fn kept_database(kept: &Path, customers: u64) -> Outcome<DataDir> {
    let path = kept.join(format!("customers-{customers}"));
    if !path.exists() {
        let draft: PathBuf = kept.join(format!("customers-{customers}.unfinished"));
        if draft.exists() {
            fs::remove_dir_all(&draft)?;
        }
        create(&DataDir::new(&draft), customers)?;
        fs::rename(&draft, &path)?;
    }
    Ok(DataDir::new(path))
}

fn create(dir: &DataDir, customers: u64) -> Outcome<()> {
    let started = Instant::now();
    eprintln!("creating a database with {customers} customers");
    seed::seed(dir, customers)?;
    let megabytes = fs::metadata(dir.database())?.len() >> 20;
    eprintln!("  {megabytes} MiB in {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

impl Sample {
    fn select(dir: &DataDir, customers: u64) -> Outcome<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let conn = Connection::open_with_flags(dir.database(), flags)?;
        let mut find = conn.prepare(
            "SELECT id, doc ->> '$.domain', created_at FROM customers
             WHERE workspace_no = (SELECT no FROM workspaces WHERE slug = ?1) AND display_id = ?2",
        )?;
        let mut sample = Self {
            cuids: Vec::new(),
            display_ids: Vec::new(),
            domains: Vec::new(),
            deep_cursors: Vec::new(),
        };
        let mut rng = Rng::new(customers);
        for _ in 0..SAMPLE.min(customers) {
            let display_id = 1 + rng.below(customers);
            find.query_row((seed::WORKSPACE, display_id as i64), |row| {
                sample.cuids.push(row.get(0)?);
                sample.domains.push(row.get(1)?);
                Ok(())
            })?;
            sample.display_ids.push(display_id);
        }
        for _ in 0..DEEP_CURSORS {
            // Lists are sorted newest first, so the last pages have small display IDs.
            let display_id = customers / 20 + rng.below(customers / 10);
            let params = (seed::WORKSPACE, display_id as i64);
            let micros = find.query_row(params, |row| row.get(2))?;
            sample.deep_cursors.push(Timestamp::from_micros(micros).to_cursor());
        }
        Ok(sample)
    }
}
