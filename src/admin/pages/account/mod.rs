//! `/admin/account`: the sessions of the admin, and changing the password.

pub(in crate::admin) mod password;
pub(in crate::admin) mod sessions;

use crate::admin::error::AdminError;
use crate::admin::visit::SignedInVisit;

/// Refuses to change what all visitors of a demo share.
fn refuse_in_demo(visit: &SignedInVisit) -> Result<(), AdminError> {
    match visit.visitor().admin().service.demo() {
        None => Ok(()),
        Some(_) => Err(AdminError::conflict(
            "Not in a demo",
            "All visitors of this demo share its password, so they can't change it or end each \
             other's sessions.",
        )),
    }
}
