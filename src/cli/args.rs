//! What can be said on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use url::Url;

use crate::http::origin::PLACEHOLDER;
use crate::model::key::secret::Prefix;
use crate::model::key::{KeyId, Scope, Tier};
use crate::model::parse::problem::Fault;
use crate::model::values::id::Id;
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;

/// A self-hosted server for the Pivotal customer-onboarding API.
#[derive(Parser)]
#[command(version, propagate_version = true)]
pub struct Args {
    /// The file with the settings [env: PIVOTAL_CONFIG] [default: config.toml, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The directory with the database, instead of the one in the settings
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Print one JSON value instead of text
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Subcommand)]
pub enum Command {
    /// Serve the API; this is what happens without any command
    Serve(Serve),
    /// Create and list workspaces
    #[command(subcommand)]
    Workspaces(Workspaces),
    /// Create, list, rotate and revoke API keys
    #[command(subcommand)]
    Keys(Keys),
    /// Look after the account of the admin pages
    #[command(subcommand)]
    Admin(Admin),
    /// Copy the database to a file, while the server runs, and check the copy
    Backup(Backup),
    /// Put a backup in the place of the database
    Restore(Restore),
    /// Check the database, while the server runs, or a backup
    Check(Check),
    /// Fill a workspace with made-up customers and a history of ninety days
    Demo(Demo),
    /// Check the settings, and print each of them with where it comes from
    Config,
    /// Print the description of the API as an OpenAPI document
    Openapi(Openapi),
}

impl Default for Command {
    fn default() -> Self {
        Self::Serve(Serve::default())
    }
}

#[derive(Default, clap::Args)]
pub struct Serve {
    /// The address to listen on, instead of the one in the settings; port 0 picks a free port
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<SocketAddr>,
    /// Do not create the workspace `default` and its two keys in a new database
    #[arg(long)]
    pub no_bootstrap: bool,
    /// Make a new, empty database even where there are traces of an earlier one
    #[arg(long)]
    pub new_database: bool,
}

#[derive(clap::Args)]
pub struct Backup {
    /// The file to make; it must not exist
    pub file: PathBuf,
}

#[derive(clap::Args)]
pub struct Restore {
    /// The backup, which is only read
    pub file: PathBuf,
    /// Replace a database that is there, and keep it beside the new one
    #[arg(long)]
    pub replace: bool,
}

#[derive(clap::Args)]
pub struct Check {
    /// A backup to check instead of the database
    pub file: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum Workspaces {
    /// Create a workspace
    Create {
        /// Its unique short name: lower-case letters, digits and hyphens
        #[arg(long, value_parser = parse_slug)]
        slug: Slug,
        /// Its name for people
        #[arg(long, value_parser = parse_name)]
        name: Name,
    },
    /// List the workspaces
    List,
}

#[derive(Subcommand)]
pub enum Keys {
    /// Create a key and print it, once
    Create {
        /// The workspace's slug
        #[arg(long, value_parser = parse_slug)]
        workspace: Slug,
        /// What to call the key
        #[arg(long, value_parser = parse_name)]
        name: Name,
        /// Make a test key instead of a live one
        #[arg(long)]
        test: bool,
        /// Its rate limit: standard, paid or unlimited
        #[arg(long, default_value = "standard", value_parser = parse_tier)]
        tier: Tier,
        /// What it may do, such as read:customers; may be repeated [default: everything]
        #[arg(long = "scope", value_name = "SCOPE", value_parser = parse_scope)]
        scopes: Vec<Scope>,
    },
    /// List the keys
    List {
        /// Only those of the workspace with this slug
        #[arg(long, value_parser = parse_slug)]
        workspace: Option<Slug>,
    },
    /// Revoke a key: its next request is refused
    Revoke {
        /// The key's id or its prefix, such as pivotal_K8s9X2mP
        #[arg(value_name = "ID_OR_PREFIX", value_parser = parse_key)]
        key: KeyRef,
    },
    /// Create a twin of a key and print it, once; the old key stays until it is revoked
    Rotate {
        /// The key's id or its prefix, such as pivotal_K8s9X2mP
        #[arg(value_name = "ID_OR_PREFIX", value_parser = parse_key)]
        key: KeyRef,
    },
}

#[derive(Subcommand)]
pub enum Admin {
    /// Set the password, asked for on the terminal or else read from the first line of the input;
    /// whoever is signed in has to sign in again
    SetPassword,
}

#[derive(clap::Args)]
pub struct Demo {
    /// The workspace's slug; it is created when there is none, and must not have customers
    #[arg(long, value_name = "SLUG", default_value = "demo", value_parser = parse_slug)]
    pub workspace: Slug,
    /// Which made-up data: the same number makes the same
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
}

#[derive(clap::Args)]
pub struct Openapi {
    /// The address at which clients reach the server, such as https://pivotal.example.com
    #[arg(long, value_name = "URL", default_value = PLACEHOLDER, value_parser = parse_origin)]
    pub url: String,
}

/// What a person names a key by.
#[derive(Clone)]
pub enum KeyRef {
    Id(KeyId),
    Prefix(Prefix),
}

fn parse_slug(text: &str) -> Result<Slug, String> {
    Slug::parse(text).map_err(message)
}

fn parse_name(text: &str) -> Result<Name, String> {
    Name::parse(text).map_err(message)
}

fn parse_tier(text: &str) -> Result<Tier, String> {
    text.parse().map_err(|_| {
        format!("must be one of {}", <Tier as strum::VariantNames>::VARIANTS.join(", "))
    })
}

fn parse_scope(text: &str) -> Result<Scope, String> {
    let all = || -> Vec<&str> {
        <Scope as strum::VariantArray>::VARIANTS.iter().map(|&scope| scope.into()).collect()
    };
    text.parse().map_err(|_| format!("must be one of {}", all().join(", ")))
}

fn parse_key(text: &str) -> Result<KeyRef, String> {
    let prefix = Prefix::parse(text).map(KeyRef::Prefix);
    prefix
        .or_else(|| Id::parse(text).map(KeyRef::Id))
        .ok_or_else(|| "must be a key's id or prefix; `keys list` shows both".to_owned())
}

fn parse_origin(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") || url.path() != "/" || url.query().is_some() {
        return Err(
            "must be a scheme, a host and perhaps a port, such as http://localhost:8080".to_owned()
        );
    }
    Ok(url.origin().ascii_serialization())
}

fn message(fault: Fault) -> String {
    fault.says
}
