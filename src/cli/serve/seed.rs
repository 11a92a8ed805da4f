//! `--seed`: fills the workspace of a first start from a seed file.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::super::output::failure::Failure;
use super::super::output::messages;
use crate::model::event::Actor;
use crate::model::plain_words::io_reason;
use crate::model::seed::{MAX_SEED_BYTES, Seed};
use crate::model::transfer::{FaultyRows, ImportOptions, OnConflict};
use crate::model::values::time::Timestamp;
use crate::model::webhook::url::EndpointUrl;
use crate::model::workspace::NewWorkspace;
use crate::server::Server;
use crate::service::webhooks::destination::check_destination;
use crate::transfer::{
    ImportError, Observer, Rejected, SeedError, SeedReport, SeedSetup, SeedTarget, import_seed,
};

/// The longest file to read: one byte more than allowed, so that it is refused.
const MAX_READ: u64 = MAX_SEED_BYTES as u64 + 1;

/// A seed file that was read, but not imported yet.
pub struct SeedFile {
    path: PathBuf,
    seed: Seed,
}

/// Prints each fault in a line.
struct Faults;

impl Observer for Faults {
    fn on_rejected(&mut self, rejected: &Rejected) {
        for fault in &rejected.faults {
            messages::problem(&fault.to_string());
        }
    }
}

impl SeedFile {
    /// Reads a file. Relative times in it count from `now`.
    pub fn read(path: &Path, now: Timestamp) -> Result<Self, Failure> {
        let name = path.display();
        let text = read(path).map_err(|error| {
            Failure::Other(format!(
                "can't read the seed {name}: {}; check the path",
                io_reason(&error)
            ))
        })?;
        let seed = Seed::read(&text, now)
            .map_err(|fault| Failure::Other(format!("the seed {name}, {fault}")))?;
        Ok(Self { path: path.to_owned(), seed })
    }

    /// The workspace that the seed is for, if it names one.
    pub fn workspace(&self) -> Option<&NewWorkspace> {
        self.seed.workspace.as_ref()
    }

    /// Fails if the seed can't be imported into this new workspace. Changes nothing.
    pub fn check(&self, server: &Server, workspace: NewWorkspace) -> Result<(), Failure> {
        let target = match (self.workspace(), self.seed.names_workspace()) {
            (None, true) => SeedTarget::Invalid,
            _ => SeedTarget::New(workspace),
        };
        self.run(server, target, true).map(drop)
    }

    pub fn import(&self, server: &Server, target: SeedTarget) -> Result<SeedReport, Failure> {
        self.run(server, target, false)
    }

    fn run(
        &self,
        server: &Server,
        target: SeedTarget,
        dry_run: bool,
    ) -> Result<SeedReport, Failure> {
        let service = server.service();
        let policy = service.settings().destinations();
        let check_url = |url: &EndpointUrl| check_destination(&policy, url);
        let setup = SeedSetup {
            keyring: &service.settings().webhooks.encryption_key,
            check_url: &check_url,
        };
        let options = ImportOptions {
            on_conflict: OnConflict::Fail,
            faulty_rows: FaultyRows::Refuse,
            dry_run,
            deliver: false,
            actor: Actor::command_line(),
        };
        import_seed(service.store(), target, &self.seed, &setup, &options, &mut Faults)
            .map_err(|error| self.failure(error))
    }

    fn failure(&self, error: SeedError) -> Failure {
        match error {
            SeedError::Store(error) => error.into(),
            SeedError::Hash(error) => error.into(),
            SeedError::Import(ImportError::Faulty { .. }) => Failure::Other(format!(
                "the seed {} has the faults above, so nothing was created; correct it and start \
                 again",
                self.path.display()
            )),
            other => Failure::Other(format!("the seed {}: {other}", self.path.display())),
        }
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path)?.take(MAX_READ).read_to_end(&mut text)?;
    Ok(text)
}
