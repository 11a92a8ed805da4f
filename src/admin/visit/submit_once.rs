//! Prevents double submission: reloading the response submits a form again, and so does pressing
//! its button twice.

use super::visitor::SignedInVisit;
use crate::admin::error::AdminError;
use crate::model::hex::random_hex;

/// Returns a token for the form's hidden `once` field.
pub(in crate::admin) fn new_token() -> Result<String, AdminError> {
    Ok(random_hex(16)?)
}

/// Runs `work` unless the form was already submitted. The first submission may still be running.
///
/// `action` tells apart the forms of one page, which share a token. `hint` tells the visitor where
/// to find what the first submission created.
pub(in crate::admin) async fn submit_once<T>(
    visit: &SignedInVisit,
    action: &str,
    hint: &str,
    work: impl Future<Output = Result<T, AdminError>>,
) -> Result<T, AdminError> {
    let once = visit.form().value("once");
    if once.is_empty() {
        return Err(AdminError::UntrustedForm);
    }
    let (admin, token) = (visit.visitor().admin(), visit.visitor().token());
    let digest = admin.mac_key.submission_digest(once, action);
    if !admin.sessions.record_submission(token, digest) {
        return Err(AdminError::conflict(
            "Form already submitted",
            format!("This form was already submitted, so it was ignored this time. {hint}"),
        ));
    }
    let result = work.await;
    // A form whose change may have been saved must not be submitted again by reloading the page.
    if result.as_ref().is_err_and(|error| !matches!(error, AdminError::OutcomeUnknown(_))) {
        admin.sessions.forget_submission(token, &digest);
    }
    result
}
