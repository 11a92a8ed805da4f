//! How an import treats rows that are in conflict with the workspace, and rows that are faulty.

use strum::{EnumString, IntoStaticStr, VariantNames};

use crate::model::event::Actor;

/// What to do with a row that is in conflict with what is in the workspace. A row that is already
/// there with the same content is never a conflict, so that an import can be repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum OnConflict {
    /// The row is faulty.
    #[default]
    Fail,
    /// The row is left out, with everything that belongs to it.
    Skip,
    /// The existing row gets the values of the imported one.
    Update,
}

/// What to do if there are faulty rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FaultyRows {
    /// Import nothing.
    #[default]
    Refuse,
    /// Leave them out and import the others.
    LeaveOut,
}

/// What an export contains.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExportOptions {
    /// Deleted resources, and what belongs to deleted customers.
    pub include_deleted: bool,
    pub events: bool,
}

#[derive(Clone, Debug)]
pub struct ImportOptions {
    pub on_conflict: OnConflict,
    pub faulty_rows: FaultyRows,
    /// Only checks the rows.
    pub dry_run: bool,
    /// Queue webhooks for the events that the import records. It records none if the source has
    /// events.
    pub deliver: bool,
    /// Who imports.
    pub actor: Actor,
}
