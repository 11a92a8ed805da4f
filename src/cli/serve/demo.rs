//! `serve --demo`: how its settings differ, and filling its workspace.

use super::super::output::failure::Failure;
use super::bootstrap::FirstKeys;
use crate::demo;
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::workspace::NewWorkspace;
use crate::server::Server;
use crate::settings::{LoadedSettings, Source};

/// Adapts the settings to a database that is reset all the time.
pub fn adapt(loaded: &mut LoadedSettings) -> Result<(), Failure> {
    // A container image may set the variable for all commands.
    if *loaded.source("data_dir") == Source::Flag {
        let message = "--demo uses a temporary directory; remove --data-dir, or, to fill a \
                       workspace of your own database, run `pivotal-server demo`";
        return Err(Failure::Other(message.to_owned()));
    }
    let settings = &mut loaded.settings;
    settings.database = None;
    settings.backup.every = None;
    // Every delivery fails, because none is sent.
    settings.webhooks.disable_after = u32::MAX;
    Ok(())
}

pub fn workspace() -> NewWorkspace {
    NewWorkspace {
        slug: Slug::from_stored("demo".to_owned()),
        name: Name::from_stored("Demo".to_owned()),
    }
}

/// Fills the workspace of the first keys. From now on, the server is a demo.
pub fn start(server: &Server, first: &FirstKeys) -> Result<(), Failure> {
    let Some(workspace) = &first.workspace else {
        return Err(Failure::Other("another process has created a workspace".to_owned()));
    };
    let keys: Vec<_> = first.keys.iter().map(|(key, _)| key.id.clone()).collect();
    let service = server.service();
    demo::reset(service.store(), &workspace.slug, &keys)?;
    service.start_demo(workspace.slug.clone(), keys);
    Ok(())
}
