//! `/customers` and `/customers/{ref}`: the list of customers, and the page of one.

use askama::Template;
use serde_json::Value;

use super::customer_slug;
use super::purge;
use super::webhooks::deliveries;
use crate::admin::display;
use crate::admin::error::AdminError;
use crate::admin::forms::field::Place;
use crate::admin::forms::form::Form;
use crate::admin::forms::resource_fields::customer_fields;
use crate::admin::links::{
    customer_path, is_overdue, onboarding_path, onboarding_title, path_with_query,
};
use crate::admin::page::{self, Page, PageResult, Section};
use crate::admin::views::facts::{Fact, FactValue, facts};
use crate::admin::views::pager::{Pager, cursor};
use crate::admin::views::timeline::{self, Entry};
use crate::admin::visit::SignedInVisit;
use crate::model::contact::Contact;
use crate::model::customer::{Customer, CustomerFilter, CustomerRef};
use crate::model::event::{Event, EventFilter, ReadableTypes};
use crate::model::onboarding::{Onboarding, OnboardingFilter};
use crate::model::parse::page::{Page as ListPage, PageRequest};
use crate::model::parse::params::{Params, Query};
use crate::model::resource::ResourceType;
use crate::model::values::currency::Currency;
use crate::model::values::time::Timestamp;
use crate::store::{StoreError, WorkspaceReader};

/// The most other customers with the same domain on a customer's page.
const SAME_DOMAIN: u32 = 5;

#[derive(Template)]
#[template(path = "admin/customers/list.html")]
struct List {
    page: Page,
    form: Form,
    statuses: Vec<(&'static str, &'static str)>,
    customers: Vec<Row>,
    currency: Currency,
    /// Whether there is a search, a filter, or a cursor.
    is_filtered: bool,
    newest: Option<String>,
    older: Option<String>,
    /// Where the customers that match the filter can be downloaded.
    export: String,
}

struct Row {
    customer: Customer,
    /// Where the customers with the same domain are listed, if there are others.
    same_domain: Option<String>,
}

/// GET `/customers`
pub(in crate::admin) async fn list(visit: SignedInVisit) -> PageResult {
    let form = visit.visitor().query_form();
    // Only these parameters are part of the form and the pager. Any other one would be lost on the
    // next page.
    let params = form.non_empty_fields_in(&["q", "status", "domain", "cursor"]);
    let is_filtered = !params.is_empty();
    let (mut filter, page): (CustomerFilter, PageRequest) = Params::parse(params)?;
    filter.q = filter.q.map(|q| q.trim().to_owned()).filter(|q| !q.is_empty());
    let read = move |reader: &WorkspaceReader<'_>| {
        let ListPage { data, next } = reader.customers(&filter, &page)?;
        let row = |customer| row(reader, customer);
        Ok((data.into_iter().map(row).collect::<Result<_, _>>()?, next))
    };
    let (customers, next): (Vec<Row>, _) = visit.read(read).await?;
    let filters = ["q", "status", "domain"].map(|name| (name, form.value(name)));
    let [q, status, domain] = filters;
    let page_path =
        |cursor: &str| path_with_query("/customers", &[q, status, domain, ("cursor", cursor)]);
    page::html(&List {
        page: visit.page("Customers", Section::Customers),
        statuses: display::options(Some("Any status"), display::status),
        customers,
        currency: visit.currency()?,
        is_filtered,
        newest: page.before.map(|_| page_path("")),
        older: next.map(|next| page_path(&next.to_cursor())),
        export: path_with_query("/admin/customers.csv", &filters),
        form,
    })
}

fn row(reader: &WorkspaceReader<'_>, customer: Customer) -> Result<Row, StoreError> {
    let is_shared = match &customer.domain {
        Some(domain) => reader.is_domain_shared(domain)?,
        None => false,
    };
    let same_domain = is_shared.then(|| same_domain_path(&customer)).flatten();
    Ok(Row { customer, same_domain })
}

/// Returns the path of the list of all customers with the customer's domain.
fn same_domain_path(customer: &Customer) -> Option<String> {
    let domain = customer.domain.as_ref()?;
    Some(path_with_query("/customers", &[("domain", domain.as_str())]))
}

/// The cursor of each list on a customer's page.
struct Cursors {
    contacts: Option<Timestamp>,
    onboardings: Option<Timestamp>,
    events: Option<Timestamp>,
}

impl Query for Cursors {
    fn read(params: &mut Params) -> Self {
        Self {
            contacts: cursor(params, "contacts"),
            onboardings: cursor(params, "onboardings"),
            events: cursor(params, "events"),
        }
    }
}

/// The data of a customer's page.
struct CustomerData {
    customer: Customer,
    same_domain: SameDomain,
    primary: Option<Contact>,
    contacts: ListPage<Contact>,
    onboardings: ListPage<Onboarding>,
    events: ListPage<Event>,
}

/// Other customers with the customer's domain.
struct SameDomain {
    customers: Vec<Customer>,
    /// Where all of them are listed, if there are any.
    path: Option<String>,
    /// Whether there are more.
    more: bool,
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
    same_domain: SameDomain,
    contacts: Vec<Contact>,
    contacts_pager: Pager,
    onboardings: Vec<Onboarding>,
    onboardings_pager: Pager,
    entries: Vec<Entry>,
    events_pager: Pager,
    now: Timestamp,
}

/// GET `/customers/{ref}`. If there is a number, only that identifies the customer, so links with an
/// old slug keep working, without a redirect. A slug alone redirects to the number.
pub(in crate::admin) async fn show(visit: SignedInVisit) -> PageResult {
    let customer_ref: Option<CustomerRef> = visit.path_ref(ResourceType::Customer).ok();
    let cursors: Cursors = visit.query()?;
    if let Some(id_ref) = customer_ref.clone() {
        let before = [cursors.contacts, cursors.onboardings, cursors.events];
        match visit.read(move |reader| load(reader, &id_ref, before)).await {
            Ok(data) => return show_customer(&visit, &cursors, data).await,
            Err(AdminError::NotFound(ResourceType::Customer)) => {}
            Err(error) => return Err(error),
        }
    }
    // A slug can also look like a number with a slug, such as `3-rivers`.
    let with_slug = customer_slug::find(&visit).await?;
    if let Some(redirect) = with_slug.redirect() {
        return redirect;
    }
    if let Some(customer_ref) = customer_ref {
        match purge::deleted(&visit, customer_ref).await {
            Err(AdminError::NotFound(ResourceType::Customer)) => {}
            page => return page,
        }
    }
    let not_found = Err(AdminError::NotFound(ResourceType::Customer));
    with_slug.choose(&visit).unwrap_or(not_found)
}

async fn show_customer(visit: &SignedInVisit, cursors: &Cursors, data: CustomerData) -> PageResult {
    let ids = data.events.data.iter().map(|event| event.id.clone()).collect();
    let deliveries = deliveries::of_events(visit, ids).await?;
    let now = visit.visitor().admin().store().clock().now();
    let fields = customer_fields(visit.currency()?);
    let path = customer_path(&data.customer);
    let pager = |name, before, next| Pager::of_section(&path, name, before, next);
    // Every page of the list starts with the primary contact, which appears only there.
    let others = data.contacts.data.into_iter().filter(|contact| !contact.is_primary);
    page::html(&Show {
        page: visit.page(data.customer.name.as_str(), Section::Customers),
        contacts_pager: pager("contacts", cursors.contacts, data.contacts.next),
        onboardings_pager: pager("onboardings", cursors.onboardings, data.onboardings.next),
        events_pager: pager("events", cursors.events, data.events.next),
        facts: facts(&fields, Place::Facts, &data.customer),
        ids: facts(&fields, Place::Ids, &data.customer),
        metadata: metadata(&data.customer),
        same_domain: data.same_domain,
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
    let customer = reader.customer(customer_ref)?.read()?;
    Ok(CustomerData {
        same_domain: with_same_domain(reader, &customer)?,
        customer,
        primary: reader.primary_contact(customer_ref)?.map(|contact| contact.read()).transpose()?,
        contacts: reader.contacts_of(customer_ref, &page(contacts))?,
        onboardings: reader.onboardings_of(customer_ref, &any, &page(onboardings))?,
        events: reader.customer_activity(
            customer_ref,
            ReadableTypes::ALL,
            &EventFilter::default(),
            &page(events),
        )?,
    })
}

/// Finds the newest other customers with the customer's domain.
fn with_same_domain(
    reader: &WorkspaceReader<'_>,
    customer: &Customer,
) -> Result<SameDomain, StoreError> {
    let Some(domain) = &customer.domain else {
        return Ok(SameDomain { customers: Vec::new(), path: None, more: false });
    };
    let filter = CustomerFilter { domain: Some(domain.key()), ..CustomerFilter::default() };
    let page = PageRequest { limit: SAME_DOMAIN + 1, before: None };
    let ListPage { data: mut customers, next } = reader.customers(&filter, &page)?;
    customers.retain(|other| other.id != customer.id);
    let more = next.is_some() || customers.len() > SAME_DOMAIN as usize;
    customers.truncate(SAME_DOMAIN as usize);
    let path = same_domain_path(customer).filter(|_| !customers.is_empty());
    Ok(SameDomain { customers, path, more })
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
