//! The connection of a command to another server.

use std::sync::Arc;

use super::key::read_key;
use super::progress::RemoteProgress;
use crate::cli::output::failure::Failure;
use crate::cli::output::messages;
use crate::model::clock::SystemClock;
use crate::transfer::remote::base_url::BaseUrl;
use crate::transfer::remote::client::Client;
use crate::transfer::remote::error::RemoteError;
use crate::transfer::remote::me::{Organization, organization};
use crate::transfer::remote::watch::RemoteWatch;

pub(super) struct Session {
    pub client: Client,
    pub organization: Organization,
    pub progress: Arc<RemoteProgress>,
    pub watch: Arc<dyn RemoteWatch>,
}

impl Session {
    /// Reads the key and finds out whom it belongs to. `verb` says what the command does with the
    /// organization.
    pub fn open(url: &BaseUrl, verb: &str) -> Result<Self, Failure> {
        if url.is_readable_by_others() {
            messages::warning(&format!(
                "the connection to {url} is not encrypted: others can read the API key; \
                 use https if the server has it"
            ));
        }
        let key = read_key()?;
        let progress = RemoteProgress::start();
        let watch: Arc<dyn RemoteWatch> = progress.clone();
        let connect = || {
            let clock = Arc::new(SystemClock);
            let mut client = Client::new(url.clone(), key, clock, Arc::clone(&watch))?;
            let organization = organization(&mut client)?;
            Ok((client, organization))
        };
        let connected = connect();
        let (client, organization) =
            connected.map_err(|error| progress.failure(error, "nothing was changed".to_owned()))?;
        let Organization { name, slug, .. } = &organization;
        progress.print(&messages::format_note(&format!(
            "{verb} organization \"{name}\" ({slug}), {url}"
        )));
        Ok(Self { client, organization, progress, watch })
    }
}

impl RemoteProgress {
    /// Removes the progress from the screen and returns the failure that ends the command.
    /// `if_interrupted` says what is left.
    pub(super) fn failure(&self, error: RemoteError, if_interrupted: String) -> Failure {
        self.finish();
        match (error, self.signal()) {
            (RemoteError::Stopped, Some(signal)) => {
                Failure::Interrupted { signal, outcome: if_interrupted }
            }
            (error, _) => Failure::Remote(error),
        }
    }
}
