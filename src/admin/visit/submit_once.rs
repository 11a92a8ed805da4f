//! Forms that must not be done twice: a browser that loads the answer again sends the form again,
//! and so does a second press of its button.

use super::visitor::Visit;
use crate::admin::error::AdminError;
use crate::model::hex::random_hex;

/// What such a form carries as `once`.
pub(in crate::admin) fn new_token() -> Result<String, AdminError> {
    Ok(random_hex(16)?)
}

/// Does what a form asks for unless it was sent before, maybe a moment ago, so that what it makes
/// is still being made. `does` tells apart what one page's value is used for; `before` is said of
/// a form that was sent before.
pub(in crate::admin) async fn submit_once<T>(
    visit: &Visit,
    does: &str,
    before: &str,
    work: impl Future<Output = Result<T, AdminError>>,
) -> Result<T, AdminError> {
    let value = visit.form().value("once");
    if value.is_empty() {
        return Err(AdminError::UntrustedForm);
    }
    let (admin, token) = (visit.visitor().admin(), visit.visitor().token());
    let form = admin.mac_key.submission_digest(value, does);
    if !admin.sessions.record_submission(token, form) {
        return Err(AdminError::Conflict(format!("This form was sent before. {before}")));
    }
    let done = work.await;
    if done.is_err() {
        admin.sessions.forget_submission(token, &form);
    }
    done
}
