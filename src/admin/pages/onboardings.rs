//! `/onboardings/…` and `/customers/{ref}/onboardings…`: opening an onboarding, changing and
//! deleting it. The board is in `board`.

use askama::Template;

use crate::admin::error::AdminError;
use crate::admin::forms::edit::{self, Changes};
use crate::admin::forms::field::{self, Control};
use crate::admin::forms::form::Form;
use crate::admin::forms::properties::ONBOARDING;
use crate::admin::links::{self, card_path, title};
use crate::admin::page::{self, Page, Reply, Section, see_other};
use crate::admin::visit::Visit;
use crate::admin::visit::once;
use crate::admin::visit::save::{self, NOTHING_CHANGED, Saved};
use crate::admin::words;
use crate::model::audit::{AuditEntry, AuditFilter};
use crate::model::customer::{Customer, CustomerFilter, CustomerRef};
use crate::model::onboarding::{NewOnboarding, Onboarding, OnboardingPatch, OnboardingRef};
use crate::model::parse::page::PageRequest;
use crate::model::resource::ResourceType;
use crate::model::values::id::{DisplayId, Id, Ref};
use crate::model::values::time::Timestamp;
use crate::store::{StoreError, WorkspaceReader, WorkspaceTx};

/// Customers that are offered at a time.
const OFFERED: u32 = 25;
/// Lines of the history.
const HISTORY: u32 = 15;

/// What is said of a form that was sent before.
const SENT_BEFORE: &str = "Its onboarding is opened or is being opened, and nothing was done now. \
     It is on the board.";

#[derive(Template)]
#[template(path = "admin/onboardings/form.html")]
struct OnboardingForm {
    page: Page,
    form: Form,
    controls: Vec<Control>,
    customer: Option<Owner>,
    action: String,
    button: &'static str,
    /// What a new one carries, so that it is opened once.
    once: Option<String>,
    /// Where it is deleted; nothing when it is new.
    delete: Option<String>,
    history: Vec<Happened>,
}

/// Whose onboarding it is.
struct Owner {
    name: String,
    path: String,
}

/// A line of the history.
struct Happened {
    says: String,
    actor: String,
    at: Timestamp,
}

#[derive(Template)]
#[template(path = "admin/onboardings/choose.html")]
struct Choose {
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

/// GET `/onboardings/new`: for which customer.
pub(in crate::admin) async fn choose(visit: Visit) -> Reply {
    let form = visit.visitor().query_form();
    let q = Some(form.value("q").trim().to_owned()).filter(|q| !q.is_empty());
    let filter = CustomerFilter { q, ..CustomerFilter::default() };
    let page = PageRequest { limit: OFFERED, before: None };
    let found = visit.read(move |reader| reader.customers(&filter, &page)?.read()).await?;
    let page = visit.page("New onboarding", Section::Onboardings);
    page::html(&Choose { page, form, customers: found.data, more: found.next.is_some() })
}

/// GET `/customers/{ref}/onboardings/new`
pub(in crate::admin) async fn new(visit: Visit) -> Reply {
    let customer = customer(&visit).await?;
    // What an onboarding has that nothing is said of.
    let at = Timestamp::from_micros(0);
    let blank = Onboarding::blank(Id::generate(), DisplayId(0), customer.id.clone(), at);
    page::html(&new_form(&visit, &customer, edit::form(ONBOARDING, &blank))?)
}

/// POST `/customers/{ref}/onboardings`
pub(in crate::admin) async fn create(visit: Visit) -> Reply {
    let customer = customer(&visit).await?;
    let changes = Changes::of(visit.form(), &field::shape(ONBOARDING)).read();
    let properties: Result<OnboardingPatch, _> =
        changes.and_then(|patch| patch.map_or_else(|| Form::default().read(&[]), Ok));
    let of = Ref::Id(customer.id.clone());
    let make = move |tx: &WorkspaceTx<'_>, properties| {
        tx.create_onboarding(NewOnboarding { customer: Some(of), properties })
    };
    match save::create(&visit, "onboarding", SENT_BEFORE, properties, make).await? {
        Ok(onboarding) => {
            let onboarding = onboarding.resource;
            let (title, name) = (title(&onboarding), customer.name.as_str());
            visit.tell(format!("Opened {} for {}.", words::plain(&title), words::plain(name)));
            Ok(see_other(&card_path(&Form::default(), &onboarding)))
        }
        Err(form) => page::refused(&new_form(&visit, &customer, form)?),
    }
}

/// GET `/onboardings/{ref}/edit`
pub(in crate::admin) async fn edit_form(visit: Visit) -> Reply {
    let found = find(&visit).await?;
    let form = edit::form(ONBOARDING, &found.onboarding);
    page::html(&found.form(&visit, form))
}

/// POST `/onboardings/{ref}/edit`
pub(in crate::admin) async fn edit(visit: Visit) -> Reply {
    let found = find(&visit).await?;
    let named = OnboardingRef::Id(found.onboarding.id.clone());
    let read = |reader: &WorkspaceReader<'_>, named: &_| reader.onboarding(named)?.read();
    let update = |tx: &WorkspaceTx<'_>, named: &_, patch: OnboardingPatch| {
        Ok(tx.update_onboarding(named, patch)?.resource)
    };
    let (onboarding, notice) = match save::save(&visit, ONBOARDING, named, read, update).await? {
        Saved::Refused(form) => return page::refused(&found.form(&visit, form)),
        Saved::Changed(onboarding) => {
            let notice = format!("Saved {}.", words::plain(&title(&onboarding)));
            (onboarding, notice)
        }
        Saved::Same => (found.onboarding, NOTHING_CHANGED.to_owned()),
    };
    visit.tell(notice);
    Ok(see_other(&card_path(&Form::default(), &onboarding)))
}

/// GET `/onboardings/{ref}/delete`
pub(in crate::admin) async fn delete_form(visit: Visit) -> Reply {
    let onboarding = find(&visit).await?.onboarding;
    let path = format!("/onboardings/{}", onboarding.display_id.0);
    page::html(&Delete {
        page: visit.page("Delete the onboarding?", Section::Onboardings),
        title: title(&onboarding),
        action: format!("{path}/delete"),
        back: format!("{path}/edit"),
    })
}

/// POST `/onboardings/{ref}/delete`
pub(in crate::admin) async fn delete(visit: Visit) -> Reply {
    let named: OnboardingRef = visit.named(ResourceType::Onboarding)?;
    visit.write(move |tx| tx.delete_onboarding(&named)).await?;
    visit.tell("The onboarding was deleted.");
    Ok(see_other("/onboardings"))
}

/// The customer that the path names.
async fn customer(visit: &Visit) -> Result<Customer, AdminError> {
    let named: CustomerRef = visit.named(ResourceType::Customer)?;
    visit.read(move |reader| reader.customer(&named)?.read()).await
}

fn new_form(visit: &Visit, customer: &Customer, form: Form) -> Result<OnboardingForm, AdminError> {
    Ok(OnboardingForm {
        page: visit.page("New onboarding", Section::Onboardings),
        form,
        controls: field::controls(ONBOARDING, true),
        customer: Some(owner(customer)),
        action: format!("/customers/{}/onboardings", customer.display_id.0),
        button: "Open the onboarding",
        once: Some(once::value()?),
        delete: None,
        history: Vec::new(),
    })
}

fn owner(customer: &Customer) -> Owner {
    Owner { name: customer.name.as_str().to_owned(), path: links::path(customer) }
}

/// The onboarding that the path names, with what its page shows around it.
struct Found {
    onboarding: Onboarding,
    customer: Option<Owner>,
    history: Vec<Happened>,
}

impl Found {
    fn form(self, visit: &Visit, form: Form) -> OnboardingForm {
        let path = format!("/onboardings/{}", self.onboarding.display_id.0);
        OnboardingForm {
            page: visit.page(&title(&self.onboarding), Section::Onboardings),
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

async fn find(visit: &Visit) -> Result<Found, AdminError> {
    let named: OnboardingRef = visit.named(ResourceType::Onboarding)?;
    let read = move |reader: &WorkspaceReader<'_>| {
        let onboarding = reader.onboarding(&named)?.read()?;
        let of = Ref::Id(onboarding.customer_id.clone());
        // It can be opened even when its customer was deleted.
        let customer = match reader.customer(&of) {
            Err(StoreError::NotFound(_)) => None,
            found => Some(owner(&found?.read()?)),
        };
        let resource_id = Some(Id::stored(onboarding.id.as_str().to_owned()));
        let filter = AuditFilter { resource_id, ..AuditFilter::default() };
        let page = PageRequest { limit: HISTORY, before: None };
        let history = reader.audit(&filter, &page)?;
        let history = history.entries.into_iter().map(happened).collect();
        Ok(Found { onboarding, customer, history })
    };
    visit.read(read).await
}

fn happened(entry: AuditEntry) -> Happened {
    let says = match &entry.phases {
        Some((from, to)) => {
            format!("Moved from {} to {}", words::phase(from), words::phase(to))
        }
        None => words::event(&entry.event.kind).to_owned(),
    };
    Happened { says, actor: words::actor(&entry.event.actor), at: entry.event.created_at }
}
