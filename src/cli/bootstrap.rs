//! What a server creates on its first start: a workspace with a live and a test key.

use super::failure::Failure;
use super::keys::issue;
use crate::model::key::{Key, KeySecret, Mode, NewKey, Scopes, Tier};
use crate::model::slug::Slug;
use crate::model::text::Name;
use crate::model::workspace::NewWorkspace;
use crate::store::Store;

/// Creates the workspace `default` and its keys, unless there is any workspace already.
pub fn bootstrap(store: &Store) -> Result<Vec<(Key, KeySecret)>, Failure> {
    if !store.read(|reader| reader.workspaces())?.is_empty() {
        return Ok(Vec::new());
    }
    let new = NewWorkspace {
        slug: Slug::stored("default".to_owned()),
        name: Name::stored("Default".to_owned()),
    };
    let created = store.write_blocking(|tx| tx.create_workspace(new))?;
    // Somebody at the command line was quicker.
    let Some(workspace) = created else {
        return Ok(Vec::new());
    };
    let key = |name: &str, mode| {
        let new = NewKey {
            name: Name::stored(name.to_owned()),
            mode,
            tier: Tier::default(),
            scopes: Scopes::all(),
        };
        issue(store, &workspace, new)
    };
    Ok(vec![key("First live key", Mode::Live)?, key("First test key", Mode::Test)?])
}
