//! Submits forms that create or change a resource, through the API's parsers and transactions. A form
//! with mistakes comes back with them.

use serde::Serialize;

use super::submit_once::submit_once;
use super::visitor::Visit;
use crate::admin::error::AdminError;
use crate::admin::forms::edit::Changes;
use crate::admin::forms::field::{self, Field};
use crate::admin::forms::form::Form;
use crate::model::parse::fields::Body;
use crate::model::parse::problem::Problem;
use crate::model::values::id::Ref;
use crate::store::{StoreError, WorkspaceReader, WorkspaceTx};

/// How a form for a change ended.
pub(in crate::admin) enum Saved<R> {
    Changed(R),
    /// What was sent is what there was.
    Unchanged,
    /// The form to show again.
    Rejected(Form),
}

/// The flash message after a form that changed nothing.
pub(in crate::admin) const NOTHING_CHANGED: &str = "Nothing was changed.";

impl<R> Saved<R> {
    /// The flash message.
    pub fn notice(&self) -> &'static str {
        match self {
            Self::Changed(_) => "The changes were saved.",
            Self::Unchanged | Self::Rejected(_) => NOTHING_CHANGED,
        }
    }

    /// The resource as it is now, or the one that is given if it did not change.
    pub fn resource_or(self, before: R) -> R {
        match self {
            Self::Changed(now) => now,
            Self::Unchanged | Self::Rejected(_) => before,
        }
    }
}

/// Creates what a form asks for, once; `does` and `before` are those of [`once`]. Returns the form if
/// it has to be corrected.
pub(in crate::admin) async fn create<B: Send + 'static, R: Send + 'static>(
    visit: &Visit,
    does: &str,
    before: &str,
    parsed: Result<B, Vec<Problem>>,
    make: impl FnOnce(&WorkspaceTx<'_>, B) -> Result<R, StoreError> + Send + 'static,
) -> Result<Result<R, Form>, AdminError> {
    // Before it is shown again with what is wrong, as a form of the workspace that is looked at.
    visit.checked_workspace()?;
    let made = match parsed {
        Ok(new) => submit_once(visit, does, before, visit.write(move |tx| make(tx, new))).await,
        Err(problems) => Err(problems.into()),
    };
    made.map(Ok).or_else(|error| form_with_problems(visit, error).map(Err))
}

/// Saves the fields that were edited, unless somebody else changed the same ones first.
pub(in crate::admin) async fn save<B: Body + Send + 'static, R: Serialize + Send + 'static>(
    visit: &Visit,
    fields: &'static [Field],
    resource_ref: Ref<R>,
    read: fn(&WorkspaceReader<'_>, &Ref<R>) -> Result<R, StoreError>,
    update: fn(&WorkspaceTx<'_>, &Ref<R>, B) -> Result<R, StoreError>,
) -> Result<Saved<R>, AdminError> {
    let changes = Changes::new(visit.form(), &field::shape(fields));
    let saved = match changes.parse::<B>() {
        Ok(None) => return Ok(Saved::Unchanged),
        Ok(Some(patch)) => {
            let save = move |tx: &WorkspaceTx<'_>| {
                let now = read(&tx.reader(), &resource_ref)?;
                match changes.conflicts(&field::values(fields, &now)) {
                    Some(form) => Ok(Saved::Rejected(form)),
                    None => update(tx, &resource_ref, patch).map(Saved::Changed),
                }
            };
            visit.write(save).await
        }
        Err(problems) => Err(problems.into()),
    };
    saved.or_else(|error| form_with_problems(visit, error).map(Saved::Rejected))
}

/// The form with what is wrong, if it can be corrected.
fn form_with_problems(visit: &Visit, error: AdminError) -> Result<Form, AdminError> {
    let problems = error.problems().ok_or(error)?;
    Ok(visit.form().clone().with_problems(problems))
}
