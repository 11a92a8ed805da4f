//! The builds of the server that are measured: this one and, to compare it with, a baseline.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pivotal_server::store::DataDir;
use serde::Serialize;
use serde_json::Value;

use crate::Outcome;
use crate::args::Args;

/// The binary that was built together with this program.
const BINARY: &str = env!("CARGO_BIN_EXE_pivotal-server");

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Baseline,
    Current,
}

/// A build of the server.
pub struct Build {
    pub role: Role,
    pub binary: PathBuf,
    pub originals: Originals,
    log: String,
}

/// Where the databases are that a build gets copies of.
pub enum Originals {
    /// A missing database is created here.
    CreatedIn(PathBuf),
    /// An older version can't use databases of this one, so they must exist.
    ExistingIn(PathBuf),
}

impl Build {
    /// Returns the builds to measure, in the order in which they take turns.
    pub fn all(args: &Args, work: &Path) -> Outcome<Vec<Self>> {
        let kept = || args.database.clone().unwrap_or_else(|| work.join("originals"));
        let build =
            |role, binary, originals| Self { role, binary, originals, log: args.log.clone() };
        let mut builds = Vec::new();
        if let Some(binary) = &args.baseline {
            let binary = binary
                .canonicalize()
                .map_err(|error| format!("cannot use {}: {error}", binary.display()))?;
            let originals = match &args.baseline_database {
                Some(dir) => Originals::ExistingIn(dir.clone()),
                None => Originals::CreatedIn(kept()),
            };
            builds.push(build(Role::Baseline, binary, originals));
        }
        builds.push(build(Role::Current, BINARY.into(), Originals::CreatedIn(kept())));
        Ok(builds)
    }

    /// Returns the command that starts the server with its default settings.
    pub fn server(&self, dir: &DataDir) -> Command {
        let mut command = self.cli(dir);
        command.args(["serve", "--listen", "127.0.0.1:0", "--no-bootstrap"]);
        command.env("PIVOTAL_LOG", &self.log).stderr(Stdio::null());
        command
    }

    /// Runs a command and returns the JSON that it prints.
    pub fn run<A: AsRef<OsStr>>(&self, dir: &DataDir, args: &[A]) -> Outcome<Value> {
        let output = self.cli(dir).args(args).output()?;
        if !output.status.success() {
            let message = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{}: {}", self.binary.display(), message.trim()).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Returns a command of the binary, without its arguments.
    fn cli(&self, dir: &DataDir) -> Command {
        let mut command = Command::new(&self.binary);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PIVOTAL_") {
                command.env_remove(name);
            }
        }
        command.arg("--data-dir").arg(dir.path()).arg("--json").current_dir(dir.path());
        command
    }
}
