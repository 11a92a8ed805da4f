//! The arguments of `keys`.

use clap::Subcommand;

use super::super::value_parsers::{parse_name, parse_one_of, parse_slug};
use crate::model::clock::{Clock, SystemClock};
use crate::model::key::secret::Prefix;
use crate::model::key::{KeyId, Scope, Tier};
use crate::model::values::id::Id;
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::values::time::Timestamp;

#[derive(Subcommand)]
pub enum Keys {
    /// Create an API key and print it
    ///
    /// The key is printed only once; you won't be able to see it again.
    ///
    /// With `--json`: `id`, `key` (the secret), `prefix`, `name`, `mode`, `workspace`, `tier`,
    /// `scopes`, `created_at`, and `expires_at` (or null).
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
        /// When the key stops working: a date or a time, such as 2027-01-31 (midnight UTC), or a
        /// duration, such as 90d [default: never]
        #[arg(long = "expires", value_name = "TIME", value_parser = parse_expiry)]
        expires_at: Option<Timestamp>,
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
    #[command(verbatim_doc_comment)]
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
        /// When the key stops working: a date or a time, such as 2027-01-31 (midnight UTC), or a
        /// duration, such as 90d [default: never]
        #[arg(long = "expires", value_name = "TIME", value_parser = parse_expiry)]
        expires_at: Option<Timestamp>,
    },
    /// List API keys
    ///
    /// Shows when each key expires, when it was last used and, after a rotation, when the old key is
    /// safe to revoke.
    ///
    /// With `--json`: an array of keys, newest first, each with its `id`, `prefix`, `name`, `mode`,
    /// `workspace`, `tier`, `scopes`, `created_at`, `expires_at`, `last_used_at`, `last_used_ip`,
    /// `request_count`, `revoked_at`, `replaces`, and, while a replacement key is active,
    /// `safe_to_revoke`.
    #[command(verbatim_doc_comment)]
    List {
        /// List only the keys of this workspace [default: all workspaces]
        #[arg(long, value_name = "SLUG", value_parser = parse_slug)]
        workspace: Option<Slug>,
        /// List only keys that are neither revoked nor expired
        #[arg(long)]
        active: bool,
    },
    /// Change the name of an API key
    ///
    /// The key itself stays the same. The audit log keeps the name that the key had at the time.
    ///
    /// With `--json`: the key, as `keys list` prints it.
    #[command(verbatim_doc_comment)]
    Rename {
        /// Key ID or prefix, such as pivotal_K8s9X2mP
        #[arg(value_name = "ID_OR_PREFIX", value_parser = parse_key)]
        key: KeyRef,
        /// New display name
        #[arg(value_name = "NAME", value_parser = parse_name)]
        name: Name,
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
    /// once. The old key stays active until you revoke it; `keys list` shows when that is safe. If the
    /// old key expires, the replacement is valid for as long as the old key was when it was created.
    ///
    /// With `--json`: the replacement, as `keys create` prints it.
    #[command(verbatim_doc_comment)]
    Rotate {
        /// Key ID or prefix, such as pivotal_K8s9X2mP
        #[arg(value_name = "ID_OR_PREFIX", value_parser = parse_key)]
        key: KeyRef,
        /// When the replacement stops working: a date or a time, such as 2027-01-31 (midnight UTC),
        /// or a duration, such as 90d [default: see above]
        #[arg(long = "expires", value_name = "TIME", value_parser = parse_expiry)]
        expires_at: Option<Timestamp>,
    },
}

/// Identifies a key on the command line.
#[derive(Clone)]
pub enum KeyRef {
    Id(KeyId),
    Prefix(Prefix),
}

fn parse_tier(text: &str) -> Result<Tier, String> {
    parse_one_of(text, <Tier as strum::VariantNames>::VARIANTS)
}

fn parse_scope(text: &str) -> Result<Scope, String> {
    let all: Vec<&str> =
        <Scope as strum::VariantArray>::VARIANTS.iter().map(|&scope| scope.into()).collect();
    parse_one_of(text, &all)
}

/// Parses a time in the future, or how far it is away.
fn parse_expiry(text: &str) -> Result<Timestamp, String> {
    let now = SystemClock.now();
    let after = humantime::parse_duration(text).ok().map(|duration| now.plus(duration));
    after.or_else(|| Timestamp::parse_lenient(text)).filter(|at| *at > now).ok_or_else(|| {
        "must be a time in the future: a date, such as 2027-01-31, a time, such as \
         2027-01-31T12:00:00Z, or a duration, such as 90d"
            .to_owned()
    })
}

fn parse_key(text: &str) -> Result<KeyRef, String> {
    let prefix = Prefix::parse(text).map(KeyRef::Prefix);
    prefix
        .or_else(|| Id::parse(text).map(KeyRef::Id))
        .ok_or_else(|| "must be a key ID or prefix; `keys list` shows both".to_owned())
}
