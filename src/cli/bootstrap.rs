//! The first start: creates a workspace with a live and a test key.

use super::failure::Failure;
use super::output;
use crate::model::event::Actor;
use crate::model::key::issued::IssuedKey;
use crate::model::key::secret::KeySecret;
use crate::model::key::{Key, Mode, NewKey, Scopes, Tier};
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::workspace::NewWorkspace;
use crate::store::{Store, StoreError};

/// Creates the `default` workspace and its two keys, unless a workspace exists.
pub fn bootstrap(store: &Store) -> Result<Vec<(Key, KeySecret)>, Failure> {
    if !store.read(|reader| reader.workspaces())?.is_empty() {
        return Ok(Vec::new());
    }
    let new = NewWorkspace {
        slug: Slug::from_stored("default".to_owned()),
        name: Name::from_stored("Default".to_owned()),
    };
    let issue = |name: &str, mode| {
        let new = NewKey {
            name: Name::from_stored(name.to_owned()),
            mode,
            tier: Tier::default(),
            scopes: Scopes::all(),
            replaces: None,
        };
        IssuedKey::issue(new, store.checksum_secret())
    };
    let issued = [issue("First live key", Mode::Live)?, issue("First test key", Mode::Test)?];
    // In one transaction: a workspace without keys would look as if its keys had been shown.
    let create = move |tx: &crate::store::Tx<'_>| {
        // A `workspaces create` command may have been faster.
        let Some(workspace) = tx.create_workspace(new)? else {
            return Ok(Vec::new());
        };
        let create = |(issued, secret)| {
            Ok((tx.create_key(Actor::command_line(), &workspace, issued)?, secret))
        };
        let created = issued.into_iter().map(create).collect::<Result<_, StoreError>>()?;
        tx.mark_first_keys_unshown()?;
        Ok(created)
    };
    Ok(store.write_blocking(create)?)
}

/// Records that the first keys were shown, unless stdout is discarded.
pub fn record_first_keys_shown(store: &Store) {
    if output::stdout_is_discarded() {
        log::warn!("the first keys were not shown: stdout is closed or /dev/null");
    } else if let Err(error) = store.write_blocking(|tx| tx.mark_first_keys_shown()) {
        log::warn!(
            "can't record that the first keys were shown, so the next start will warn: {error}"
        );
    }
}

/// Returns the commands that replace the first keys if their secrets were never shown.
pub fn replacement_commands<'k>(keys: impl Iterator<Item = &'k Key>) -> Vec<String> {
    let create = "pivotal-server keys create --workspace default --name NAME".to_owned();
    let revoke = keys.map(|key| format!("pivotal-server keys revoke {}", key.prefix));
    std::iter::once(create).chain(revoke).collect()
}
