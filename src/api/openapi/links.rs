//! Links from a create operation's response to the operations that take the new ID.

use serde_json::json;
use utoipa::openapi::link::{Link, LinkBuilder};

const NEW_ID: &str = "$response.body#/id";

pub(in crate::api) fn for_customer() -> Vec<(&'static str, Link)> {
    let create_onboarding = LinkBuilder::new()
        .operation_id("create-onboarding")
        .request_body(Some(json!({ "customer_id": NEW_ID })))
        .description("Create an onboarding for the customer.");
    vec![
        link("get-customer", "id", "Retrieve the customer."),
        link("update-customer", "id", "Update the customer."),
        link("delete-customer", "id", "Delete the customer."),
        link("list-customer-contacts", "customerId", "List the customer's contacts."),
        link("create-customer-contact", "customerId", "Create a contact for the customer."),
        link("list-customer-onboardings", "customerId", "List the customer's onboardings."),
        ("create-onboarding", create_onboarding.build()),
        link("list-customer-activity", "id", "List the customer's activity."),
    ]
}

pub(in crate::api) fn for_contact() -> Vec<(&'static str, Link)> {
    vec![
        link("get-contact", "id", "Retrieve the contact."),
        link("update-contact", "id", "Update the contact."),
        link("delete-contact", "id", "Delete the contact."),
    ]
}

pub(in crate::api) fn for_onboarding() -> Vec<(&'static str, Link)> {
    vec![
        link("get-onboarding", "id", "Retrieve the onboarding."),
        link("update-onboarding", "id", "Update the onboarding."),
        link("delete-onboarding", "id", "Delete the onboarding."),
        link("list-onboarding-activity", "id", "List the onboarding's activity."),
    ]
}

fn link(operation: &'static str, parameter: &str, description: &str) -> (&'static str, Link) {
    let built = LinkBuilder::new()
        .operation_id(operation)
        .parameter(parameter, NEW_ID)
        .description(description)
        .build();
    (operation, built)
}
