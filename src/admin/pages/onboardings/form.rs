//! `/onboardings/new`, `/onboardings/{ref}/edit`, and `/customers/{ref}/onboardings…`: creating and
//! editing onboardings.

use askama::Template;

use crate::admin::display;
use crate::admin::error::AdminError;
use crate::admin::forms::edit::{self, Changes};
use crate::admin::forms::field::{self, Control};
use crate::admin::forms::form::Form;
use crate::admin::forms::resource_fields::ONBOARDING;
use crate::admin::links::{self, onboarding_path, onboarding_title};
use crate::admin::page::{self, Page, PageResult, Section, see_other};
use crate::admin::visit::SignedInVisit;
use crate::admin::visit::save::{self, NOTHING_CHANGED, Saved};
use crate::admin::visit::submit_once;
use crate::model::customer::{Customer, CustomerFilter, CustomerRef};
use crate::model::onboarding::{NewOnboarding, Onboarding, OnboardingPatch, OnboardingRef};
use crate::model::parse::page::{Page as ListPage, PageRequest};
use crate::model::resource::ResourceType;
use crate::model::values::id::{DisplayId, Id, Ref};
use crate::model::values::time::Timestamp;
use crate::store::{StoreError, WorkspaceReader, WorkspaceTx};

/// The most customers to choose from.
const CUSTOMERS: u32 = 25;

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
    /// The path of the onboarding's page, and its title; `None` if it is new.
    onboarding: Option<(String, String)>,
    /// Where Cancel leads.
    back: String,
}

/// A link to the customer of an onboarding.
pub(super) struct CustomerLink {
    pub name: String,
    pub path: String,
}

impl CustomerLink {
    fn new(customer: &Customer) -> Self {
        Self { name: customer.name.as_str().to_owned(), path: links::customer_path(customer) }
    }

    /// Returns `None` if the customer was deleted. The pages of an onboarding still work then.
    pub fn of_onboarding(
        reader: &WorkspaceReader<'_>,
        onboarding: &Onboarding,
    ) -> Result<Option<Self>, StoreError> {
        match reader.customer(&Ref::Id(onboarding.customer_id.clone())) {
            Err(StoreError::NotFound(_)) => Ok(None),
            found => Ok(Some(Self::new(&found?.read()?))),
        }
    }
}

#[derive(Template)]
#[template(path = "admin/onboardings/choose.html")]
struct ChooseCustomer {
    page: Page,
    form: Form,
    customers: Vec<Customer>,
    more: bool,
}

/// GET `/onboardings/new`: choosing the customer.
pub(in crate::admin) async fn choose(visit: SignedInVisit) -> PageResult {
    let form = visit.visitor().query_form();
    let q = Some(form.value("q").trim().to_owned()).filter(|q| !q.is_empty());
    let filter = CustomerFilter { q, ..CustomerFilter::default() };
    let page = PageRequest { limit: CUSTOMERS, before: None };
    let found: ListPage<Customer> =
        visit.read(move |reader| reader.customers(&filter, &page)).await?;
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
            Ok(see_other(&onboarding_path(&onboarding)))
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
    Ok(see_other(&onboarding_path(&onboarding)))
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
        customer: Some(CustomerLink::new(customer)),
        action: format!("/customers/{}/onboardings", customer.display_id.0),
        button: "Create onboarding",
        once: Some(submit_once::new_token()?),
        onboarding: None,
        back: links::customer_path(customer),
    })
}

/// An onboarding with its customer, which may have been deleted.
struct OnboardingData {
    onboarding: Onboarding,
    customer: Option<CustomerLink>,
}

impl OnboardingData {
    fn form(self, visit: &SignedInVisit, form: Form) -> OnboardingForm {
        let path = onboarding_path(&self.onboarding);
        OnboardingForm {
            page: visit.page("Edit onboarding", Section::Onboardings),
            form,
            controls: field::controls(ONBOARDING, false),
            customer: self.customer,
            action: format!("{path}/edit"),
            button: "Save",
            once: None,
            onboarding: Some((path.clone(), onboarding_title(&self.onboarding))),
            back: path,
        }
    }
}

async fn load(visit: &SignedInVisit) -> Result<OnboardingData, AdminError> {
    let onboarding_ref: OnboardingRef = visit.path_ref(ResourceType::Onboarding)?;
    let read = move |reader: &WorkspaceReader<'_>| {
        let onboarding = reader.onboarding(&onboarding_ref)?.read()?;
        let customer = CustomerLink::of_onboarding(reader, &onboarding)?;
        Ok(OnboardingData { onboarding, customer })
    };
    visit.read(read).await
}
