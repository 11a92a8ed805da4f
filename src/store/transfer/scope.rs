//! What the decision about a row depends on.

use super::existing::{Owner, ids};
use super::index::{Index, Key};
use crate::model::customer::Customer;
use crate::model::transfer::{ImportFault, OnConflict, Place};
use crate::model::values::slug::Slug;
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceNo;
use crate::store::engine::Conn;
use crate::store::error::StoreError;

pub(super) struct Scope<'s> {
    pub conn: Conn<'s>,
    pub workspace: WorkspaceNo,
    pub on_conflict: OnConflict,
    pub now: Timestamp,
    pub place: &'s Place,
    /// What the rows before have claimed. `None` once they have been written.
    pub index: Option<&'s Index>,
    /// What all rows have claimed. `None` while they are checked.
    pub all_claims: Option<&'s Index>,
}

impl Scope<'_> {
    pub fn fault(&self, field: &str, message: impl Into<String>) -> ImportFault {
        let field = Some(field.to_owned());
        ImportFault { place: self.place.clone(), field, message: message.into() }
    }

    /// Returns whether another row of the source claims a slug.
    pub fn is_claimed(&self, slug: &Slug) -> Result<bool, StoreError> {
        let Some(index) = self.all_claims else { return Ok(false) };
        let claim = index.find(&Key::Slug(slug.clone()))?;
        Ok(claim.is_some_and(|claim| claim.place != self.place.to_string()))
    }

    /// Finds a customer that has not been deleted by its slug.
    pub fn live_customer(&self, slug: &Slug) -> Result<Option<Owner>, StoreError> {
        let condition = "workspace_no = ?1 AND slug = ?2";
        let mut found =
            ids::<Customer>(self.conn, condition, &[&self.workspace.0, &slug.as_str()])?;
        Ok(found.pop().map(|id| Owner { id, deleted_at: None }))
    }
}
