//! What can be done next with something that was just created.

use serde_json::json;
use utoipa::openapi::link::{Link, LinkBuilder};

const NEW_ID: &str = "$response.body#/id";

/// With a customer.
pub(super) fn of_customer() -> Vec<(&'static str, Link)> {
    let create_onboarding = LinkBuilder::new()
        .operation_id("create-onboarding")
        .request_body(Some(json!({ "customer_id": NEW_ID })))
        .description("Open an onboarding of the customer.");
    vec![
        on("get-customer", "id", "Get the customer."),
        on("update-customer", "id", "Change the customer."),
        on("delete-customer", "id", "Delete the customer."),
        on("list-customer-contacts", "customerId", "List the customer's contacts."),
        on("create-customer-contact", "customerId", "Create a contact of the customer."),
        on("list-customer-onboardings", "customerId", "List the customer's onboardings."),
        ("create-onboarding", create_onboarding.build()),
        on("list-customer-activity", "id", "List what happened to the customer."),
    ]
}

/// With a contact.
pub(super) fn of_contact() -> Vec<(&'static str, Link)> {
    vec![
        on("get-contact", "id", "Get the contact."),
        on("update-contact", "id", "Change the contact."),
        on("delete-contact", "id", "Delete the contact."),
    ]
}

/// With an onboarding.
pub(super) fn of_onboarding() -> Vec<(&'static str, Link)> {
    vec![
        on("get-onboarding", "id", "Get the onboarding."),
        on("update-onboarding", "id", "Change the onboarding."),
        on("delete-onboarding", "id", "Delete the onboarding."),
        on("list-onboarding-activity", "id", "List what happened to the onboarding."),
    ]
}

fn on(operation: &'static str, parameter: &str, says: &str) -> (&'static str, Link) {
    let link = LinkBuilder::new()
        .operation_id(operation)
        .parameter(parameter, NEW_ID)
        .description(says)
        .build();
    (operation, link)
}
