//! A run from start to finish: the order of the loads, and the processes that they run against.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use pivotal_server::store::DataDir;

use crate::args::Args;
use crate::database::Database;
use crate::loads::wrk::Run;
use crate::loads::{Load, Loads};
use crate::raw::{inserts, pages, syncs};
use crate::report::comparison::Baseline;
use crate::report::figures::{Row, ServerFigures, WebhookFigures, mib};
use crate::report::{Report, machine, targets};
use crate::servers::build::{Build, Role};
use crate::servers::log_watch::LogWatch;
use crate::servers::process::{Memory, Process, Usage};
use crate::servers::rounds::take_turns;
use crate::servers::server::{Runner, RunningServer, Target};
use crate::work_dir::WorkDir;
use crate::{Outcome, test_kit, webhooks};

/// The number of starts. Their median is reported.
const STARTS: usize = 5;
/// The maximum time to measure syncs and raw statements, in seconds.
const RAW_SECONDS: u64 = 3;

/// The builds and databases of a run, ready to be measured.
pub struct Session<'a> {
    args: &'a Args,
    /// This build is the last one.
    candidates: Vec<Candidate>,
    work: WorkDir,
}

/// A build and its databases.
struct Candidate {
    build: Build,
    large: Database,
    small: Option<Database>,
}

impl Candidate {
    fn prepare(args: &Args, build: Build, work: &Path) -> Outcome<Self> {
        let large = Database::prepare(&build, work, args.customers)?;
        let compared = (1..args.customers).contains(&args.compare);
        let small = compared.then(|| Database::prepare(&build, work, args.compare)).transpose()?;
        Ok(Self { build, large, small })
    }
}

impl<'a> Session<'a> {
    /// Creates the databases.
    pub fn prepare(args: &'a Args) -> Outcome<Self> {
        // On the same disk as the kept databases.
        let parent = args.database.as_deref().unwrap_or(Path::new(env!("CARGO_TARGET_TMPDIR")));
        let work = WorkDir::create_in(parent)?;
        let builds = Build::all(args, &work.dir)?.into_iter();
        let candidates = builds.map(|build| Candidate::prepare(args, build, &work.dir));
        Ok(Self { args, candidates: candidates.collect::<Outcome<_>>()?, work })
    }

    /// Runs all selected loads.
    pub fn measure(self) -> Outcome<Report> {
        let Self { args, candidates, work } = self;
        let mut rows = Vec::new();
        if args.wants("fsync") {
            let timed = syncs::measure(&work.dir, raw_seconds(args))?;
            rows.push(Row::from_measurement("fsync", "write 4 KiB and sync", &timed));
        }
        let mut figures = candidates
            .iter()
            .map(|candidate| measure_starts(args, candidate))
            .collect::<Outcome<Vec<_>>>()?;
        let start = |build, database| RunningServer::start(build, database);
        let large = candidates.iter().map(|candidate| start(&candidate.build, &candidate.large));
        let large = large.collect::<Outcome<Vec<_>>>()?;
        let small = candidates.iter().filter_map(|candidate| {
            candidate.small.as_ref().map(|small| start(&candidate.build, small))
        });
        let small = small.collect::<Outcome<Vec<_>>>()?;
        let current = large.last().ok_or("there is no build to measure")?;
        let runner = Runner { args, work: &work.dir };
        let mut bench = Bench { runner, large: &large, small: &small, current, rows };
        bench.reads()?;
        bench.lists()?;
        bench.writes()?;
        let mut rows = bench.rows;
        if args.only.is_empty() {
            for (server, figures) in large.iter().zip(&mut figures) {
                figures.after_mib = Some(mib(server.process.memory()?.resident));
            }
        }
        for server in large.into_iter().chain(small) {
            server.process.stop()?;
        }
        rows.extend(measure_inserts(args, &candidates)?);
        let mut of_webhooks = Vec::new();
        for Candidate { build, large, .. } in &candidates {
            rows.extend(test_kit::measure(args, build, &work.dir)?);
            if args.wants("webhooks") {
                let (measured, figures) = webhooks::measure(runner, build, large)?;
                rows.extend(measured);
                of_webhooks.push(figures);
            }
        }
        report(args, rows, figures, of_webhooks)
    }
}

/// Creates the report. The figures of this build are the last ones.
fn report(
    args: &Args,
    rows: Vec<Row>,
    mut figures: Vec<ServerFigures>,
    mut of_webhooks: Vec<WebhookFigures>,
) -> Outcome<Report> {
    let (rows, rows_before): (Vec<Row>, Vec<Row>) =
        rows.into_iter().partition(|row| row.role == Role::Current);
    let (server, webhooks) = (figures.pop().ok_or("nothing was measured")?, of_webhooks.pop());
    let ratios = targets::ratios(&rows, &server, webhooks.as_ref());
    let baseline = figures
        .pop()
        .map(|before| Baseline::compare(rows_before, before, of_webhooks.pop(), (&rows, &server)));
    let (machine, settings) = (machine::describe(), settings(args));
    Ok(Report { machine, settings, rows, server, webhooks, ratios, baseline })
}

fn settings(args: &Args) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("customers", args.customers.to_string()),
        ("compared with", args.compare.to_string()),
        ("seconds per load", args.seconds.to_string()),
        ("rounds", args.rounds().to_string()),
        ("log", args.log.clone()),
    ])
}

fn raw_seconds(args: &Args) -> u64 {
    args.seconds.min(RAW_SECONDS)
}

/// Measures the start-up time, and the memory usage once the server is idle.
fn measure_starts(args: &Args, candidate: &Candidate) -> Outcome<ServerFigures> {
    let Candidate { build, large, .. } = candidate;
    let (ready_millis, idle) = start_repeatedly(build, &large.dir)?;
    Ok(ServerFigures {
        customers: args.customers,
        ready_millis,
        idle_mib: mib(idle.resident),
        after_mib: None,
        binary_mib: mib(fs::metadata(&build.binary)?.len()),
    })
}

/// Returns the median start-up time in milliseconds, and the memory usage once the server is idle.
fn start_repeatedly(build: &Build, dir: &DataDir) -> Outcome<(f64, Memory)> {
    let mut ready = Vec::new();
    loop {
        let process = Process::start(&mut build.server(dir))?;
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

/// Runs the statements of a POST on the databases, which no server may have open.
fn measure_inserts(args: &Args, candidates: &[Candidate]) -> Outcome<Vec<Row>> {
    let databases: Vec<&Database> = candidates
        .iter()
        .map(|candidate| &candidate.large)
        .filter(|database| database.takes_raw)
        .collect();
    let mut rows = Vec::new();
    for (name, title, rows_per_commit) in [
        ("raw-1", "plain rusqlite, 1 row per commit", 1),
        ("raw-64", "plain rusqlite, 64 rows per commit", 64),
    ] {
        if args.wants(name) {
            let mut round = 0;
            rows.extend(take_turns(args.rounds(), &databases, |database| {
                eprintln!("{name}");
                round += 1;
                let names = format!("raw {rows_per_commit} {round}");
                let timed =
                    inserts::measure(&database.dir, rows_per_commit, raw_seconds(args), &names)?;
                Ok(vec![Row::from_measurement(name, title, &timed).with_role(database.role)])
            })?);
        }
    }
    Ok(rows)
}

/// Runs the loads and collects their figures. The builds take turns.
struct Bench<'a> {
    runner: Runner<'a>,
    large: &'a [RunningServer<'a>],
    /// Empty if there is no second database.
    small: &'a [RunningServer<'a>],
    /// This build's server with the large database.
    current: &'a RunningServer<'a>,
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
        self.run_raw_list()?;
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
        self.run_on(self.large, |loads| &loads.posts[0])?;
        self.run_on(self.large, |loads| &loads.posts[1])?;
        self.run_on_both(|loads| &loads.posts[2])?;
        self.run_on(self.large, |loads| &loads.patch)?;
        self.run_on(self.large, |loads| &loads.mix)?;
        self.run_beside_writers(|loads| (&loads.get_while_writing, &loads.writers))?;
        self.run_beside_writers(|loads| (&loads.get_beside_writers, &loads.paced_writers))
    }

    /// Runs a load on the large database, and then on the small one.
    fn run_on_both(&mut self, pick: impl Fn(&Loads) -> &Load) -> Outcome<()> {
        self.run_on(self.large, &pick)?;
        self.run_on(self.small, pick)
    }

    fn run_on(
        &mut self,
        servers: &[RunningServer<'_>],
        pick: impl Fn(&Loads) -> &Load,
    ) -> Outcome<()> {
        let runner = self.runner;
        if runner.args.wants(pick(&self.current.loads).name) {
            self.rows.extend(take_turns(runner.args.rounds(), servers, |server| {
                Ok(vec![runner.run(server.target(), pick(&server.loads))?])
            })?);
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
        let (runner, current) = (self.runner, self.current);
        let load = load(&current.loads);
        if !runner.args.wants(load.name) {
            return Ok(());
        }
        let bytes = current.response_len(response_like(&current.loads))?;
        let mut command = Command::new(std::env::current_exe()?);
        let floor = Process::start(command.args(["--floor", &bytes.to_string()]))?;
        let target = Target { process: &floor, customers: None, logs_to: None, ..current.target() };
        self.rows.extend(take_turns(runner.args.rounds(), &[target], |target| {
            Ok(vec![runner.run(*target, &load)?])
        })?);
        Ok(())
    }

    /// Reads pages in this process, from the same databases.
    fn run_raw_list(&mut self) -> Outcome<()> {
        let args = self.runner.args;
        if !args.wants("raw-list") {
            return Ok(());
        }
        let databases = self.large.iter().map(|server| server.database);
        let databases: Vec<&Database> = databases.filter(|database| database.takes_raw).collect();
        self.rows.extend(take_turns(args.rounds(), &databases, |database| {
            eprintln!("raw-list");
            let timed = pages::measure(&database.dir, raw_seconds(args))?;
            let title = "plain rusqlite, the first page of 100";
            Ok(vec![Row::from_measurement("raw-list", title, &timed).with_role(database.role)])
        })?);
        Ok(())
    }

    /// Measures reads during writes. The CPU time of the writers' row is that of both.
    fn run_beside_writers(&mut self, pick: impl Fn(&Loads) -> (&Load, &Load)) -> Outcome<()> {
        let runner @ Runner { args, work } = self.runner;
        if !args.wants(pick(&self.current.loads).0.name) {
            return Ok(());
        }
        let seconds = args.warm_up + args.seconds + 1;
        self.rows.extend(take_turns(args.rounds(), self.large, |server| {
            let (readers, writers) = pick(&server.loads);
            let target = server.target();
            let Target { process, key, customers, role, .. } = target;
            let (meter, log) = (process.meter()?, target.watch_log(writers)?);
            let writing = Run::start(writers, process, key, seconds, work)?;
            let reads = runner.run(target, readers)?;
            let counts = writing.finish()?;
            let log_bytes = log.map(LogWatch::finish).transpose()?;
            let usage = Usage { log_bytes, ..meter.usage(process)? };
            let writes = Row::from_load(writers, customers, &counts, usage);
            Ok(vec![reads, writes.with_role(role)])
        })?);
        Ok(())
    }
}
