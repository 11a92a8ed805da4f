//! The databases of a run: made or copied before it, and the sample of their rows that the loads
//! ask for.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Instant;

use pivotal_server::model::values::time::Timestamp;
use pivotal_server::store::DataDir;
use rusqlite::{Connection, OpenFlags};

use crate::rows::Dice;
use crate::{Outcome, seed};

/// How many rows the loads choose from.
const SAMPLE: u64 = 100_000;
/// How many places in the list the deep pages begin at.
const DEEP: u64 = 1000;

/// A database that a run may change.
pub struct Database {
    /// How many customers it was made with.
    pub customers: u64,
    /// Where it lies.
    pub dir: DataDir,
    /// A key without a rate limit.
    pub key: String,
    /// What can be asked for.
    pub sample: Sample,
}

/// Some rows of a database, from all over it.
pub struct Sample {
    /// Customers' ids.
    pub cuids: Vec<String>,
    /// Customers' display ids.
    pub display_ids: Vec<u64>,
    /// Customers' domains.
    pub domains: Vec<String>,
    /// Cursors around nine tenths of the way into the list of customers.
    pub deep_cursors: Vec<String>,
}

impl Database {
    /// Makes a database below `work`, or copies the one that is kept, so that every run begins
    /// with the same rows.
    pub fn prepare(work: &Path, kept: Option<&Path>, customers: u64) -> Outcome<Self> {
        let path = work.join(format!("customers-{customers}"));
        let dir = DataDir::new(&path);
        match kept {
            Some(kept) => {
                let original = keep(kept, customers)?;
                fs::create_dir_all(&path)?;
                fs::copy(original.database(), dir.database())?;
                // Else the system writes the copy while the loads are measured.
                File::options().write(true).open(dir.database())?.sync_all()?;
            }
            None => make(&dir, customers)?,
        }
        let key = seed::make_key(&dir)?;
        let sample = Sample::of(&dir, customers)?;
        Ok(Self { customers, dir, key, sample })
    }
}

/// The kept database of this size, made if there is none. One that was not finished has another
/// name.
fn keep(kept: &Path, customers: u64) -> Outcome<DataDir> {
    let path = kept.join(format!("customers-{customers}"));
    if !path.exists() {
        let draft: PathBuf = kept.join(format!("customers-{customers}.unfinished"));
        if draft.exists() {
            fs::remove_dir_all(&draft)?;
        }
        make(&DataDir::new(&draft), customers)?;
        fs::rename(&draft, &path)?;
    }
    Ok(DataDir::new(path))
}

fn make(dir: &DataDir, customers: u64) -> Outcome<()> {
    let started = Instant::now();
    eprintln!("making a database of {customers} customers");
    seed::seed(dir, customers)?;
    let megabytes = fs::metadata(dir.database())?.len() >> 20;
    eprintln!("  {megabytes} MiB in {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

impl Sample {
    fn of(dir: &DataDir, customers: u64) -> Outcome<Self> {
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
        let mut dice = Dice::of(customers);
        for _ in 0..SAMPLE.min(customers) {
            let display_id = 1 + dice.below(customers);
            find.query_row((seed::WORKSPACE, display_id as i64), |row| {
                sample.cuids.push(row.get(0)?);
                sample.domains.push(row.get(1)?);
                Ok(())
            })?;
            sample.display_ids.push(display_id);
        }
        for _ in 0..DEEP {
            // The list begins with the newest, so that its end is where the display ids are small.
            let display_id = customers / 20 + dice.below(customers / 10);
            let found = (seed::WORKSPACE, display_id as i64);
            let micros = find.query_row(found, |row| row.get(2))?;
            sample.deep_cursors.push(Timestamp::from_micros(micros).to_cursor());
        }
        Ok(sample)
    }
}
