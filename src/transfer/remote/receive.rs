//! Downloads a workspace and turns it into a file that can be imported.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::assemble::assemble;
use super::client::Client;
use super::download::Download;
use super::error::RemoteError;
use super::me::Organization;
use super::report::Report;
use super::staging::Staging;
use super::watch::RemoteWatch;
use crate::model::values::slug::Slug;

/// A complete download. Its files are kept until they are removed.
pub struct Received {
    staging: Staging,
    export: PathBuf,
    report: Report,
}

impl Received {
    /// Returns the file with the data, in the format of an export.
    pub fn export(&self) -> &Path {
        &self.export
    }

    /// Returns the file from which the download would be continued.
    pub fn staging(&self) -> &Path {
        self.staging.path()
    }

    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Deletes the files of the download.
    ///
    /// # Errors
    /// If a file can't be deleted.
    pub fn remove(self) -> Result<(), RemoteError> {
        let Self { staging, export, .. } = self;
        fs::remove_file(&export).map_err(|source| RemoteError::File { path: export, source })?;
        staging.remove()
    }
}

/// Downloads the customers, contacts, and onboardings of the client's organization, for a workspace
/// of this server. A download that was broken off is continued: what it has read is in a file in
/// `dir`.
///
/// # Errors
/// If the download can't be completed. Run it again to continue.
pub fn receive(
    client: &mut Client,
    organization: &Organization,
    dir: &Path,
    workspace: &Slug,
    watch: &Arc<dyn RemoteWatch>,
) -> Result<Received, RemoteError> {
    let now = client.clock().now();
    let base = client.base().clone();
    let mut staging = Staging::open(dir, &base, organization, workspace, now)?;
    Download { client, staging: &mut staging, watch }.run()?;
    let export = staging.path().with_extension("jsonl");
    let report = assemble(&staging, organization, client.clock().now(), &export)?;
    Ok(Received { staging, export, report })
}
