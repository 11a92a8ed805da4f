//! The server that is measured, and measuring it under a load.

use std::path::Path;
use std::process::{Command, Stdio};

use pivotal_server::store::DataDir;

use super::process::Process;
use crate::Outcome;
use crate::args::Args;
use crate::database::Database;
use crate::loads::wrk::Run;
use crate::loads::{Load, Loads};
use crate::report::figures::Row;

pub const BINARY: &str = env!("CARGO_BIN_EXE_pivotal-server");

/// A server process, its database, and the loads for it.
pub struct RunningServer<'a> {
    pub process: Process,
    pub database: &'a Database,
    pub loads: Loads,
}

impl<'a> RunningServer<'a> {
    pub fn start(args: &Args, database: &'a Database) -> Outcome<Self> {
        let process = Process::start(&mut server(args, &database.dir))?;
        process.wait_until_idle()?;
        Ok(Self { process, database, loads: Loads::new(&database.sample) })
    }

    /// Returns the length of the response to the first request of a load.
    pub fn response_len(&self, load: &Load) -> Outcome<usize> {
        let path = load.requests[0].strip_prefix("GET ").ok_or("the load has no GET request")?;
        let mut response = ureq::get(format!("http://{}{path}", self.process.address))
            .header("Authorization", format!("Bearer {}", self.database.key))
            .call()?;
        Ok(response.body_mut().read_to_vec()?.len())
    }
}

/// How loads are run.
#[derive(Clone, Copy)]
pub struct Runner<'a> {
    pub args: &'a Args,
    /// For the requests of wrk.
    pub work: &'a Path,
}

impl Runner<'_> {
    /// Runs a load, first for the warm-up and then to measure it.
    pub fn run(
        &self,
        process: &Process,
        key: &str,
        load: &Load,
        customers: Option<u64>,
    ) -> Outcome<Row> {
        self.warm_up(process, key, load)?;
        self.measure(process, key, load, customers)
    }

    pub fn warm_up(&self, process: &Process, key: &str, load: &Load) -> Outcome<()> {
        eprintln!("{}", load.name);
        if self.args.warm_up > 0 {
            Run::start(load, process, key, self.args.warm_up, self.work)?.finish()?;
        }
        Ok(())
    }

    pub fn measure(
        &self,
        process: &Process,
        key: &str,
        load: &Load,
        customers: Option<u64>,
    ) -> Outcome<Row> {
        process.reset_peak()?;
        let meter = process.meter()?;
        let counts = Run::start(load, process, key, self.args.seconds, self.work)?.finish()?;
        Ok(Row::from_load(load, customers, &counts, meter.usage(process)?))
    }
}

/// Returns the command that starts the real server with its default settings.
pub fn server(args: &Args, dir: &DataDir) -> Command {
    let mut command = cli(dir);
    command.args(["serve", "--listen", "127.0.0.1:0", "--no-bootstrap"]);
    command.env("PIVOTAL_LOG", &args.log).stderr(Stdio::null());
    command
}

/// Returns a command of the real binary, without its arguments.
pub fn cli(dir: &DataDir) -> Command {
    let mut command = Command::new(BINARY);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PIVOTAL_") {
            command.env_remove(name);
        }
    }
    command.arg("--data-dir").arg(dir.path()).arg("--json").current_dir(dir.path());
    command
}
