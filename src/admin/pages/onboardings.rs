//! `/onboardings/…` and `/customers/{ref}/onboardings…`: creating, editing, and deleting
//! onboardings. The board is in `board`.

use askama::Template;

use super::webhooks::deliveries;
use crate::admin::display;
use crate::admin::error::AdminError;
use crate::admin::forms::edit::{self, Changes};
use crate::admin::forms::field::{self, Control};
use crate::admin::forms::form::Form;
use crate::admin::forms::resource_fields::ONBOARDING;
use crate::admin::links::{self, card_path, onboarding_title};
use crate::admin::page::{self, Page, PageResult, Section, see_other};
use crate::admin::views::timeline;
use crate::admin::visit::SignedInVisit;
use crate::admin::visit::save::{self, NOTHING_CHANGED, Saved};
use crate::admin::visit::submit_once;
use crate::model::audit::{AuditEntry, AuditFilter};
use crate::model::customer::{Customer, CustomerFilter, CustomerRef};
use crate::model::onboarding::{NewOnboarding, Onboarding, OnboardingPatch, OnboardingRef};
use crate::model::parse::page::PageRequest;
use crate::model::resource::ResourceType;
use crate::model::values::id::{DisplayId, Id, Ref};
use crate::model::values::time::Timestamp;
use crate::store::{StoreError, WorkspaceReader, WorkspaceTx};

/// The most customers to choose from.
const CUSTOMERS: u32 = 25;
/// The most entries of the history.
const HISTORY: u32 = 15;

const ALREADY_SUBMITTED: &str = "The onboarding is on the board.";

#[derive(Template)]
#[template(path = "admin/onboardings/form.html")]
struct OnboardingForm {
    page: Page,
    form: Form,
    controls: Vec<Control>,
    customer: Option<CustomerLink>,
    action: String,
    button: &'static str,
    /// The one-time token; only for a new onboarding.
    once: Option<String>,
    /// The path for deleting it; `None` if it is new.
    delete: Option<String>,
    history: Vec<HistoryEntry>,
}

/// A link to the customer of an onboarding.
struct CustomerLink {
    name: String,
    path: String,
}

struct HistoryEntry {
    event_id: String,
    summary: String,
    actor: String,
    at: Timestamp,
    /// Results of deliveries of the event.
    deliveries: Vec<DeliveryLink>,
}

/// A link to a webhook delivery.
struct DeliveryLink {
    summary: &'static str,
    path: String,
    url: String,
    at: Timestamp,
}

#[derive(Template)]
#[template(path = "admin/onboardings/choose.html")]
struct ChooseCustomer {
    page: Page,
    form: Form,
    customers: Vec<Customer>,
    more: bool,
}

#[derive(Template)]
#[template(path = "admin/onboardings/delete.html")]
struct Delete {
    page: Page,
    title: String,
    action: String,
    back: String,
}

/// GET `/onboardings/new`: choosing the customer.
pub(in crate::admin) async fn choose(visit: SignedInVisit) -> PageResult {
    let form = visit.visitor().query_form();
    let q = Some(form.value("q").trim().to_owned()).filter(|q| !q.is_empty());
    let filter = CustomerFilter { q, ..CustomerFilter::default() };
    let page = PageRequest { limit: CUSTOMERS, before: None };
    let found = visit.read(move |reader| reader.customers(&filter, &page)?.read()).await?;
    let page = visit.page("Create onboarding", Section::Onboardings);
    page::html(&ChooseCustomer { page, form, customers: found.data, more: found.next.is_some() })
}

/// GET `/customers/{ref}/onboardings/new`
pub(in crate::admin) async fn new(visit: SignedInVisit) -> PageResult {
    let customer = load_customer(&visit).await?;
    // What an onboarding has that nothing is said of.
    let at = Timestamp::from_micros(0);
    let blank = Onboarding::with_defaults(Id::generate(), DisplayId(0), customer.id.clone(), at);
    page::html(&new_form(&visit, &customer, edit::form(ONBOARDING, &blank))?)
}

/// POST `/customers/{ref}/onboardings`
pub(in crate::admin) async fn create(visit: SignedInVisit) -> PageResult {
    let customer = load_customer(&visit).await?;
    let changes = Changes::new(visit.form(), &field::shape(ONBOARDING)).parse();
    let properties: Result<OnboardingPatch, _> =
        changes.and_then(|patch| patch.map_or_else(|| Form::default().parse(&[]), Ok));
    let customer_ref = Ref::Id(customer.id.clone());
    let create = move |tx: &WorkspaceTx<'_>, properties| {
        tx.create_onboarding(NewOnboarding { customer: Some(customer_ref), fields: properties })
    };
    match save::create(&visit, "onboarding", ALREADY_SUBMITTED, properties, create).await? {
        Ok(onboarding) => {
            let onboarding = onboarding.resource;
            let (title, name) = (onboarding_title(&onboarding), customer.name.as_str());
            visit.set_flash(format!(
                "Created {} for {}.",
                display::without_bidi_controls(&title),
                display::without_bidi_controls(name)
            ));
            Ok(see_other(&card_path(&Form::default(), &onboarding)))
        }
        Err(form) => page::invalid_form(&new_form(&visit, &customer, form)?),
    }
}

/// GET `/onboardings/{ref}/edit`
pub(in crate::admin) async fn edit_form(visit: SignedInVisit) -> PageResult {
    let found = load(&visit).await?;
    let form = edit::form(ONBOARDING, &found.onboarding);
    page::html(&found.form(&visit, form))
}

/// POST `/onboardings/{ref}/edit`
pub(in crate::admin) async fn edit(visit: SignedInVisit) -> PageResult {
    let found = load(&visit).await?;
    let onboarding_ref = OnboardingRef::Id(found.onboarding.id.clone());
    let read = |reader: &WorkspaceReader<'_>, onboarding_ref: &_| {
        reader.onboarding(onboarding_ref)?.read()
    };
    let update = |tx: &WorkspaceTx<'_>, onboarding_ref: &_, patch: OnboardingPatch| {
        Ok(tx.update_onboarding(onboarding_ref, patch)?.resource)
    };
    let (onboarding, notice) =
        match save::save(&visit, ONBOARDING, onboarding_ref, read, update).await? {
            Saved::Rejected(form) => return page::invalid_form(&found.form(&visit, form)),
            Saved::Changed(onboarding) => {
                let notice = format!(
                    "Saved {}.",
                    display::without_bidi_controls(&onboarding_title(&onboarding))
                );
                (onboarding, notice)
            }
            Saved::Unchanged => (found.onboarding, NOTHING_CHANGED.to_owned()),
        };
    visit.set_flash(notice);
    Ok(see_other(&card_path(&Form::default(), &onboarding)))
}

/// GET `/onboardings/{ref}/delete`
pub(in crate::admin) async fn delete_form(visit: SignedInVisit) -> PageResult {
    let onboarding = load(&visit).await?.onboarding;
    let path = format!("/onboardings/{}", onboarding.display_id.0);
    page::html(&Delete {
        page: visit.page("Delete onboarding", Section::Onboardings),
        title: onboarding_title(&onboarding),
        action: format!("{path}/delete"),
        back: format!("{path}/edit"),
    })
}

/// POST `/onboardings/{ref}/delete`
pub(in crate::admin) async fn delete(visit: SignedInVisit) -> PageResult {
    let onboarding_ref: OnboardingRef = visit.path_ref(ResourceType::Onboarding)?;
    visit.write(move |tx| tx.delete_onboarding(&onboarding_ref)).await?;
    visit.set_flash("Onboarding deleted.");
    Ok(see_other("/onboardings"))
}

/// Returns the customer in the path.
async fn load_customer(visit: &SignedInVisit) -> Result<Customer, AdminError> {
    let customer_ref: CustomerRef = visit.path_ref(ResourceType::Customer)?;
    visit.read(move |reader| reader.customer(&customer_ref)?.read()).await
}

fn new_form(
    visit: &SignedInVisit,
    customer: &Customer,
    form: Form,
) -> Result<OnboardingForm, AdminError> {
    Ok(OnboardingForm {
        page: visit.page("Create onboarding", Section::Onboardings),
        form,
        controls: field::controls(ONBOARDING, true),
        customer: Some(customer_link(customer)),
        action: format!("/customers/{}/onboardings", customer.display_id.0),
        button: "Create onboarding",
        once: Some(submit_once::new_token()?),
        delete: None,
        history: Vec::new(),
    })
}

fn customer_link(customer: &Customer) -> CustomerLink {
    CustomerLink { name: customer.name.as_str().to_owned(), path: links::customer_path(customer) }
}

/// An onboarding, with the data that its page shows around the form.
struct OnboardingData {
    onboarding: Onboarding,
    customer: Option<CustomerLink>,
    history: Vec<HistoryEntry>,
}

impl OnboardingData {
    fn form(self, visit: &SignedInVisit, form: Form) -> OnboardingForm {
        let path = format!("/onboardings/{}", self.onboarding.display_id.0);
        OnboardingForm {
            page: visit.page(&onboarding_title(&self.onboarding), Section::Onboardings),
            form,
            controls: field::controls(ONBOARDING, false),
            customer: self.customer,
            action: format!("{path}/edit"),
            button: "Save",
            once: None,
            delete: Some(format!("{path}/delete")),
            history: self.history,
        }
    }
}

async fn load(visit: &SignedInVisit) -> Result<OnboardingData, AdminError> {
    let onboarding_ref: OnboardingRef = visit.path_ref(ResourceType::Onboarding)?;
    let read = move |reader: &WorkspaceReader<'_>| {
        let onboarding = reader.onboarding(&onboarding_ref)?.read()?;
        let customer_ref = Ref::Id(onboarding.customer_id.clone());
        // The page also works if the customer was deleted.
        let customer = match reader.customer(&customer_ref) {
            Err(StoreError::NotFound(_)) => None,
            found => Some(customer_link(&found?.read()?)),
        };
        let resource_id = Some(Id::from_stored(onboarding.id.as_str().to_owned()));
        let filter = AuditFilter { resource_id, ..AuditFilter::default() };
        let page = PageRequest { limit: HISTORY, before: None };
        let history = reader.audit(&filter, &page)?;
        let history = history.entries.into_iter().map(history_entry).collect();
        Ok(OnboardingData { onboarding, customer, history })
    };
    let mut found = visit.read(read).await?;
    let ids = found.history.iter().map(|entry| entry.event_id.clone()).collect();
    for (delivery, endpoint) in deliveries::of_events(visit, ids).await? {
        let entry = found.history.iter_mut().find(|entry| entry.event_id == delivery.event_id);
        let summary = timeline::delivery_summary(delivery.status);
        if let (Some(entry), Some(summary), Some(last)) = (entry, summary, &delivery.last_attempt) {
            entry.deliveries.push(DeliveryLink {
                summary,
                path: format!("/admin/webhooks/{}/deliveries/{}", endpoint.id, delivery.id),
                url: endpoint.url.to_string(),
                at: last.started_at,
            });
        }
    }
    Ok(found)
}

fn history_entry(entry: AuditEntry) -> HistoryEntry {
    let summary = match &entry.phases {
        Some((from, to)) => {
            format!("Phase changed from {} to {}", display::phase(from), display::phase(to))
        }
        None => display::event(&entry.event.kind).to_owned(),
    };
    HistoryEntry {
        event_id: entry.event.id,
        summary,
        actor: display::actor(&entry.event.actor),
        at: entry.event.created_at,
        deliveries: Vec::new(),
    }
}
