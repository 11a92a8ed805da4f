//! `/customers` and `/customers/{ref}`: the list of customers, and the page of one.

use askama::Template;
use serde_json::Value;

use super::purge;
use super::webhooks::deliveries;
use crate::admin::display;
use crate::admin::error::AdminError;
use crate::admin::forms::field::Place;
use crate::admin::forms::form::Form;
use crate::admin::forms::resource_fields::CUSTOMER;
use crate::admin::links::{
    customer_path, is_overdue, onboarding_path, onboarding_title, path_with_query,
};
use crate::admin::page::{self, Page, PageResult, Section};
use crate::admin::views::facts::{Fact, FactValue, facts};
use crate::admin::views::timeline::{self, Entry};
use crate::admin::visit::SignedInVisit;
use crate::model::contact::Contact;
use crate::model::customer::{Customer, CustomerFilter, CustomerRef};
use crate::model::event::{Event, EventFilter, ReadableTypes};
use crate::model::onboarding::{Onboarding, OnboardingFilter};
use crate::model::parse::page::{Page as ListPage, PageRequest};
use crate::model::parse::params::{Params, Query};
use crate::model::parse::problem::{Fault, Rule};
use crate::model::resource::ResourceType;
use crate::model::values::time::Timestamp;
use crate::store::{StoreError, WorkspaceReader};

#[derive(Template)]
#[template(path = "admin/customers/list.html")]
struct List {
    page: Page,
    form: Form,
    statuses: Vec<(&'static str, &'static str)>,
    customers: Vec<Customer>,
    /// Whether there is a search, a filter, or a cursor.
    is_filtered: bool,
    newest: Option<String>,
    older: Option<String>,
    /// Where the customers that match the filter can be downloaded.
    export: String,
}

/// GET `/customers`
pub(in crate::admin) async fn list(visit: SignedInVisit) -> PageResult {
    let form = visit.visitor().query_form();
    // Only these parameters are part of the form and the pager. Any other one would be lost on the
    // next page.
    let params = form.non_empty_fields_in(&["q", "status", "cursor"]);
    let is_filtered = !params.is_empty();
    let (mut filter, page): (CustomerFilter, PageRequest) = Params::parse(params)?;
    filter.q = filter.q.map(|q| q.trim().to_owned()).filter(|q| !q.is_empty());
    let found = visit.read(move |reader| reader.customers(&filter, &page)?.read()).await?;
    let (q, status) = (form.value("q"), form.value("status"));
    let page_path = |cursor: &str| {
        path_with_query("/customers", &[("q", q), ("status", status), ("cursor", cursor)])
    };
    page::html(&List {
        page: visit.page("Customers", Section::Customers),
        statuses: display::options(Some("Any status"), display::status),
        customers: found.data,
        is_filtered,
        newest: page.before.map(|_| page_path("")),
        older: found.next.map(|next| page_path(&next.to_cursor())),
        export: path_with_query("/admin/customers.csv", &[("q", q), ("status", status)]),
        form,
    })
}

/// The cursor of each list on a customer's page.
struct Cursors {
    contacts: Option<Timestamp>,
    onboardings: Option<Timestamp>,
    events: Option<Timestamp>,
}

impl Query for Cursors {
    fn read(params: &mut Params) -> Self {
        let parse = |text: &str| {
            let fault = || Fault::new(Rule::InvalidString, "must be a valid cursor");
            Timestamp::parse(text).ok_or_else(fault)
        };
        Self {
            contacts: params.parse_non_blank("contacts", parse),
            onboardings: params.parse_non_blank("onboardings", parse),
            events: params.parse_non_blank("events", parse),
        }
    }
}

/// The data of a customer's page.
struct CustomerData {
    customer: Customer,
    primary: Option<Contact>,
    contacts: ListPage<Contact>,
    onboardings: ListPage<Onboarding>,
    events: ListPage<Event>,
}

/// The links below a list.
struct Pager {
    newest: Option<String>,
    older: Option<String>,
}

#[derive(Template)]
#[template(path = "admin/customers/show.html")]
struct Show {
    page: Page,
    customer: Customer,
    /// The prefix of the paths of the customer's actions.
    path: String,
    facts: Vec<Fact>,
    /// The IDs in other systems.
    ids: Vec<Fact>,
    metadata: Option<String>,
    contacts: Vec<Contact>,
    contacts_pager: Pager,
    onboardings: Vec<Onboarding>,
    onboardings_pager: Pager,
    entries: Vec<Entry>,
    events_pager: Pager,
    now: Timestamp,
}

/// GET `/customers/{ref}`. Only the number identifies the customer, so links with an old slug keep
/// working, without a redirect.
pub(in crate::admin) async fn show(visit: SignedInVisit) -> PageResult {
    let customer_ref: CustomerRef = visit.path_ref(ResourceType::Customer)?;
    let cursors: Cursors = visit.query()?;
    let query = (customer_ref.clone(), [cursors.contacts, cursors.onboardings, cursors.events]);
    let data = visit.read(move |reader| load(reader, &query.0, query.1)).await;
    let data = match data {
        Ok(data) => data,
        Err(AdminError::NotFound(ResourceType::Customer)) => {
            return purge::deleted(&visit, customer_ref).await;
        }
        Err(error) => return Err(error),
    };
    let ids = data.events.data.iter().map(|event| event.id.clone()).collect();
    let deliveries = deliveries::of_events(&visit, ids).await?;
    let now = visit.visitor().admin().store().clock().now();
    let path = customer_path(&data.customer);
    let pager = |name: &'static str, before: Option<Timestamp>, next: Option<Timestamp>| Pager {
        newest: before.map(|_| format!("{path}#{name}")),
        older: next
            .map(|next| format!("{}#{name}", path_with_query(&path, &[(name, &next.to_cursor())]))),
    };
    // Every page of the list starts with the primary contact, which appears only there.
    let others = data.contacts.data.into_iter().filter(|contact| !contact.is_primary);
    page::html(&Show {
        page: visit.page(data.customer.name.as_str(), Section::Customers),
        contacts_pager: pager("contacts", cursors.contacts, data.contacts.next),
        onboardings_pager: pager("onboardings", cursors.onboardings, data.onboardings.next),
        events_pager: pager("events", cursors.events, data.events.next),
        facts: facts(CUSTOMER, Place::Facts, &data.customer),
        ids: facts(CUSTOMER, Place::Ids, &data.customer),
        metadata: metadata(&data.customer),
        contacts: data.primary.into_iter().chain(others).collect(),
        onboardings: data.onboardings.data,
        entries: timeline::entries(&data.events.data, &deliveries, &now),
        path: format!("/customers/{}", data.customer.display_id.0),
        customer: data.customer,
        now,
    })
}

fn load(
    reader: &WorkspaceReader<'_>,
    customer_ref: &CustomerRef,
    [contacts, onboardings, events]: [Option<Timestamp>; 3],
) -> Result<CustomerData, StoreError> {
    let page = |before| PageRequest { before, ..PageRequest::default() };
    let any = OnboardingFilter::default();
    Ok(CustomerData {
        customer: reader.customer(customer_ref)?.read()?,
        primary: reader.primary_contact(customer_ref)?.map(|contact| contact.read()).transpose()?,
        contacts: reader.contacts_of(customer_ref, &page(contacts))?.read()?,
        onboardings: reader.onboardings_of(customer_ref, &any, &page(onboardings))?.read()?,
        events: reader.customer_activity(
            customer_ref,
            ReadableTypes::ALL,
            &EventFilter::default(),
            &page(events),
        )?,
    })
}

/// Formats the metadata. Returns `None` if it is empty.
fn metadata(customer: &Customer) -> Option<String> {
    let text = pretty(customer.metadata.as_str());
    (text != "{}").then_some(text)
}

/// Pretty-prints JSON.
fn pretty(json: &str) -> String {
    let value = serde_json::from_str::<Value>(json);
    let pretty = value.and_then(|value| serde_json::to_string_pretty(&value));
    pretty.unwrap_or_else(|_| json.to_owned())
}
