//! Prevents double submission: reloading the response submits a form again, and so does pressing
//! its button twice.

use super::visitor::SignedInVisit;
use crate::admin::error::AdminError;
use crate::model::hex::random_hex;
use crate::store::{StoreError, Tx, WriteScope};

/// Returns a token for the form's hidden `once` field.
pub(in crate::admin) fn new_token() -> Result<String, AdminError> {
    Ok(random_hex(16)?)
}

/// A form that does something only once. That it was submitted is stored together with what it does:
/// both or neither.
pub(in crate::admin) struct Submission<'v> {
    visit: &'v SignedInVisit,
    session: [u8; 32],
    form: [u8; 32],
    hint: &'static str,
}

impl<'v> Submission<'v> {
    /// Reads the submitted form, and refuses it if it was already submitted.
    ///
    /// `action` distinguishes the forms of one page, which share a token. `hint` says where to find
    /// what the first submission created.
    pub async fn begin(
        visit: &'v SignedInVisit,
        action: &str,
        hint: &'static str,
    ) -> Result<Self, AdminError> {
        let once = visit.form().value("once");
        if once.is_empty() {
            return Err(AdminError::UntrustedForm);
        }
        let session = visit.visitor().token().digest();
        let form = visit.visitor().admin().mac_key.submission_digest(once, action);
        let submission = Self { visit, session, form, hint };
        if visit.read_all(move |reader| reader.is_form_submitted(&session, &form)).await? {
            return Err(submission.already_submitted());
        }
        Ok(submission)
    }

    /// Runs a change, unless the form was submitted in the meantime. A submission that is still
    /// running is awaited.
    pub async fn write<T: Send + 'static>(
        self,
        scope: WriteScope,
        change: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, AdminError> {
        let (session, form) = (self.session, self.form);
        let change_once = move |tx: &Tx<'_>| {
            if tx.record_form(&session, &form)? { change(tx).map(Some) } else { Ok(None) }
        };
        let changed = self.visit.write_all(scope, change_once).await?;
        changed.ok_or_else(|| self.already_submitted())
    }

    fn already_submitted(&self) -> AdminError {
        AdminError::conflict(
            "Form already submitted",
            format!("This form was already submitted, so it was ignored this time. {}", self.hint),
        )
    }
}

/// Runs a change in the current workspace, unless the form was already submitted. See
/// [`Submission::begin`].
pub(in crate::admin) async fn submit_once<T: Send + 'static>(
    visit: &SignedInVisit,
    action: &str,
    hint: &'static str,
    change: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, AdminError> {
    let scope = WriteScope::Workspace(visit.checked_workspace()?.no);
    Submission::begin(visit, action, hint).await?.write(scope, change).await
}
