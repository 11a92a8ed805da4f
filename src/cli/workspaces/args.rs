//! The arguments of `workspaces`.

use clap::{ArgGroup, Subcommand};

use crate::cli::value_parsers::{parse_name, parse_slug};
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;

#[derive(Subcommand)]
pub enum Workspaces {
    /// Create a workspace
    ///
    /// Creates the database if it doesn't exist.
    ///
    /// With `--json`: `id`, `slug`, `name`, `created_at`, `database` (its path, or on PostgreSQL its
    /// host, port, and name), and `new_database` (whether it was created, too).
    #[command(verbatim_doc_comment)]
    Create {
        /// Unique short name: lowercase letters, digits, and hyphens
        #[arg(long, value_parser = parse_slug)]
        slug: Slug,
        /// Display name
        #[arg(long, value_parser = parse_name)]
        name: Name,
    },
    /// List all workspaces
    ///
    /// With `--json`: an array of objects with `id`, `slug`, `name`, and `created_at`.
    #[command(verbatim_doc_comment)]
    List,
    /// Delete a workspace and erase everything in it
    ///
    /// Erases its customers, contacts, onboardings, events, API keys, and webhooks. Requests with
    /// its keys get a 401 at once. Then overwrites what was left in the unused space of the database
    /// file, and truncates the write-ahead log. You can't undo this. Backups and other copies stay
    /// as they are; the command lists those that it finds. The only workspace can't be deleted.
    ///
    /// Asks for confirmation, unless you pass `--yes`. You don't need to stop the server.
    ///
    /// With `--json`: `id`, `slug`, the number of `customers`, `contacts`, `onboardings`, `events`,
    /// `keys`, `webhooks`, `deliveries`, and `saved_responses` that were erased, `pages` and
    /// `overwritten_pages` of the file, and `other_files` that may contain copies. On PostgreSQL, the
    /// numbers of pages are null, and `vacuum` is the command that removes deleted rows from its files.
    #[command(verbatim_doc_comment)]
    Delete {
        /// Workspace slug
        #[arg(value_parser = parse_slug)]
        slug: Slug,
        /// Don't ask for confirmation
        #[arg(long)]
        yes: bool,
    },
    /// Change the name or the slug of a workspace
    ///
    /// Keys, webhooks, and IDs stay the same, and a running server uses the new slug from the next
    /// request on. The old slug can be used for another workspace.
    ///
    /// With `--json`: the workspace, as `workspaces list` prints it.
    #[command(
        verbatim_doc_comment,
        group(ArgGroup::new("change").required(true).multiple(true).args(["name", "new_slug"]))
    )]
    Rename {
        /// Slug of the workspace
        #[arg(value_name = "SLUG", value_parser = parse_slug)]
        slug: Slug,
        /// New display name
        #[arg(long, value_parser = parse_name)]
        name: Option<Name>,
        /// New slug
        #[arg(long = "slug", value_name = "SLUG", value_parser = parse_slug)]
        new_slug: Option<Slug>,
    },
}
