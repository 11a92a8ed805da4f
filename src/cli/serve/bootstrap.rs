//! The first start: creates a workspace with a live and a test key, or with the keys that the
//! settings name.

use super::super::output;
use super::super::output::failure::Failure;
use crate::model::event::Actor;
use crate::model::key::checksum::ChecksumSecret;
use crate::model::key::issued::IssuedKey;
use crate::model::key::known::KnownKey;
use crate::model::key::secret::KeySecret;
use crate::model::key::{Key, Mode, NewKey, Scopes, Tier};
use crate::model::values::argon2id::HashError;
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::workspace::{NewWorkspace, Workspace};
use crate::server::Server;
use crate::settings::Bootstrap;
use crate::store::{Store, Tx, WriteScope};
use crate::transfer::SeedReport;

/// The keys of a first start, hashed.
pub struct PreparedKeys {
    keys: Vec<(IssuedKey, KeySecret)>,
    are_known: bool,
}

/// What a first start has created.
#[derive(Default)]
pub struct FirstKeys {
    pub workspace: Option<Workspace>,
    pub keys: Vec<(Key, KeySecret)>,
    /// Whether the keys come from the settings, so their owner has them.
    pub are_known: bool,
    /// What was imported from a seed.
    pub seed: Option<SeedReport>,
}

impl PreparedKeys {
    /// Chooses and hashes the keys of a database. Takes tens of milliseconds.
    pub fn prepare(bootstrap: &Bootstrap, signer: &ChecksumSecret) -> Result<Self, Failure> {
        Self::new(bootstrap, signer, |mode| KeySecret::generate(mode, signer))
    }

    /// The same for a database that may not exist yet.
    pub fn prepare_portable(bootstrap: &Bootstrap) -> Result<Self, Failure> {
        // The other kind of checksum can't be valid in a new database.
        let any = ChecksumSecret::from_stored([0; 32]);
        Self::new(bootstrap, &any, KeySecret::generate_portable)
    }

    fn new(
        bootstrap: &Bootstrap,
        signer: &ChecksumSecret,
        generate: impl Fn(Mode) -> Result<KeySecret, getrandom::Error>,
    ) -> Result<Self, Failure> {
        let Bootstrap { live_key, test_key } = bootstrap;
        let are_known = live_key.is_some() || test_key.is_some();
        let mut keys = Vec::new();
        for (mode, known) in [(Mode::Live, live_key), (Mode::Test, test_key)] {
            let secret = match known {
                Some(known) => verify(known, signer)?,
                None if are_known => continue,
                None => generate(mode).map_err(HashError::from)?,
            };
            keys.push((secret, first_key(mode)));
        }
        Ok(Self { keys: IssuedKey::hash_all(keys)?, are_known })
    }
}

fn verify(known: &KnownKey, signer: &ChecksumSecret) -> Result<KeySecret, Failure> {
    known.verify_checksum(signer).map_err(|fault| {
        let mode = <&str>::from(known.mode());
        Failure::Other(format!("the `bootstrap.{mode}_key` setting {}", fault.requirement))
    })
}

fn first_key(mode: Mode) -> NewKey {
    NewKey {
        name: Name::from_stored(format!("First {} key", <&str>::from(mode))),
        mode,
        tier: Tier::default(),
        scopes: Scopes::all(),
        expires_at: None,
        replaces: None,
    }
}

/// Returns whether no workspace exists.
pub fn is_first_start(store: &Store) -> Result<bool, Failure> {
    Ok(store.read(|reader| reader.workspaces())?.is_empty())
}

pub fn default_workspace() -> NewWorkspace {
    NewWorkspace {
        slug: Slug::from_stored("default".to_owned()),
        name: Name::from_stored("Default".to_owned()),
    }
}

/// Creates the first workspace and its keys, unless a command was faster. The server accepts the
/// keys without verifying them.
pub fn bootstrap(
    server: &Server,
    new: NewWorkspace,
    prepared: PreparedKeys,
) -> Result<FirstKeys, Failure> {
    let PreparedKeys { keys, are_known } = prepared;
    let (issued, secrets): (Vec<IssuedKey>, Vec<KeySecret>) = keys.into_iter().unzip();
    let hashes: Vec<String> = issued.iter().map(|issued| issued.hash.clone()).collect();
    // In one transaction: a workspace without keys would look as if its keys had been shown.
    let create = move |tx: &Tx<'_>| {
        let created = tx.create_workspace_with_keys(&Actor::command_line(), new, issued)?;
        if created.is_some() && !are_known {
            tx.mark_first_keys_unshown()?;
        }
        Ok(created)
    };
    let Some((workspace, keys)) =
        server.service().store().write_blocking(WriteScope::Database, create)?
    else {
        return Ok(FirstKeys::default());
    };
    for (secret, hash) in secrets.iter().zip(hashes) {
        server.trust_key(secret, hash);
    }
    let keys = keys.into_iter().zip(secrets).collect();
    Ok(FirstKeys { workspace: Some(workspace), keys, are_known, seed: None })
}

/// Records that the first keys were shown, unless stdout is discarded.
pub fn record_first_keys_shown(store: &Store) {
    if output::stdout_is_discarded() {
        log::warn!("the first keys were not shown: stdout is closed or /dev/null");
    } else if let Err(error) =
        store.write_blocking(WriteScope::SingleRow, |tx| tx.mark_first_keys_shown())
    {
        log::warn!(
            "can't record that the first keys were shown, so the next start will warn: {error}"
        );
    }
}

/// Returns the commands that replace the first keys if their secrets were never shown.
pub fn replacement_commands<'k>(keys: impl Iterator<Item = &'k Key>) -> Vec<String> {
    let mut keys = keys.peekable();
    let slug = keys.peek().map_or("default", |key| key.workspace.as_str());
    let create = format!("pivotal-server keys create --workspace {slug} --name NAME");
    let revoke = keys.map(|key| format!("pivotal-server keys revoke {}", key.prefix));
    std::iter::once(create).chain(revoke).collect()
}
