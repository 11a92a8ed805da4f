//! The arguments of `keys`.

use clap::Subcommand;

use super::super::value_parsers::{parse_name, parse_slug};
use crate::model::key::secret::Prefix;
use crate::model::key::{KeyId, Scope, Tier};
use crate::model::values::id::Id;
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;

const IMPORT_EXAMPLE: &str = "\
Example:
  pivotal-server keys import --workspace default < key.txt";

#[derive(Subcommand)]
pub enum Keys {
    /// Create an API key and print it
    ///
    /// The key is printed only once; you won't be able to see it again.
    ///
    /// With `--json`: `id`, `key` (the secret), `prefix`, `name`, `mode`, `workspace`, `tier`,
    /// `scopes`, and `created_at`.
    #[command(verbatim_doc_comment)]
    Create {
        /// Slug of the workspace
        #[arg(long, value_name = "SLUG", value_parser = parse_slug)]
        workspace: Slug,
        /// Display name of the key
        #[arg(long, value_parser = parse_name)]
        name: Name,
        /// Create a test key instead of a live one
        #[arg(long)]
        test: bool,
        /// Rate limit tier: standard, paid, or unlimited
        #[arg(long, default_value = "standard", value_parser = parse_tier)]
        tier: Tier,
        /// Scope to grant, such as read:customers; repeat the flag for more than one [default: all]
        #[arg(long = "scope", value_name = "SCOPE", value_parser = parse_scope)]
        scopes: Vec<Scope>,
    },
    /// Generate an API key without storing it
    ///
    /// Prints a key that every database accepts: set it as `PIVOTAL_BOOTSTRAP_LIVE_KEY` or
    /// `PIVOTAL_BOOTSTRAP_TEST_KEY` for a first start, or pass it to `keys import`. The command
    /// needs no database.
    ///
    /// With `--json`: `key` (the secret), `prefix`, and `mode`.
    #[command(verbatim_doc_comment)]
    Generate {
        /// Generate a test key instead of a live one
        #[arg(long)]
        test: bool,
    },
    /// Store an API key that you already have
    ///
    /// Reads the key from the first line of stdin. It must come from `keys generate`, or from this
    /// database.
    ///
    /// With `--json`: the key, as `keys list` prints it.
    #[command(verbatim_doc_comment, after_long_help = IMPORT_EXAMPLE)]
    Import {
        /// Slug of the workspace
        #[arg(long, value_name = "SLUG", value_parser = parse_slug)]
        workspace: Slug,
        /// Display name of the key
        #[arg(long, default_value = "Imported key", value_parser = parse_name)]
        name: Name,
        /// Rate limit tier: standard, paid, or unlimited
        #[arg(long, default_value = "standard", value_parser = parse_tier)]
        tier: Tier,
        /// Scope to grant, such as read:customers; repeat the flag for more than one [default: all]
        #[arg(long = "scope", value_name = "SCOPE", value_parser = parse_scope)]
        scopes: Vec<Scope>,
    },
    /// List API keys
    ///
    /// Shows when each key was last used and, after a rotation, when the old key is safe to
    /// revoke.
    ///
    /// With `--json`: an array of keys, newest first, each with its `id`, `prefix`, `name`, `mode`,
    /// `workspace`, `tier`, `scopes`, `created_at`, `last_used_at`, `last_used_ip`,
    /// `request_count`, `revoked_at`, `replaces`, and, while a replacement key is active,
    /// `safe_to_revoke`.
    #[command(verbatim_doc_comment)]
    List {
        /// List only the keys of this workspace [default: all workspaces]
        #[arg(long, value_name = "SLUG", value_parser = parse_slug)]
        workspace: Option<Slug>,
    },
    /// Revoke an API key
    ///
    /// Takes effect on the key's next request. You can't undo this.
    ///
    /// With `--json`: the key, as `keys list` prints it.
    #[command(verbatim_doc_comment)]
    Revoke {
        /// Key ID or prefix, such as pivotal_K8s9X2mP
        #[arg(value_name = "ID_OR_PREFIX", value_parser = parse_key)]
        key: KeyRef,
    },
    /// Create a replacement for an API key
    ///
    /// The replacement has the same workspace, name, mode, tier, and scopes. It is printed only
    /// once. The old key stays active until you revoke it; `keys list` shows when that is safe.
    ///
    /// With `--json`: the replacement, as `keys create` prints it.
    #[command(verbatim_doc_comment)]
    Rotate {
        /// Key ID or prefix, such as pivotal_K8s9X2mP
        #[arg(value_name = "ID_OR_PREFIX", value_parser = parse_key)]
        key: KeyRef,
    },
}

/// Identifies a key on the command line.
#[derive(Clone)]
pub enum KeyRef {
    Id(KeyId),
    Prefix(Prefix),
}

fn parse_tier(text: &str) -> Result<Tier, String> {
    text.parse().map_err(|_| {
        format!("must be one of: {}", <Tier as strum::VariantNames>::VARIANTS.join(", "))
    })
}

fn parse_scope(text: &str) -> Result<Scope, String> {
    let all = || -> Vec<&str> {
        <Scope as strum::VariantArray>::VARIANTS.iter().map(|&scope| scope.into()).collect()
    };
    text.parse().map_err(|_| format!("must be one of: {}", all().join(", ")))
}

fn parse_key(text: &str) -> Result<KeyRef, String> {
    let prefix = Prefix::parse(text).map(KeyRef::Prefix);
    prefix
        .or_else(|| Id::parse(text).map(KeyRef::Id))
        .ok_or_else(|| "must be a key ID or prefix; `keys list` shows both".to_owned())
}
