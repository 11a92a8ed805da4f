//! The arguments of the command line. `--help` and `docs/cli.md` are both made from these
//! definitions, so the doc comments here are user-facing text.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::generated::args::{Completions, ManPages, Openapi, SeedSchema};
use super::health::args::{Health, Wait};
use super::keys::args::Keys;
use super::moving::args::Move;
use super::purge::args::{Contacts, Customers, Purges};
use super::serve::args::Serve;
use super::transfer::args::{Export, Import};
use super::value_parsers::parse_slug;
use super::webhooks::args::Webhooks;
use super::workspaces::args::Workspaces;
use crate::demo::SEED;
use crate::model::values::slug::Slug;

/// Separates the flags that every command takes from its own.
const GLOBAL: &str = "Global options";

const CODES: &str = "\
Exit codes:
  0    Success
  1    The command failed; stderr says what is wrong and what to do
  2    The command line is invalid
  129  Interrupted by SIGHUP (the terminal was closed)
  130  Interrupted by SIGINT (Ctrl-C)
  143  Interrupted by SIGTERM

Error codes, with --json:
  usage           The command line is invalid
  settings        The settings are invalid
  not_found       There is no such workspace, key, endpoint, customer, or contact
  already_exists  The name is taken
  database        The database can't be opened
  unavailable     Nothing was changed; the same command may work later
  damaged         The database or a backup is damaged
  copy            A backup could not be made or restored
  remote          The other server can't be reached, or refused the request
  listen          The server can't listen on its address
  unprinted       The change was made, but its result could not be printed
  output          Stdout can't be written
  interrupted     A signal ended the command
  failed          Everything else";

/// A self-hosted server for the Pivotal customer-onboarding API
///
/// If you don't name a command, `serve` runs, also with its options: `pivotal-server --listen
/// 0.0.0.0:9000`. Results go to stdout; errors, warnings, and the log go to stderr. Every command
/// except `restore` and `move` can run while the server is running; run them as the server's user.
///
/// With `--json`, each line on stderr is a JSON object, too, except the log of `serve`. Its only
/// field is `error` (why the command failed, with `code` and `message`), `problem` (a fault in the
/// input), `warning`, or `note`; all have a `message`. If several settings are wrong, `error` lists
/// all of them in `errors`. If the command line is wrong, it has the `usage` of the command and
/// `help`, the command that prints its help.
#[derive(Parser)]
#[command(
    name = "pivotal-server",
    version,
    propagate_version = true,
    verbatim_doc_comment,
    after_long_help = CODES
)]
pub struct Args {
    /// Settings file [env: PIVOTAL_CONFIG] [default: config.toml if it exists, or
    /// /etc/pivotal-server/config.toml]
    #[arg(long, global = true, value_name = "FILE", help_heading = GLOBAL)]
    pub config: Option<PathBuf>,
    /// Data directory [env: PIVOTAL_DATA_DIR] [default: the `data_dir` setting, or ./data]
    #[arg(long, global = true, value_name = "DIR", help_heading = GLOBAL)]
    pub data_dir: Option<PathBuf>,
    /// Print one JSON value instead of text, and errors as JSON
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Subcommand)]
pub enum Command {
    /// Run the server (default)
    ///
    /// Serves the API, its documentation, and the admin pages until a signal stops it. The first
    /// time it starts, it creates the database, the `default` workspace, and a live and a test API
    /// key, and prints both keys. You won't be able to see them again. To use keys that you already
    /// have, set `PIVOTAL_BOOTSTRAP_LIVE_KEY` or `PIVOTAL_BOOTSTRAP_TEST_KEY`; see `keys generate`.
    ///
    /// SIGTERM, SIGINT (Ctrl-C), and SIGHUP stop the server: it waits up to `shutdown_timeout`
    /// seconds for requests in progress, and the exit code is 0. A second signal ends the server at
    /// once with exit code 143, 130, or 129.
    ///
    /// With `--json`, prints one object once the server is listening: `listening` (its URL),
    /// `addresses` (the URLs of all its addresses, or `unix:` and the path of a Unix socket), `engine`
    /// (the database engine with its version), `database` (the path of the database, or on PostgreSQL
    /// its host, port, and name), `keys` (the new keys with their secrets, which are null for the keys
    /// from your settings, except with `--ephemeral`), `unshown_keys` (prefixes of keys from the first
    /// start that may never have been shown), `test_control` (whether it is on), `demo` (whether the
    /// server is a demo), `admin` (the URL of the admin pages, or null if they are off), and `setup`
    /// (the URL to set the first admin password, or null).
    #[command(verbatim_doc_comment)]
    Serve(Serve),
    /// Create, list, rename, and delete workspaces
    #[command(subcommand)]
    Workspaces(Workspaces),
    /// Create, import, list, rename, rotate, and revoke API keys
    #[command(subcommand)]
    Keys(Keys),
    /// Erase customers
    #[command(subcommand)]
    Customers(Customers),
    /// Erase contacts
    #[command(subcommand)]
    Contacts(Contacts),
    /// List what was purged
    #[command(subcommand)]
    Purges(Purges),
    /// Manage webhook endpoints and deliveries
    #[command(subcommand)]
    Webhooks(Webhooks),
    /// Manage the admin account
    #[command(subcommand)]
    Admin(Admin),
    /// Back up the database to a file
    ///
    /// You don't need to stop the server. The backup is checked before it gets its final name. If
    /// the command fails or is interrupted, it leaves no file behind.
    ///
    /// If the database is on PostgreSQL, the command only prints the `pg_dump` command to use instead.
    ///
    /// With `--json`: `file`, `bytes`, the number of `workspaces`, `customers`, `contacts`,
    /// `onboardings`, `keys`, and `events`, `last_change`, and `warnings`.
    #[command(verbatim_doc_comment)]
    Backup(Backup),
    /// Restore the database from a backup
    ///
    /// Stop the server first. The backup is checked before anything is replaced, and is not
    /// modified.
    ///
    /// With `-`, or the path of a pipe, reads the backup from there. It is first written to the data
    /// directory; if it is incomplete, nothing is changed.
    ///
    /// If the database is on PostgreSQL, the command only prints the `pg_restore` command to use
    /// instead.
    ///
    /// With `--json`: `database`, `kept_aside` (where the previous database was moved, or null),
    /// the number of `workspaces`, `customers`, `contacts`, `onboardings`, `keys`, and `events`,
    /// `last_change`, and `warnings`.
    #[command(verbatim_doc_comment)]
    Restore(Restore),
    /// Check the database or a backup for damage
    ///
    /// Reads every page and row, and changes nothing. You don't need to stop the server. Exits with
    /// code 1 if it finds a problem.
    ///
    /// If the database is on PostgreSQL, the command only prints the `pg_amcheck` command to use
    /// instead.
    ///
    /// With `--json`: `sound` (true or false) and `findings` (one sentence for each problem).
    #[command(verbatim_doc_comment)]
    Check(Check),
    /// Move the database to PostgreSQL, to SQLite, or to another place
    ///
    /// Copies everything to a new database: all workspaces with their events, API keys, webhooks and
    /// pending deliveries, and the admin password. Compares every row, and the exports of all
    /// workspaces, before the new database can be used. Clients notice nothing: keys, IDs, and
    /// numbers stay the same.
    ///
    /// Stop all servers first. The old database is not changed; don't start a server on it again. If
    /// the command fails or is interrupted, it leaves nothing in the new database.
    ///
    /// A database is `postgres://USER@HOST/NAME`, or for SQLite a data directory, as a path or as
    /// `sqlite:///DIR`. The option that you leave out is the database in your settings. Other users
    /// of the machine can see the command line, so don't write a password there: name that database
    /// in your settings or in PIVOTAL_DATABASE, or pass `env:VARIABLE` and write the URL to that
    /// variable. The new database must be empty: a directory without a database, or one that
    /// `createdb` has just created.
    ///
    /// With `--json`: `from` and `to` (the path of the database, or its host, port, and name), the
    /// number of `workspaces`, `customers`, `contacts`, `onboardings`, `keys`, and `events`,
    /// `last_change`, `pending_deliveries` (what a server on the new database will send), and
    /// `warnings`.
    #[command(verbatim_doc_comment)]
    Move(Move),
    /// Fill a workspace with demo data
    ///
    /// Creates the workspace if it doesn't exist, and adds forty customers with contacts and
    /// onboardings in every phase and state, some of them overdue. Its ninety days of history are
    /// made of real changes, so timelines, counts, and dates are consistent. Prints a live API key
    /// for the workspace. You won't be able to see it again.
    ///
    /// The same seed creates the same data, except for IDs, keys, and the current day. The command
    /// works while the server is running and in a new data directory. If it fails, it
    /// leaves nothing behind.
    ///
    /// With `--json`: `workspace`, `seed`, the number of `customers`, `contacts`, `onboardings`,
    /// and `changes`, `since` (the start of the history), `key` (as `keys create` prints it),
    /// `database` (its path, or on PostgreSQL its host, port, and name), and `new_database` (whether it
    /// was created, too).
    #[command(verbatim_doc_comment)]
    Demo(Demo),
    /// Export a workspace as JSON Lines, or its customers or contacts as CSV
    ///
    /// Writes customers, contacts, and onboardings as the API returns them, in the form that
    /// `import` reads. You don't need to stop the server: the export is a snapshot of one moment.
    /// The file appears once it is complete, and only its owner can read it.
    ///
    /// A CSV file has every field of the customers or contacts, can be imported again, and is safe
    /// to open in a spreadsheet: no cell is a formula.
    ///
    /// With `--to`, creates the customers, contacts, and onboardings on another server with the same
    /// API, which gives them new IDs and times. It waits for the server's rate limit and repeats
    /// requests that fail. If it is interrupted, run it again with the same map file. Objects that
    /// the server doesn't accept are listed on stderr; the others are sent anyway, and the exit code
    /// is 1.
    ///
    /// With `--json` and a file: `file`, `workspace`, and the number of `customers`, `contacts`,
    /// `onboardings`, and `events`. With `--json` and `--to`: `workspace`, `organization` (where the
    /// objects were created), `map` (the map file), for `customers`, `contacts`, and `onboardings`
    /// an object with the numbers `created`, `existing`, `refused`, and `left_out`,
    /// `changed_fields` (what the server ignored or changed), and `problems`.
    #[command(verbatim_doc_comment)]
    Export(Export),
    /// Import customers, contacts, onboardings, and events from a file
    ///
    /// Checks every row first, also against the workspace. If any is faulty, lists all faults on
    /// stderr and imports nothing. You don't need to stop the server, which keeps serving requests.
    /// If the import is interrupted, run the same command again: rows that are already there are
    /// left as they are.
    ///
    /// A row that is already there with other values is in conflict. `--on-conflict fail` reports
    /// it as a fault, `skip` leaves it out with everything that belongs to it, and `update` changes
    /// what is there.
    ///
    /// A seed file (`.yaml` or `.json`) can also contain API keys and webhooks, and can name the
    /// workspace, which is created if it doesn't exist. New keys and signing secrets are printed
    /// only once. See "Seed files" in the documentation.
    ///
    /// A CSV file contains customers or contacts. Its faulty rows don't stop the others: they are
    /// written to a file of their own, with the reasons, which you correct and import. The exit code
    /// is 1 if there are any.
    ///
    /// With `--from`, first downloads the customers, contacts, and onboardings of an organization
    /// from another server with the same API. It waits for the server's rate limit and repeats
    /// requests that fail. What is downloaded is kept in the data directory until it is imported, so
    /// if the command is interrupted, run it again. At the end, it lists what the other server
    /// couldn't provide.
    ///
    /// With `--json`: `workspace`, `dry_run`, and for `customers`, `contacts`, `onboardings`, and
    /// `events` an object with the number of rows that were `created`, `updated`, `unchanged`,
    /// `skipped`, and `rejected`, and `unreadable`.
    ///
    /// - For a seed file also: `created_workspace`, the same numbers for `keys` and `webhooks`, and
    ///   `created_keys` and `created_webhooks` with their secrets, as `keys create` and
    ///   `webhooks create` print them.
    /// - For a CSV file also: `file`, `type`, `encoding`, `delimiter`, `columns` (each with its
    ///   `field` or null), `ignored_columns`, and `rejects`, the file of rejected rows or null.
    /// - With `--from` also: `source`, with the `organization`, when the download began and ended,
    ///   the number of objects that were `read` and that are `missing` because they were deleted,
    ///   and what was left out.
    #[command(verbatim_doc_comment)]
    Import(Import),
    /// Check the settings and print them
    ///
    /// Prints each setting with its source: default, file, environment, or flag. The output is a
    /// valid settings file. The command doesn't need a database.
    ///
    /// With `--json`: an array of objects with `name`, `value`, and `from`.
    #[command(verbatim_doc_comment)]
    Config,
    /// Check whether a server is healthy
    ///
    /// Requests `/api/health/deep`, which reads from the database and writes to it. Exits with code
    /// 1 if the server doesn't respond or is unavailable. A server that works but needs attention
    /// is healthy; the output says what to look at. Use it as the health check of a container.
    ///
    /// With `--json`: the response, with `status` (`ok` or `degraded`) and `checks`.
    #[command(verbatim_doc_comment)]
    Health(Health),
    /// Wait until a server is healthy
    ///
    /// Checks the server's health as `health` does, again and again, until it is healthy. Exits with
    /// code 1 when the time is up; the error says what was wrong at the end. Use it in scripts that
    /// start a server and need it next.
    ///
    /// With `--json`: the response, as with `health`.
    #[command(verbatim_doc_comment)]
    Wait(Wait),
    /// Print the OpenAPI document of the API
    ///
    /// The document is always JSON; `--json` only removes the line breaks.
    #[command(verbatim_doc_comment)]
    Openapi(Openapi),
    /// Print the JSON Schema of seed files
    ///
    /// Editors use it to complete and check a seed file. The server also serves it, at
    /// /docs/seed.schema.json. The schema is always JSON; `--json` only removes the line breaks.
    #[command(verbatim_doc_comment)]
    SeedSchema(SeedSchema),
    /// Print the completion script for a shell
    ///
    /// To use it in bash, add `source <(pivotal-server completions bash)` to `~/.bashrc`. Packages
    /// that install completions need nothing else.
    ///
    /// With `--json`: `shell` and `script`.
    #[command(verbatim_doc_comment)]
    Completions(Completions),
    /// Print the man page
    ///
    /// To read it, run `pivotal-server man | man -l -`. With `--out`, writes this page and one for
    /// each command to files.
    ///
    /// With `--json`: `page`, or, with `--out`, `files`.
    #[command(verbatim_doc_comment)]
    Man(ManPages),
}

impl Default for Command {
    fn default() -> Self {
        Self::Serve(Serve::default())
    }
}

#[derive(clap::Args)]
pub struct Backup {
    /// File to create; must not exist yet
    pub file: PathBuf,
}

#[derive(clap::Args)]
pub struct Restore {
    /// Backup to restore, or `-` to read it from standard input
    pub file: PathBuf,
    /// Replace an existing database, keeping the old one under a different name
    #[arg(long)]
    pub replace: bool,
}

#[derive(clap::Args)]
pub struct Check {
    /// Backup to check [default: the database]
    pub file: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum Admin {
    /// Set the admin password
    ///
    /// Asks for the password twice, or reads it from the first line of stdin if that is not a
    /// terminal. Everyone who is signed in must sign in again. Creates the database if it doesn't
    /// exist.
    ///
    /// With `--json`: `password_changed_at`, `database` (its path, or on PostgreSQL its host, port, and
    /// name), and `new_database` (whether it was created, too).
    #[command(verbatim_doc_comment)]
    SetPassword,
}

#[derive(clap::Args)]
pub struct Demo {
    /// Workspace slug; the workspace is created if it doesn't exist, and must never have had
    /// customers
    #[arg(long, value_name = "SLUG", default_value = "demo", value_parser = parse_slug)]
    pub workspace: Slug,
    /// Seed for the generated data
    #[arg(long, value_name = "NUMBER", default_value_t = SEED, value_parser = parse_seed)]
    pub seed: u64,
}

fn parse_seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("must be a whole number from 0 to {}", u64::MAX))
}
