//! One run from its beginning to its end: the order of the loads and what they run against.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pivotal_server::store::DataDir;

use crate::args::Args;
use crate::database::Database;
use crate::figures::{Figures, Row, Used, mib};
use crate::load::{Load, Loads, Run};
use crate::process::{Memory, Process};
use crate::report::Report;
use crate::{Outcome, aims, machine, raw};

const BINARY: &str = env!("CARGO_BIN_EXE_pivotal-server");
/// Starts of which the median is told.
const STARTS: usize = 5;
/// How long syncs and raw commits are measured, at most, in seconds.
const RAW_SECONDS: u64 = 3;

/// What a run needs and what it has found so far.
pub struct Session<'a> {
    args: &'a Args,
    large: Database,
    small: Option<Database>,
    rows: Vec<Row>,
    work: Workplace,
}

/// A directory for what a run makes, on which no other run works. It is removed at the end, and
/// what an interrupted run has left at the beginning.
struct Workplace {
    dir: PathBuf,
    _lock: File,
}

impl Workplace {
    fn below(place: &Path) -> Outcome<Self> {
        fs::create_dir_all(place)?;
        // The server is started in another directory.
        let place = place.canonicalize()?;
        let lock = File::create(place.join("bench.lock"))?;
        lock.try_lock().map_err(|_| format!("another bench works in {}", place.display()))?;
        let dir = place.join("bench-run");
        if dir.exists() {
            fs::remove_dir_all(&dir)?;
        }
        fs::create_dir(&dir)?;
        Ok(Self { dir, _lock: lock })
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.dir) {
            eprintln!("cannot remove {}: {error}", self.dir.display());
        }
    }
}

/// A server, and what is needed to send requests to it.
struct Target<'a> {
    process: Process,
    database: &'a Database,
    loads: Loads,
}

impl<'a> Session<'a> {
    /// Makes the databases.
    pub fn prepare(args: &'a Args) -> Outcome<Self> {
        // On the same disk as what is kept.
        let place = args.database.as_deref().unwrap_or(Path::new(env!("CARGO_TARGET_TMPDIR")));
        let work = Workplace::below(place)?;
        let prepare = |customers| Database::prepare(&work.dir, args.database.as_deref(), customers);
        let large = prepare(args.customers)?;
        let compared = (1..args.customers).contains(&args.compare);
        let small = compared.then(|| prepare(args.compare)).transpose()?;
        Ok(Self { args, large, small, rows: Vec::new(), work })
    }

    /// Runs everything that is wanted.
    pub fn measure(self) -> Outcome<Report> {
        let Self { args, large, small, mut rows, work } = self;
        let raw_seconds = args.seconds.min(RAW_SECONDS);
        if args.wants("fsync") {
            let timed = raw::sync(&work.dir, raw_seconds)?;
            rows.push(Row::of_raw("fsync", "write 4 KiB and sync", &timed));
        }
        let (ready, idle) = starts(args, &large.dir)?;
        let large = Target::start(args, &large)?;
        let small = small.as_ref().map(|small| Target::start(args, small)).transpose()?;
        let mut bench = Bench { args, large: &large, small: small.as_ref(), work: &work.dir, rows };
        bench.reads()?;
        bench.lists()?;
        bench.writes()?;
        let mut rows = bench.rows;
        let after = large.process.memory()?;
        let dir = large.database.dir.clone();
        for target in [Some(large), small].into_iter().flatten() {
            target.process.stop()?;
        }
        for (name, title, rows_a_commit) in [
            ("raw-1", "plain rusqlite, one row a commit", 1),
            ("raw-64", "plain rusqlite, 64 rows a commit", 64),
        ] {
            if args.wants(name) {
                eprintln!("{name}");
                let timed = raw::insert(&dir, rows_a_commit, raw_seconds)?;
                rows.push(Row::of_raw(name, title, &timed));
            }
        }
        let server = Figures {
            customers: args.customers,
            ready_millis: ready,
            idle_mib: mib(idle.resident),
            after_mib: args.only.is_empty().then(|| mib(after.resident)),
            binary_mib: mib(fs::metadata(BINARY)?.len()),
        };
        let ratios = aims::ratios(&rows, &server);
        Ok(Report { machine: machine::describe(), settings: settings(args), rows, server, ratios })
    }
}

fn settings(args: &Args) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("customers", args.customers.to_string()),
        ("compared with", args.compare.to_string()),
        ("seconds a load", args.seconds.to_string()),
        ("log", args.log.clone()),
    ])
}

/// The real server on a data directory, with its default settings.
fn server(args: &Args, dir: &DataDir) -> Command {
    let mut command = Command::new(BINARY);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PIVOTAL_") {
            command.env_remove(name);
        }
    }
    command.arg("--data-dir").arg(dir.path()).current_dir(dir.path());
    command.args(["--json", "serve", "--listen", "127.0.0.1:0", "--no-bootstrap"]);
    command.env("PIVOTAL_LOG", &args.log).stderr(Stdio::null());
    command
}

/// The median of the times that the server needs to start, in milliseconds, and what it holds in
/// memory when it then has nothing to do.
fn starts(args: &Args, dir: &DataDir) -> Outcome<(f64, Memory)> {
    let mut ready = Vec::new();
    loop {
        let process = Process::start(&mut server(args, dir))?;
        ready.push(process.ready);
        if ready.len() == STARTS {
            process.settle()?;
            let idle = process.memory()?;
            process.stop()?;
            ready.sort_unstable();
            return Ok((ready[STARTS / 2].as_secs_f64() * 1e3, idle));
        }
        process.stop()?;
    }
}

impl<'a> Target<'a> {
    fn start(args: &Args, database: &'a Database) -> Outcome<Self> {
        let process = Process::start(&mut server(args, &database.dir))?;
        process.settle()?;
        Ok(Self { process, database, loads: Loads::on(&database.sample) })
    }

    /// How long the answer to a request of this load is.
    fn answer(&self, load: &Load) -> Outcome<usize> {
        let path = load.requests[0].strip_prefix("GET ").ok_or("only a GET can be tried")?;
        let mut answer = ureq::get(format!("http://{}{path}", self.process.address))
            .header("Authorization", format!("Bearer {}", self.database.key))
            .call()?;
        Ok(answer.body_mut().read_to_vec()?.len())
    }
}

/// The loads while they run.
struct Bench<'a> {
    args: &'a Args,
    large: &'a Target<'a>,
    small: Option<&'a Target<'a>>,
    work: &'a Path,
    rows: Vec<Row>,
}

impl Bench<'_> {
    fn reads(&mut self) -> Outcome<()> {
        self.floor(
            |loads| loads.get_cuid.floor("floor-get", "the floor of GET"),
            |loads| &loads.get_cuid,
        )?;
        self.both(|loads| &loads.get_cuid)?;
        self.both(|loads| &loads.get_display_id)
    }

    fn lists(&mut self) -> Outcome<()> {
        self.floor(
            |loads| loads.list_first.floor("floor-list", "the floor of pages"),
            |loads| &loads.list_first,
        )?;
        self.both(|loads| &loads.list_first)?;
        self.both(|loads| &loads.list_deep)?;
        self.both(|loads| &loads.list_status)?;
        self.both(|loads| &loads.list_domain)
    }

    fn writes(&mut self) -> Outcome<()> {
        // The answer to a POST is the customer, as that to a GET.
        self.floor(
            |loads| loads.posts[2].floor("floor-post", "the floor of POST"),
            |loads| &loads.get_cuid,
        )?;
        let loads = &self.large.loads;
        let [alone, few, many] = &loads.posts;
        self.one(self.large, alone)?;
        self.one(self.large, few)?;
        self.one(self.large, many)?;
        if let Some(small) = self.small {
            self.one(small, &small.loads.posts[2])?;
        }
        self.one(self.large, &loads.patch)?;
        self.one(self.large, &loads.mix)?;
        self.beside_writers(&loads.get_while_writing, &loads.writers)
    }

    /// A load on the large database, and then on the small one.
    fn both(&mut self, pick: impl Fn(&Loads) -> &Load) -> Outcome<()> {
        self.one(self.large, pick(&self.large.loads))?;
        match self.small {
            Some(small) => self.one(small, pick(&small.loads)),
            None => Ok(()),
        }
    }

    /// One load.
    fn one(&mut self, target: &Target<'_>, load: &Load) -> Outcome<()> {
        if self.args.wants(load.name) {
            let key = &target.database.key;
            let row = self.run(&target.process, key, load, Some(target.database.customers))?;
            self.rows.push(row);
        }
        Ok(())
    }

    /// The same requests to a process that answers without doing anything, as long as the server
    /// answers.
    fn floor(
        &mut self,
        load: impl Fn(&Loads) -> Load,
        answered_like: impl Fn(&Loads) -> &Load,
    ) -> Outcome<()> {
        let load = load(&self.large.loads);
        if !self.args.wants(load.name) {
            return Ok(());
        }
        let bytes = self.large.answer(answered_like(&self.large.loads))?;
        let mut command = Command::new(std::env::current_exe()?);
        let floor = Process::start(command.args(["--floor", &bytes.to_string()]))?;
        let row = self.run(&floor, &self.large.database.key, &load, None)?;
        self.rows.push(row);
        Ok(())
    }

    fn run(&self, process: &Process, key: &str, load: &Load, of: Option<u64>) -> Outcome<Row> {
        eprintln!("{}", load.name);
        if self.args.warm_up > 0 {
            Run::start(load, process, key, self.args.warm_up, self.work)?.end()?;
        }
        process.forget_peak()?;
        let before = process.cpu()?;
        let counts = Run::start(load, process, key, self.args.seconds, self.work)?.end()?;
        let used = Used { cpu: process.cpu()? - before, memory: process.memory()? };
        Ok(Row::of_load(load, of, &counts, used))
    }

    /// Reads while others write. The processor's time is that of both.
    fn beside_writers(&mut self, readers: &Load, writers: &Load) -> Outcome<()> {
        if !self.args.wants(readers.name) {
            return Ok(());
        }
        let Target { process, database, .. } = self.large;
        let seconds = self.args.warm_up + self.args.seconds + 1;
        let before = process.cpu()?;
        let writing = Run::start(writers, process, &database.key, seconds, self.work)?;
        let reads = self.run(process, &database.key, readers, Some(database.customers))?;
        let counts = writing.end()?;
        let used = Used { cpu: process.cpu()? - before, memory: process.memory()? };
        self.rows.push(reads);
        self.rows.push(Row::of_load(writers, Some(database.customers), &counts, used));
        Ok(())
    }
}
