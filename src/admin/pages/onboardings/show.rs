//! `/onboardings/{ref}`: the page of an onboarding, and moving it to another phase or state there.

use askama::Template;

use super::delete;
use super::form::CustomerLink;
use crate::admin::display;
use crate::admin::error::AdminError;
use crate::admin::forms::edit;
use crate::admin::forms::field::Place;
use crate::admin::forms::form::Form;
use crate::admin::forms::resource_fields::{ONBOARDING, PROGRESS};
use crate::admin::links::{self, is_overdue, onboarding_path, onboarding_title};
use crate::admin::page::{self, Page, PageResult, Section, see_other};
use crate::admin::pages::webhooks::deliveries;
use crate::admin::views::facts::{Fact, facts};
use crate::admin::views::pager::{self, Pager};
use crate::admin::views::timeline::{self, Entry};
use crate::admin::visit::SignedInVisit;
use crate::admin::visit::save::{self, Saved};
use crate::model::event::{Event, EventFilter};
use crate::model::onboarding::{Onboarding, OnboardingPatch, OnboardingRef};
use crate::model::parse::page::{Page as ListPage, PageRequest};
use crate::model::parse::params::{Params, Query};
use crate::model::resource::ResourceType;
use crate::model::values::time::Timestamp;
use crate::store::{StoreError, WorkspaceReader, WorkspaceTx};

/// The position in the timeline.
struct Cursor(Option<Timestamp>);

impl Query for Cursor {
    fn read(params: &mut Params) -> Self {
        Self(pager::cursor(params, "events"))
    }
}

/// The data of an onboarding's page.
struct OnboardingData {
    onboarding: Onboarding,
    /// `None` if the customer was deleted.
    customer: Option<CustomerLink>,
    events: ListPage<Event>,
}

struct PhaseStep {
    name: &'static str,
    is_current: bool,
}

#[derive(Template)]
#[template(path = "admin/onboardings/show.html")]
struct Show {
    page: Page,
    onboarding: Onboarding,
    customer: Option<CustomerLink>,
    /// Where the customer's page, or its page as a deleted customer, is.
    customer_path: String,
    path: String,
    /// The form for moving it.
    form: Form,
    phases: Vec<(&'static str, &'static str)>,
    states: Vec<(&'static str, &'static str)>,
    steps: Vec<PhaseStep>,
    facts: Vec<Fact>,
    is_overdue: bool,
    entries: Vec<Entry>,
    pager: Pager,
}

/// GET `/onboardings/{ref}`
pub(in crate::admin) async fn show(visit: SignedInVisit) -> PageResult {
    let onboarding_ref: OnboardingRef = visit.path_ref(ResourceType::Onboarding)?;
    let Cursor(cursor) = visit.query()?;
    let id_ref = onboarding_ref.clone();
    match visit.read(move |reader| load(reader, &id_ref, cursor)).await {
        Ok(data) => {
            let form = edit::form(PROGRESS, &data.onboarding);
            page::html(&render(&visit, data, cursor, form).await?)
        }
        Err(AdminError::NotFound(ResourceType::Onboarding)) => {
            delete::deleted_page(&visit, onboarding_ref).await
        }
        Err(error) => Err(error),
    }
}

/// POST `/onboardings/{ref}/progress`
pub(in crate::admin) async fn update_progress(visit: SignedInVisit) -> PageResult {
    let onboarding_ref: OnboardingRef = visit.path_ref(ResourceType::Onboarding)?;
    let id_ref = onboarding_ref.clone();
    let data = visit.read(move |reader| load(reader, &id_ref, None)).await?;
    let read = |reader: &WorkspaceReader<'_>, onboarding_ref: &_| {
        reader.onboarding(onboarding_ref)?.read()
    };
    let update = |tx: &WorkspaceTx<'_>, onboarding_ref: &_, patch: OnboardingPatch| {
        Ok(tx.update_onboarding(onboarding_ref, patch)?.resource)
    };
    let saved = match save::save(&visit, PROGRESS, onboarding_ref, read, update).await? {
        Saved::Rejected(form) => {
            return page::invalid_form(&render(&visit, data, None, form).await?);
        }
        saved => saved,
    };
    visit.set_flash(saved.notice());
    Ok(see_other(&onboarding_path(&data.onboarding)))
}

fn load(
    reader: &WorkspaceReader<'_>,
    onboarding_ref: &OnboardingRef,
    before: Option<Timestamp>,
) -> Result<OnboardingData, StoreError> {
    let onboarding = reader.onboarding(onboarding_ref)?.read()?;
    let customer = CustomerLink::of_onboarding(reader, &onboarding)?;
    let page = PageRequest { before, ..PageRequest::default() };
    let events = reader.onboarding_activity(onboarding_ref, &EventFilter::default(), &page)?;
    Ok(OnboardingData { onboarding, customer, events })
}

async fn render(
    visit: &SignedInVisit,
    data: OnboardingData,
    cursor: Option<Timestamp>,
    form: Form,
) -> Result<Show, AdminError> {
    let OnboardingData { onboarding, customer, events } = data;
    let ids = events.data.iter().map(|event| event.id.clone()).collect();
    let deliveries = deliveries::of_events(visit, ids).await?;
    let now = visit.visitor().admin().store().clock().now();
    let path = onboarding_path(&onboarding);
    let mut entries = timeline::entries(&events.data, &deliveries, &now);
    // The page's title already says what they are about.
    for entry in entries.iter_mut().filter(|entry| entry.path.as_ref() == Some(&path)) {
        entry.about = None;
    }
    let phases = display::options(None, display::phase);
    let current = display::phase(&onboarding.phase);
    Ok(Show {
        page: visit.page(&onboarding_title(&onboarding), Section::Onboardings),
        customer_path: links::customer_path_from_id(onboarding.customer_id.as_str()),
        customer,
        steps: phases
            .iter()
            .map(|&(_, name)| PhaseStep { name, is_current: name == current })
            .collect(),
        phases,
        states: display::options(None, display::state),
        form,
        facts: facts(ONBOARDING, Place::Facts, &onboarding),
        is_overdue: is_overdue(&onboarding, &now),
        entries,
        pager: Pager::of_section(&path, "events", cursor, events.next),
        path,
        onboarding,
    })
}
