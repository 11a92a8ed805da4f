//! What is said of each operation: a function for each, named after the operation's id. For the
//! route table.

mod activity;
mod contacts;
mod customers;
mod onboardings;
mod server;

pub(in crate::api) use self::activity::{list_customer_activity, list_onboarding_activity};
pub(in crate::api) use self::contacts::{
    create_customer_contact, delete_contact, get_contact, list_customer_contacts, update_contact,
};
pub(in crate::api) use self::customers::{
    create_customer, delete_customer, get_customer, list_customers, update_customer,
};
pub(in crate::api) use self::onboardings::{
    create_onboarding, delete_onboarding, get_onboarding, list_customer_onboardings,
    list_onboardings, update_onboarding,
};
pub(in crate::api) use self::server::{get_health, get_me, openapi};
