//! What can be done next with something that was just created.

use serde_json::json;
use utoipa::openapi::link::{Link, LinkBuilder};

const NEW_ID: &str = "$response.body#/id";

/// With a customer.
pub(in crate::api) fn from_customer() -> Vec<(&'static str, Link)> {
    let create_onboarding = LinkBuilder::new()
        .operation_id("create-onboarding")
        .request_body(Some(json!({ "customer_id": NEW_ID })))
        .description("Open an onboarding of the customer.");
    vec![
        link("get-customer", "id", "Get the customer."),
        link("update-customer", "id", "Change the customer."),
        link("delete-customer", "id", "Delete the customer."),
        link("list-customer-contacts", "customerId", "List the customer's contacts."),
        link("create-customer-contact", "customerId", "Create a contact of the customer."),
        link("list-customer-onboardings", "customerId", "List the customer's onboardings."),
        ("create-onboarding", create_onboarding.build()),
        link("list-customer-activity", "id", "List what happened to the customer."),
    ]
}

/// With a contact.
pub(in crate::api) fn from_contact() -> Vec<(&'static str, Link)> {
    vec![
        link("get-contact", "id", "Get the contact."),
        link("update-contact", "id", "Change the contact."),
        link("delete-contact", "id", "Delete the contact."),
    ]
}

/// With an onboarding.
pub(in crate::api) fn from_onboarding() -> Vec<(&'static str, Link)> {
    vec![
        link("get-onboarding", "id", "Get the onboarding."),
        link("update-onboarding", "id", "Change the onboarding."),
        link("delete-onboarding", "id", "Delete the onboarding."),
        link("list-onboarding-activity", "id", "List what happened to the onboarding."),
    ]
}

fn link(operation: &'static str, parameter: &str, says: &str) -> (&'static str, Link) {
    let built = LinkBuilder::new()
        .operation_id(operation)
        .parameter(parameter, NEW_ID)
        .description(says)
        .build();
    (operation, built)
}
