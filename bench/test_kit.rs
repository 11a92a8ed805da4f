//! What test suites wait for: an ephemeral server, and resets, snapshots, and restores of a
//! workspace.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::Outcome;
use crate::args::Args;
use crate::database::{Database, bodies, seed};
use crate::raw::timing::Measurement;
use crate::report::figures::Row;
use crate::servers::build::{Build, Role};
use crate::servers::process::Process;

/// The number of customers in the workspace.
const CUSTOMERS: u64 = 10_000;
/// How often each step is repeated.
const REPEATS: usize = 20;
const FEW_REPEATS: usize = 3;
/// What a test changes before its snapshot is restored.
const CHANGES: u64 = 10;
/// The number of threads that change every customer.
const WRITERS: u64 = 8;

/// The names of the rows, in their order.
pub const NAMES: [&str; 6] =
    ["ephemeral", "snapshot", "restore", "restore-reset", "restore-all", "reset"];

/// Runs the selected measurements.
pub fn measure(args: &Args, build: &Build, work: &Path) -> Outcome<Vec<Row>> {
    let mut rows = Vec::new();
    if args.wants("ephemeral") {
        eprintln!("ephemeral");
        let steps = (0..REPEATS).map(|_| start_ephemeral(&build.binary)).collect::<Outcome<_>>()?;
        rows.push(row("ephemeral", "start an ephemeral server", (build.role, None), steps));
    }
    if !NAMES[1..].iter().any(|name| args.wants(name)) {
        return Ok(rows);
    }
    let database = Database::prepare(build, &work.join("test-kit"), CUSTOMERS)?;
    let process = Process::start(build.server(&database.dir).arg("--test-control"))?;
    process.wait_until_idle()?;
    let control = Control { process: &process, key: &database.key };
    let mut add = |name, title: &str, repeats, step: &dyn Fn() -> Outcome<Duration>| {
        if args.wants(name) {
            eprintln!("{name}");
            let steps = (0..repeats).map(|_| step()).collect::<Outcome<_>>()?;
            rows.push(row(name, title, (build.role, Some(database.customers)), steps));
        }
        Outcome::Ok(())
    };
    control.snapshot()?;
    add("snapshot", "take a snapshot", REPEATS, &|| control.snapshot())?;
    add("restore", "restore it after 30 changes", REPEATS, &|| {
        control.change_some()?;
        control.restore()
    })?;
    add("restore-reset", "restore it after a reset", REPEATS, &|| {
        control.reset()?;
        control.restore()
    })?;
    add("restore-all", "restore it after changing every customer", FEW_REPEATS, &|| {
        control.change_all()?;
        control.restore()
    })?;
    add("reset", "reset a workspace", REPEATS, &|| {
        let taken = control.reset()?;
        control.restore()?;
        Ok(taken)
    })?;
    process.stop()?;
    Ok(rows)
}

fn row(
    name: &'static str,
    title: &str,
    (role, customers): (Role, Option<u64>),
    mut steps: Vec<Duration>,
) -> Row {
    let elapsed = steps.iter().sum();
    steps.sort_unstable();
    let count = steps.len() as u64;
    let measured = Measurement { count, elapsed, steps, cpu: Duration::ZERO, log_bytes: None };
    Row { role, customers, ..Row::from_measurement(name, title, &measured) }
}

/// Returns the time until an ephemeral server has printed its address.
fn start_ephemeral(binary: &Path) -> Outcome<Duration> {
    let mut command = Command::new(binary);
    command.args(["serve", "--ephemeral"]).stderr(Stdio::null());
    let process = Process::start(&mut command)?;
    let taken = process.listening;
    process.stop()?;
    Ok(taken)
}

/// A server with test control.
struct Control<'p> {
    process: &'p Process,
    key: &'p str,
}

impl Control<'_> {
    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.process.address)
    }

    fn snapshot_url(&self, end: &str) -> String {
        self.url(&format!("/_test/workspaces/{}/snapshots/seeded{end}", seed::WORKSPACE))
    }

    fn snapshot(&self) -> Outcome<Duration> {
        time(|| ureq::put(self.snapshot_url("")).send_empty())
    }

    fn restore(&self) -> Outcome<Duration> {
        time(|| ureq::post(self.snapshot_url("/restore")).send_empty())
    }

    fn reset(&self) -> Outcome<Duration> {
        let url = self.url(&format!("/_test/workspaces/{}/reset", seed::WORKSPACE));
        time(|| ureq::post(url).send_empty())
    }

    /// Creates, updates, and deletes some customers.
    fn change_some(&self) -> Outcome<()> {
        let authorization = format!("Bearer {}", self.key);
        for n in 1..=CHANGES {
            let body = bodies::customer(CUSTOMERS + n, &format!("new-{n}")).to_string();
            ureq::post(self.url("/api/v1/customers"))
                .header("Authorization", &authorization)
                .send(body)?;
            self.update(n)?;
            ureq::delete(self.url(&format!("/api/v1/customers/{}", CUSTOMERS - n)))
                .header("Authorization", &authorization)
                .call()?;
        }
        Ok(())
    }

    fn change_all(&self) -> Outcome<()> {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    scope.spawn(move || {
                        let mine = (1..=CUSTOMERS).filter(|n| n % WRITERS == writer);
                        mine.map(|n| self.update(n))
                            .try_for_each(|updated| updated.map_err(|error| error.to_string()))
                    })
                })
                .collect();
            for thread in threads {
                thread.join().map_err(|_| "a writer panicked")??;
            }
            Ok(())
        })
    }

    fn update(&self, display_id: u64) -> Outcome<()> {
        let body = json!({"plan": "changed", "status": "at_risk"}).to_string();
        ureq::patch(self.url(&format!("/api/v1/customers/{display_id}")))
            .header("Authorization", format!("Bearer {}", self.key))
            .send(body)?;
        Ok(())
    }
}

fn time<T>(step: impl FnOnce() -> Result<T, ureq::Error>) -> Outcome<Duration> {
    let started = Instant::now();
    step()?;
    Ok(started.elapsed())
}
