//! A run from start to finish: the order of the loads, and the processes that they run against.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use pivotal_server::store::DataDir;

use crate::args::Args;
use crate::database::Database;
use crate::loads::wrk::Run;
use crate::loads::{Load, Loads};
use crate::raw::{inserts, pages, syncs};
use crate::report::figures::{Row, ServerFigures, mib};
use crate::report::{Report, machine, targets};
use crate::servers::process::{Memory, Process};
use crate::servers::server::{BINARY, Runner, RunningServer, server};
use crate::{Outcome, test_kit, webhooks};

/// The number of starts. Their median is reported.
const STARTS: usize = 5;
/// The maximum time to measure syncs and raw commits, in seconds.
const RAW_SECONDS: u64 = 3;

/// The databases of a run, ready to be measured.
pub struct Session<'a> {
    args: &'a Args,
    large: Database,
    small: Option<Database>,
    rows: Vec<Row>,
    work: WorkDir,
}

/// A directory for the files of a run, locked against other runs. It is removed at the end. If a
/// run is interrupted, the next one removes it.
struct WorkDir {
    dir: PathBuf,
    _lock: File,
}

impl WorkDir {
    fn create_in(parent: &Path) -> Outcome<Self> {
        fs::create_dir_all(parent)?;
        // Absolute, because the server is started in another directory.
        let parent = parent.canonicalize()?;
        let lock = File::create(parent.join("bench.lock"))?;
        lock.try_lock().map_err(|_| format!("another run is using {}", parent.display()))?;
        let dir = parent.join("bench-run");
        if dir.exists() {
            fs::remove_dir_all(&dir)?;
        }
        fs::create_dir(&dir)?;
        Ok(Self { dir, _lock: lock })
    }
}

impl Drop for WorkDir {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.dir) {
            eprintln!("cannot remove {}: {error}", self.dir.display());
        }
    }
}

impl<'a> Session<'a> {
    /// Creates the databases.
    pub fn prepare(args: &'a Args) -> Outcome<Self> {
        // On the same disk as the kept databases.
        let parent = args.database.as_deref().unwrap_or(Path::new(env!("CARGO_TARGET_TMPDIR")));
        let work = WorkDir::create_in(parent)?;
        let prepare = |customers| Database::prepare(&work.dir, args.database.as_deref(), customers);
        let large = prepare(args.customers)?;
        let compared = (1..args.customers).contains(&args.compare);
        let small = compared.then(|| prepare(args.compare)).transpose()?;
        Ok(Self { args, large, small, rows: Vec::new(), work })
    }

    /// Runs all selected loads.
    pub fn measure(self) -> Outcome<Report> {
        let Self { args, large, small, mut rows, work } = self;
        let raw_seconds = args.seconds.min(RAW_SECONDS);
        if args.wants("fsync") {
            let timed = syncs::measure(&work.dir, raw_seconds)?;
            rows.push(Row::from_measurement("fsync", "write 4 KiB and sync", &timed));
        }
        let (ready, idle) = measure_starts(args, &large.dir)?;
        let running = RunningServer::start(args, &large)?;
        let small = small.as_ref().map(|small| RunningServer::start(args, small)).transpose()?;
        let runner = Runner { args, work: &work.dir };
        let mut bench = Bench { runner, large: &running, small: small.as_ref(), rows };
        bench.reads()?;
        bench.lists()?;
        bench.writes()?;
        let mut rows = bench.rows;
        let after = running.process.memory()?;
        for target in [Some(running), small].into_iter().flatten() {
            target.process.stop()?;
        }
        for (name, title, rows_per_commit) in [
            ("raw-1", "plain rusqlite, 1 row per commit", 1),
            ("raw-64", "plain rusqlite, 64 rows per commit", 64),
        ] {
            if args.wants(name) {
                eprintln!("{name}");
                let timed = inserts::measure(&large.dir, rows_per_commit, raw_seconds)?;
                rows.push(Row::from_measurement(name, title, &timed));
            }
        }
        rows.extend(test_kit::measure(args, &work.dir, BINARY, |database| {
            server(args, &database.dir)
        })?);
        let webhooks = if args.wants("webhooks") {
            let (measured, figures) = webhooks::measure(runner, &large)?;
            rows.extend(measured);
            Some(figures)
        } else {
            None
        };
        let server = ServerFigures {
            customers: args.customers,
            ready_millis: ready,
            idle_mib: mib(idle.resident),
            after_mib: args.only.is_empty().then(|| mib(after.resident)),
            binary_mib: mib(fs::metadata(BINARY)?.len()),
        };
        let ratios = targets::ratios(&rows, &server, webhooks.as_ref());
        let (machine, settings) = (machine::describe(), settings(args));
        Ok(Report { machine, settings, rows, server, webhooks, ratios })
    }
}

fn settings(args: &Args) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("customers", args.customers.to_string()),
        ("compared with", args.compare.to_string()),
        ("seconds per load", args.seconds.to_string()),
        ("log", args.log.clone()),
    ])
}

/// Returns the median start-up time in milliseconds, and the memory usage once the server is idle.
fn measure_starts(args: &Args, dir: &DataDir) -> Outcome<(f64, Memory)> {
    let mut ready = Vec::new();
    loop {
        let process = Process::start(&mut server(args, dir))?;
        ready.push(process.ready);
        if ready.len() == STARTS {
            process.wait_until_idle()?;
            let idle = process.memory()?;
            process.stop()?;
            ready.sort_unstable();
            return Ok((ready[STARTS / 2].as_secs_f64() * 1e3, idle));
        }
        process.stop()?;
    }
}

/// Runs the loads and collects their figures.
struct Bench<'a> {
    runner: Runner<'a>,
    large: &'a RunningServer<'a>,
    small: Option<&'a RunningServer<'a>>,
    rows: Vec<Row>,
}

impl Bench<'_> {
    fn reads(&mut self) -> Outcome<()> {
        self.run_floor(
            |loads| loads.get_cuid.renamed("floor-get", "floor for GET"),
            |loads| &loads.get_cuid,
        )?;
        self.run_on_both(|loads| &loads.get_cuid)?;
        self.run_on_both(|loads| &loads.get_display_id)
    }

    fn lists(&mut self) -> Outcome<()> {
        self.run_floor(
            |loads| loads.list_first.renamed("floor-list", "floor for a list page"),
            |loads| &loads.list_first,
        )?;
        let Runner { args, .. } = self.runner;
        if args.wants("raw-list") {
            eprintln!("raw-list");
            let seconds = args.seconds.min(RAW_SECONDS);
            let timed = pages::measure(&self.large.database.dir, seconds)?;
            let title = "plain rusqlite, the first page of 100";
            self.rows.push(Row::from_measurement("raw-list", title, &timed));
        }
        self.run_on_both(|loads| &loads.list_first)?;
        self.run_on_both(|loads| &loads.list_deep)?;
        self.run_on_both(|loads| &loads.list_status)?;
        self.run_on_both(|loads| &loads.list_domain)
    }

    fn writes(&mut self) -> Outcome<()> {
        // A POST responds with the customer, just like a GET.
        self.run_floor(
            |loads| loads.posts[2].renamed("floor-post", "floor for POST"),
            |loads| &loads.get_cuid,
        )?;
        let loads = &self.large.loads;
        let [alone, few, many] = &loads.posts;
        self.run_on(self.large, alone)?;
        self.run_on(self.large, few)?;
        self.run_on(self.large, many)?;
        if let Some(small) = self.small {
            self.run_on(small, &small.loads.posts[2])?;
        }
        self.run_on(self.large, &loads.patch)?;
        self.run_on(self.large, &loads.mix)?;
        self.run_beside_writers(&loads.get_while_writing, &loads.writers)?;
        self.run_beside_writers(&loads.get_beside_writers, &loads.paced_writers)
    }

    /// Runs a load on the large database, and then on the small one.
    fn run_on_both(&mut self, pick: impl Fn(&Loads) -> &Load) -> Outcome<()> {
        self.run_on(self.large, pick(&self.large.loads))?;
        match self.small {
            Some(small) => self.run_on(small, pick(&small.loads)),
            None => Ok(()),
        }
    }

    fn run_on(&mut self, target: &RunningServer<'_>, load: &Load) -> Outcome<()> {
        if self.runner.args.wants(load.name) {
            let key = &target.database.key;
            let row =
                self.runner.run(&target.process, key, load, Some(target.database.customers))?;
            self.rows.push(row);
        }
        Ok(())
    }

    /// Sends the same requests to the floor, with responses as long as the server's response to
    /// `response_like`.
    fn run_floor(
        &mut self,
        load: impl Fn(&Loads) -> Load,
        response_like: impl Fn(&Loads) -> &Load,
    ) -> Outcome<()> {
        let load = load(&self.large.loads);
        if !self.runner.args.wants(load.name) {
            return Ok(());
        }
        let bytes = self.large.response_len(response_like(&self.large.loads))?;
        let mut command = Command::new(std::env::current_exe()?);
        let floor = Process::start(command.args(["--floor", &bytes.to_string()]))?;
        let row = self.runner.run(&floor, &self.large.database.key, &load, None)?;
        self.rows.push(row);
        Ok(())
    }

    /// Measures reads during writes. The CPU time of the writers' row is that of both.
    fn run_beside_writers(&mut self, readers: &Load, writers: &Load) -> Outcome<()> {
        if !self.runner.args.wants(readers.name) {
            return Ok(());
        }
        let RunningServer { process, database, .. } = self.large;
        let Runner { args, work } = self.runner;
        let seconds = args.warm_up + args.seconds + 1;
        let meter = process.meter()?;
        let writing = Run::start(writers, process, &database.key, seconds, work)?;
        let reads = self.runner.run(process, &database.key, readers, Some(database.customers))?;
        let counts = writing.finish()?;
        let used = meter.usage(process)?;
        self.rows.push(reads);
        self.rows.push(Row::from_load(writers, Some(database.customers), &counts, used));
        Ok(())
    }
}
