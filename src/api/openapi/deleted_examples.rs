//! The example responses of DELETE requests.

use crate::api::response::Deleted;
use crate::model::contact::Contact;
use crate::model::customer::Customer;
use crate::model::examples::{contact, customer, onboarding};
use crate::model::onboarding::Onboarding;

pub(in crate::api) fn deleted_customer() -> Deleted {
    let Customer { id, display_id, .. } = customer();
    Deleted::new(id, display_id)
}

pub(in crate::api) fn deleted_contact() -> Deleted {
    let Contact { id, display_id, .. } = contact();
    Deleted::new(id, display_id)
}

pub(in crate::api) fn deleted_onboarding() -> Deleted {
    let Onboarding { id, display_id, .. } = onboarding();
    Deleted::new(id, display_id)
}
