//! `import --from`

use std::path::Path;

use super::session::Session;
use super::text::not_downloaded;
use crate::cli::context::Context;
use crate::cli::output::failure::Failure;
use crate::cli::output::messages;
use crate::model::values::slug::Slug;
use crate::transfer::remote::base_url::BaseUrl;
use crate::transfer::remote::receive::{Received, receive};
use crate::transfer::remote::report::Report;

/// A complete download, which `import` imports like any other file.
pub struct Download {
    received: Received,
    workspace: Slug,
}

impl Download {
    /// Downloads an organization, or continues an earlier download.
    pub fn run(context: &Context, url: &BaseUrl, workspace: &Slug) -> Result<Self, Failure> {
        let mut session = Session::open(url, "Reading")?;
        let Session { client, organization, progress, watch } = &mut session;
        let dir = context.work_dir()?;
        let received = receive(client, organization, dir, workspace, watch).map_err(|error| {
            let outcome = "nothing was imported yet; what was downloaded is kept, so run the \
                           command again to continue";
            progress.failure(error, outcome.to_owned())
        })?;
        progress.finish();
        Ok(Self { received, workspace: workspace.clone() })
    }

    pub fn file(&self) -> &Path {
        self.received.export()
    }

    pub fn report(&self) -> &Report {
        self.received.report()
    }

    /// Lists what is not part of the download.
    pub fn text(&self) -> String {
        not_downloaded(self.report())
    }

    /// Deletes the downloaded files if they were imported, and otherwise says what can be done with
    /// them. Returns the result of the import.
    pub fn finish(self, dry_run: bool, imported: Result<(), Failure>) -> Result<(), Failure> {
        match &imported {
            Ok(()) | Err(Failure::Unprinted { .. }) if !dry_run => self.remove(),
            Ok(()) | Err(Failure::Unprinted { .. }) => {}
            Err(_) => self.explain(),
        }
        imported
    }

    /// If this fails, only disk space is lost.
    fn remove(self) {
        if let Err(error) = self.received.remove() {
            messages::warning(&format!("can't delete the downloaded data: {error}"));
        }
    }

    fn explain(&self) {
        let (file, staging) = (self.file().display(), self.received.staging().display());
        messages::note(&format!(
            "The downloaded data is kept. Run the command again to use it; or correct {file} and \
             run `pivotal-server import --workspace {} {file}`; or delete it and {staging} to \
             download everything again.",
            self.workspace
        ));
    }
}
