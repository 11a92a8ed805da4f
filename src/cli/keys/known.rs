//! `keys generate` and `keys import`: keys that are known before their database exists.

use std::io::{BufRead, Read};

use serde::Serialize;

use super::super::context::Context;
use super::super::output::Output;
use super::super::output::failure::Failure;
use super::super::workspaces::find::find_workspace;
use super::format::expiry;
use crate::model::event::Actor;
use crate::model::key::issued::IssuedKey;
use crate::model::key::known::KnownKey;
use crate::model::key::secret::{KeySecret, Prefix};
use crate::model::key::{Mode, NewKey, Scopes, Tier};
use crate::model::parse::problem::Fault;
use crate::model::plain_words::io_reason;
use crate::model::values::argon2id::HashError;
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::values::time::Timestamp;
use crate::store::{Tx, WriteScope};

/// More than any key has, with spaces around it.
const MAX_LINE: u64 = 1024;

#[derive(Serialize)]
struct GeneratedJson<'k> {
    key: &'k str,
    prefix: &'k Prefix,
    mode: Mode,
}

pub fn generate(output: Output, test: bool) -> Result<(), Failure> {
    let mode = if test { Mode::Test } else { Mode::Live };
    let secret = KeySecret::generate_portable(mode).map_err(HashError::from)?;
    let generated = GeneratedJson { key: secret.reveal(), prefix: secret.prefix(), mode };
    output.print(&generated, || secret.reveal().to_owned())
}

pub fn import(
    context: &Context,
    slug: &Slug,
    name: Name,
    tier: Tier,
    scopes: Scopes,
    expires_at: Option<Timestamp>,
) -> Result<(), Failure> {
    let refused = |fault: Fault| Failure::Other(format!("the key on stdin {}", fault.requirement));
    let known = KnownKey::parse(&read_line()?).map_err(refused)?;
    let store = context.store()?;
    let workspace = find_workspace(&store, slug)?;
    let secret = known.verify_checksum(store.checksum_secret()).map_err(refused)?;
    let new = NewKey { name, mode: known.mode(), tier, scopes, expires_at, replaces: None };
    let issued = IssuedKey::from_secret(new, &secret)?;
    // Its lookup ID may be taken in any workspace.
    let import = move |tx: &Tx<'_>| tx.import_key(Actor::command_line(), &workspace, issued);
    let Some(key) = store.write_blocking(WriteScope::Database, import)? else {
        return Err(Failure::AlreadyExists(format!(
            "a key with the prefix {} is already in this database; run `pivotal-server keys list` \
             to see all keys",
            known.prefix()
        )));
    };
    let text = || {
        format!(
            "Imported {} key \"{}\" ({}) into workspace {}, tier {}, scopes: {}{}",
            <&str>::from(key.mode),
            key.name,
            key.prefix,
            key.workspace,
            <&str>::from(key.tier),
            key.scopes.to_stored(),
            expiry(&key),
        )
    };
    context
        .output
        .print_after_change(&key, text, || format!("key {} was imported anyway", key.prefix))
}

fn read_line() -> Result<String, Failure> {
    let mut line = String::new();
    let read = std::io::stdin().lock().take(MAX_LINE).read_line(&mut line);
    read.map_err(|error| {
        Failure::Other(format!("can't read the key from stdin: {}", io_reason(&error)))
    })?;
    // Windows editors and PowerShell start files with a byte order mark.
    Ok(line.strip_prefix('\u{feff}').unwrap_or(&line).to_owned())
}
