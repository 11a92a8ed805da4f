//! Handles forms that create or update a resource, with the API's parsers and transactions. A form
//! with problems is shown again.

use serde::Serialize;

use super::submit_once::submit_once;
use super::visitor::SignedInVisit;
use crate::admin::error::AdminError;
use crate::admin::forms::edit::Changes;
use crate::admin::forms::field::{self, Field};
use crate::admin::forms::form::Form;
use crate::model::parse::fields::Body;
use crate::model::parse::problem::Problem;
use crate::model::values::id::Ref;
use crate::store::{StoreError, Tx, WorkspaceReader, WorkspaceTx};

/// The result of an edit form.
pub(in crate::admin) enum Saved<R> {
    Changed(R),
    /// The submitted values are the current ones.
    Unchanged,
    /// The form has problems and must be shown again.
    Rejected(Form),
}

pub(in crate::admin) const NOTHING_CHANGED: &str = "No changes to save.";

impl<R> Saved<R> {
    /// Returns the flash message.
    pub fn notice(&self) -> &'static str {
        match self {
            Self::Changed(_) => "Changes saved.",
            Self::Unchanged | Self::Rejected(_) => NOTHING_CHANGED,
        }
    }

    /// Returns the updated resource, or `before` if it did not change.
    pub fn resource_or(self, before: R) -> R {
        match self {
            Self::Changed(now) => now,
            Self::Unchanged | Self::Rejected(_) => before,
        }
    }
}

/// Creates a resource from a form, once. Returns the form if it has problems. For `action` and
/// `hint`, see [`submit_once`].
pub(in crate::admin) async fn create<B: Send + 'static, R: Send + 'static>(
    visit: &SignedInVisit,
    action: &str,
    hint: &'static str,
    parsed: Result<B, Vec<Problem>>,
    create: impl FnOnce(&WorkspaceTx<'_>, B) -> Result<R, StoreError> + Send + 'static,
) -> Result<Result<R, Form>, AdminError> {
    // First, because a form that is shown again belongs to the current workspace.
    visit.checked_workspace()?;
    let created = match parsed {
        Ok(new) => {
            let caller = visit.caller()?;
            let create = move |tx: &Tx<'_>| create(&tx.for_caller(&caller), new);
            submit_once(visit, action, hint, create).await
        }
        Err(problems) => Err(problems.into()),
    };
    created.map(Ok).or_else(|error| form_with_problems(visit, error).map(Err))
}

/// Saves the edited fields, unless someone else changed one of them since the form was loaded.
pub(in crate::admin) async fn save<B: Body + Send + 'static, R: Serialize + Send + 'static>(
    visit: &SignedInVisit,
    fields: impl AsRef<[Field]> + Send + 'static,
    resource_ref: Ref<R>,
    read: fn(&WorkspaceReader<'_>, &Ref<R>) -> Result<R, StoreError>,
    update: fn(&WorkspaceTx<'_>, &Ref<R>, B) -> Result<R, StoreError>,
) -> Result<Saved<R>, AdminError> {
    let changes = Changes::new(visit.form(), &field::shape(fields.as_ref()));
    let saved = match changes.parse::<B>() {
        Ok(None) => return Ok(Saved::Unchanged),
        Ok(Some(patch)) => {
            let update_unless_conflicting = move |tx: &WorkspaceTx<'_>| {
                let now = read(&tx.reader(), &resource_ref)?;
                match changes.conflicts(&field::values(fields.as_ref(), &now)) {
                    Some(form) => Ok(Saved::Rejected(form)),
                    None => update(tx, &resource_ref, patch).map(Saved::Changed),
                }
            };
            visit.write(update_unless_conflicting).await
        }
        Err(problems) => Err(problems.into()),
    };
    saved.or_else(|error| form_with_problems(visit, error).map(Saved::Rejected))
}

/// Returns the form with its problems, or the error if it is not one that the visitor can fix.
fn form_with_problems(visit: &SignedInVisit, error: AdminError) -> Result<Form, AdminError> {
    let problems = error.problems().ok_or(error)?;
    Ok(visit.form().clone().with_problems(problems))
}
