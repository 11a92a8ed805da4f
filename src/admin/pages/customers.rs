//! `/customers` and `/customers/{ref}`: the list, and all that there is to see of one customer.

use actix_web::http::StatusCode;
use askama::Template;
use serde_json::Value;

use crate::admin::display;
use crate::admin::error::AdminError;
use crate::admin::forms::field::Place;
use crate::admin::forms::form::Form;
use crate::admin::forms::resource_fields::CUSTOMER;
use crate::admin::links::{customer_path, is_overdue, onboarding_title, path_with_query};
use crate::admin::page::{self, Page, PageResult, Section};
use crate::admin::views::facts::{Fact, FactValue, facts};
use crate::admin::views::timeline::{self, Entry};
use crate::admin::visit::Visit;
use crate::model::contact::Contact;
use crate::model::customer::{Customer, CustomerFilter, CustomerRef};
use crate::model::event::{Event, EventFilter, EventType, Readable};
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
    /// Whether anything but the whole list from its beginning was asked for.
    narrowed: bool,
    newest: Option<String>,
    older: Option<String>,
}

/// GET `/customers`
pub(in crate::admin) async fn list(visit: Visit) -> PageResult {
    let form = visit.visitor().query_form();
    // What the form and the pager have: anything else would be lost on the way to the next page.
    let given = form.non_empty_fields_in(&["q", "status", "cursor"]);
    let narrowed = !given.is_empty();
    let (mut filter, page): (CustomerFilter, PageRequest) = Params::parse(given)?;
    filter.q = filter.q.map(|q| q.trim().to_owned()).filter(|q| !q.is_empty());
    let found = visit.read(move |reader| reader.customers(&filter, &page)?.read()).await?;
    let (q, status) = (form.value("q"), form.value("status"));
    let at = |cursor: &str| {
        path_with_query("/customers", &[("q", q), ("status", status), ("cursor", cursor)])
    };
    page::html(&List {
        page: visit.page("Customers", Section::Customers),
        statuses: display::options(Some("Any status"), display::status),
        customers: found.data,
        narrowed,
        newest: page.before.map(|_| at("")),
        older: found.next.map(|next| at(&next.to_cursor())),
        form,
    })
}

/// Where each list on the page of a customer goes on.
struct Cursors {
    contacts: Option<Timestamp>,
    onboardings: Option<Timestamp>,
    events: Option<Timestamp>,
}

impl Query for Cursors {
    fn read(params: &mut Params) -> Self {
        let parse = |text: &str| {
            let fault = || Fault::new(Rule::InvalidString, "must be a place in the list");
            Timestamp::parse(text).ok_or_else(fault)
        };
        Self {
            contacts: params.filled("contacts", parse),
            onboardings: params.filled("onboardings", parse),
            events: params.filled("events", parse),
        }
    }
}

/// What is read for the page of a customer.
struct CustomerData {
    customer: Customer,
    primary: Option<Contact>,
    contacts: ListPage<Contact>,
    onboardings: ListPage<Onboarding>,
    events: ListPage<Event>,
}

/// The ways through one of the lists.
struct Pager {
    newest: Option<String>,
    older: Option<String>,
}

#[derive(Template)]
#[template(path = "admin/customers/show.html")]
struct Show {
    page: Page,
    customer: Customer,
    /// What stands before the addresses of what can be done with it.
    path: String,
    facts: Vec<Fact>,
    /// The ids in other systems.
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

#[derive(Template)]
#[template(path = "admin/customers/deleted.html")]
struct Deleted {
    page: Page,
    log: String,
}

/// GET `/customers/{ref}`. The number names the customer, whatever words follow it: a link stays
/// good when the slug is changed, and needs no second request to be so.
pub(in crate::admin) async fn show(visit: Visit) -> PageResult {
    let customer_ref: CustomerRef = visit.path_ref(ResourceType::Customer)?;
    let cursors: Cursors = visit.query()?;
    let wanted = (customer_ref.clone(), [cursors.contacts, cursors.onboardings, cursors.events]);
    let found = visit.read(move |reader| load(reader, &wanted.0, wanted.1)).await;
    let found = match found {
        Ok(found) => found,
        Err(AdminError::NotFound(ResourceType::Customer)) => {
            return deleted_page(&visit, customer_ref).await;
        }
        Err(error) => return Err(error),
    };
    let now = visit.visitor().admin().store().clock().now();
    let path = customer_path(&found.customer);
    let pager = |name: &'static str, before: Option<Timestamp>, next: Option<Timestamp>| Pager {
        newest: before.map(|_| format!("{path}#{name}")),
        older: next
            .map(|next| format!("{}#{name}", path_with_query(&path, &[(name, &next.to_cursor())]))),
    };
    // The primary one comes first, wherever the list stands, and only there.
    let others = found.contacts.data.into_iter().filter(|contact| !contact.is_primary);
    page::html(&Show {
        page: visit.page(found.customer.name.as_str(), Section::Customers),
        contacts_pager: pager("contacts", cursors.contacts, found.contacts.next),
        onboardings_pager: pager("onboardings", cursors.onboardings, found.onboardings.next),
        events_pager: pager("events", cursors.events, found.events.next),
        facts: facts(CUSTOMER, Place::Facts, &found.customer),
        ids: facts(CUSTOMER, Place::Ids, &found.customer),
        metadata: metadata(&found.customer),
        contacts: found.primary.into_iter().chain(others).collect(),
        onboardings: found.onboardings.data,
        entries: timeline::entries(&found.events.data, &now),
        path: format!("/customers/{}", found.customer.display_id.0),
        customer: found.customer,
        now,
    })
}

fn load(
    reader: &WorkspaceReader<'_>,
    customer_ref: &CustomerRef,
    [contacts, onboardings, events]: [Option<Timestamp>; 3],
) -> Result<CustomerData, StoreError> {
    let from = |before| PageRequest { before, ..PageRequest::default() };
    let any = OnboardingFilter::default();
    Ok(CustomerData {
        customer: reader.customer(customer_ref)?.read()?,
        primary: reader.primary_contact(customer_ref)?.map(|contact| contact.read()).transpose()?,
        contacts: reader.contacts_of(customer_ref, &from(contacts))?.read()?,
        onboardings: reader.onboardings_of(customer_ref, &any, &from(onboardings))?.read()?,
        events: reader.customer_activity(
            customer_ref,
            Readable::ALL,
            &EventFilter::default(),
            &from(events),
        )?,
    })
}

/// The page in the place of a customer that was deleted, whose events are still there.
async fn deleted_page(visit: &Visit, customer_ref: CustomerRef) -> PageResult {
    let deleted = EventFilter { kind: Some(EventType::CustomerArchived) };
    let last = PageRequest { limit: 1, before: None };
    let events = visit
        .read(move |reader| reader.customer_activity(&customer_ref, Readable::ALL, &deleted, &last))
        .await?;
    let not_found = AdminError::NotFound(ResourceType::Customer);
    let event = events.data.first().ok_or(not_found)?;
    let object: Value = serde_json::from_str(event.object.get()).unwrap_or_default();
    let id = object.get("id").and_then(Value::as_str).unwrap_or_default();
    let page = visit.page("This customer was deleted", Section::Customers);
    let log = path_with_query("/admin/logs", &[("id", id)]);
    page::html_as(StatusCode::NOT_FOUND, &Deleted { page, log })
}

/// The metadata as people can read it, if there is any.
fn metadata(customer: &Customer) -> Option<String> {
    let text = pretty(customer.metadata.as_str());
    (text != "{}").then_some(text)
}

/// JSON with its lines broken.
fn pretty(json: &str) -> String {
    let value = serde_json::from_str::<Value>(json);
    let pretty = value.and_then(|value| serde_json::to_string_pretty(&value));
    pretty.unwrap_or_else(|_| json.to_owned())
}
