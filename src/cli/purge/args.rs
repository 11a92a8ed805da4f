//! The arguments of the commands that purge. See `cli/args.rs`.

use clap::Subcommand;

use crate::cli::value_parsers::parse_slug;
use crate::model::contact::Contact;
use crate::model::customer::Customer;
use crate::model::values::id::Ref;
use crate::model::values::slug::Slug;

#[derive(Subcommand)]
pub enum Customers {
    /// Erase a customer and everything about it
    ///
    /// Erases the customer, its contacts and onboardings, their events, saved responses, and webhook
    /// deliveries, including those that are waiting. Then overwrites what they left in the unused
    /// space of the database file, and truncates the write-ahead log. The audit log keeps that the
    /// customer was purged, by whom, and when, but no data of it. You can't undo this. Backups and
    /// other copies stay as they are; the command lists those that it finds.
    ///
    /// The customer need not be deleted before. Asks for confirmation, unless you pass `--yes`. You
    /// don't need to stop the server. Purging a customer again, by its `id`, changes nothing.
    ///
    /// With `--json`: `object`, `id`, `display_id`, `workspace`, `deleted_at` (null if it was not
    /// deleted before), the number of `contacts`, `onboardings`, `events`, `deliveries`, and
    /// `saved_responses` that were erased, `pages` and `overwritten_pages` of the file,
    /// `pages_with_email` (those that still contain one of the email addresses), and
    /// `other_files` that may contain copies. On PostgreSQL, the numbers of pages are null, and `vacuum`
    /// is the command that removes deleted rows from its files. If it was purged before: `id`,
    /// `workspace`, and `already_purged`.
    #[command(verbatim_doc_comment)]
    Purge {
        /// Workspace slug
        #[arg(long, value_name = "SLUG", value_parser = parse_slug)]
        workspace: Slug,
        /// Don't ask for confirmation
        #[arg(long)]
        yes: bool,
        /// `id` or `display_id` of the customer
        #[arg(value_parser = parse_ref::<Customer>)]
        id: Ref<Customer>,
    },
}

#[derive(Subcommand)]
pub enum Contacts {
    /// Erase a contact and everything about it
    ///
    /// Erases the contact, its events, saved responses, and webhook deliveries, including those that
    /// are waiting. Its customer stays. Works like `customers purge`, with the same `--json` output.
    #[command(verbatim_doc_comment)]
    Purge {
        /// Workspace slug
        #[arg(long, value_name = "SLUG", value_parser = parse_slug)]
        workspace: Slug,
        /// Don't ask for confirmation
        #[arg(long)]
        yes: bool,
        /// `id` or `display_id` of the contact
        #[arg(value_parser = parse_ref::<Contact>)]
        id: Ref<Contact>,
    },
}

#[derive(Subcommand)]
pub enum Purges {
    /// List the customers, contacts, and workspaces that were purged
    ///
    /// The list contains IDs and times, but no data of those that were purged. Keep it with your
    /// backups, so that you can purge the same records again after you restore one.
    ///
    /// With `--json`: an array of objects with `resource`, `id`, `workspace` (null if that is gone),
    /// `purged_at`, `actor_type`, `actor_id`, and `erased_at` (null until the last copies in the
    /// database file were overwritten).
    #[command(verbatim_doc_comment)]
    List,
}

fn parse_ref<R>(text: &str) -> Result<Ref<R>, String> {
    Ref::parse(text).ok_or_else(|| "must be an `id`, such as c0f3…, or a `display_id`".to_owned())
}
