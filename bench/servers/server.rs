//! The server that is measured, and measuring it under a load.

use std::path::Path;

use pivotal_server::store::DataDir;

use super::build::{Build, Role};
use super::log_watch::LogWatch;
use super::process::{Process, Usage};
use crate::Outcome;
use crate::args::Args;
use crate::database::Database;
use crate::loads::wrk::Run;
use crate::loads::{Load, Loads};
use crate::report::figures::Row;

/// A server process, its database, and the loads for it.
pub struct RunningServer<'a> {
    pub process: Process,
    pub database: &'a Database,
    pub loads: Loads,
}

impl<'a> RunningServer<'a> {
    pub fn start(build: &Build, database: &'a Database) -> Outcome<Self> {
        let process = Process::start(&mut build.server(&database.dir))?;
        process.wait_until_idle()?;
        Ok(Self { process, database, loads: Loads::new(&database.sample) })
    }

    pub fn target(&self) -> Target<'_> {
        Target {
            process: &self.process,
            key: &self.database.key,
            customers: Some(self.database.customers),
            role: self.database.role,
            logs_to: Some(&self.database.dir),
        }
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

/// A process that loads are sent to.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    pub process: &'a Process,
    pub key: &'a str,
    /// The number of customers, if it is relevant.
    pub customers: Option<u64>,
    pub role: Role,
    /// The database, if the bytes of its log can be counted.
    pub logs_to: Option<&'a DataDir>,
}

impl Target<'_> {
    /// Starts to count the bytes of the log, if the load only writes.
    pub fn watch_log(&self, load: &Load) -> Outcome<Option<LogWatch>> {
        let watched = self.logs_to.filter(|_| load.only_writes());
        watched.map(|dir| LogWatch::start(&dir.database())).transpose()
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
    pub fn run(&self, target: Target<'_>, load: &Load) -> Outcome<Row> {
        self.warm_up(target, load)?;
        self.measure(target, load)
    }

    pub fn warm_up(&self, target: Target<'_>, load: &Load) -> Outcome<()> {
        eprintln!("{}", load.name);
        if self.args.warm_up > 0 {
            Run::start(load, target.process, target.key, self.args.warm_up, self.work)?.finish()?;
        }
        Ok(())
    }

    pub fn measure(&self, target: Target<'_>, load: &Load) -> Outcome<Row> {
        let Target { process, key, customers, role, .. } = target;
        process.reset_peak()?;
        let (meter, log) = (process.meter()?, target.watch_log(load)?);
        let counts = Run::start(load, process, key, self.args.seconds, self.work)?.finish()?;
        let log_bytes = log.map(LogWatch::finish).transpose()?;
        let usage = Usage { log_bytes, ..meter.usage(process)? };
        Ok(Row::from_load(load, customers, &counts, usage).with_role(role))
    }
}
