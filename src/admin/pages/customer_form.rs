//! `/customers/new`, `/customers/{ref}/edit` and `/customers/{ref}/delete`: what is done with
//! customers, by the same parsers and transactions as in the API.

use askama::Template;

use super::customers::pretty;
use crate::admin::error::AdminError;
use crate::admin::forms::edit::{self, Changes, Values};
use crate::admin::forms::form::{Form, Kind, Shape};
use crate::admin::links::path;
use crate::admin::page::{self, Page, Reply, Section, see_other};
use crate::admin::visit::Visit;
use crate::admin::visit::once::{self, once};
use crate::admin::words;
use crate::model::customer::{Customer, CustomerPatch, CustomerRef, CustomerStatus, NewCustomer};
use crate::model::resource::ResourceType;
use crate::model::values::domain::Domain;
use crate::model::values::external_id::ExternalId;
use crate::model::values::invisible::is_blank_text;
use crate::model::values::number::Amount;
use crate::store::WorkspaceTx;

const SHAPE: &Shape = &[
    ("name", Kind::Text),
    ("slug", Kind::Text),
    ("domain", Kind::Nullable),
    ("status", Kind::Text),
    ("plan", Kind::Nullable),
    ("mrr", Kind::Number),
    ("monthly_orders", Kind::Number),
    ("hubspot_company_id", Kind::Nullable),
    ("hubspot_deal_id", Kind::Nullable),
    ("stripe_customer_id", Kind::Nullable),
    ("intercom_company_id", Kind::Nullable),
    ("slack_channel_id", Kind::Nullable),
    ("tags", Kind::List),
    ("metadata", Kind::Json),
];

/// What is said of a form that was sent before.
const SENT_BEFORE: &str = "Its customer is made or is being made, and nothing was done now. It is \
     in the list of customers.";

#[derive(Template)]
#[template(path = "admin/customers/form.html")]
struct CustomerForm {
    page: Page,
    form: Form,
    statuses: Vec<(&'static str, &'static str)>,
    is_new: bool,
    once: String,
    /// Where the form is sent.
    action: String,
    /// Where the way back leads, and what it is called.
    back: String,
    back_to: String,
}

impl CustomerForm {
    fn new(visit: &Visit, form: Form) -> Result<Self, AdminError> {
        Ok(Self {
            page: visit.page("New customer", Section::Customers),
            form,
            statuses: words::options(None, words::status),
            is_new: true,
            once: once::value()?,
            action: "/customers".to_owned(),
            back: "/customers".to_owned(),
            back_to: "Customers".to_owned(),
        })
    }

    fn of(visit: &Visit, customer: &Customer, form: Form) -> Result<Self, AdminError> {
        Ok(Self {
            page: visit.page("Edit customer", Section::Customers),
            is_new: false,
            action: format!("/customers/{}/edit", customer.display_id.0),
            back: path(customer),
            back_to: customer.name.to_string(),
            ..Self::new(visit, form)?
        })
    }
}

#[derive(Template)]
#[template(path = "admin/customers/delete.html")]
struct Delete {
    page: Page,
    customer: Customer,
    action: String,
    back: String,
}

/// GET `/customers/new`
pub(in crate::admin) async fn new(visit: Visit) -> Reply {
    let status = <&str>::from(CustomerStatus::default()).to_owned();
    page::html(&CustomerForm::new(&visit, Form::of([("status", status)]))?)
}

/// POST `/customers`
pub(in crate::admin) async fn create(visit: Visit) -> Reply {
    // Before it is shown again with what is wrong, as a form of the workspace that is looked at.
    visit.meant()?;
    let form = visit.form();
    // A slug that nobody chose is made from the name.
    let chosen = !is_blank_text(form.value("slug"));
    let shape: Vec<_> =
        SHAPE.iter().filter(|(name, _)| *name != "slug" || chosen).copied().collect();
    let created = match form.read::<NewCustomer>(&shape) {
        Ok(new) => {
            let create = visit.write(move |tx| tx.create_customer(new));
            once(&visit, "customer", SENT_BEFORE, create).await
        }
        Err(problems) => Err(problems.into()),
    };
    match created {
        Ok(customer) => {
            visit.tell("The customer was created.");
            Ok(see_other(&path(&customer)))
        }
        Err(error) => {
            let problems = error.problems().ok_or(error)?;
            page::refused(&CustomerForm::new(&visit, form.clone().with(problems))?)
        }
    }
}

/// GET `/customers/{ref}/edit`
pub(in crate::admin) async fn edit(visit: Visit) -> Reply {
    let customer = named(&visit).await?;
    page::html(&CustomerForm::of(&visit, &customer, edit::form(values(&customer)))?)
}

/// POST `/customers/{ref}/edit`
pub(in crate::admin) async fn update(visit: Visit) -> Reply {
    let customer = named(&visit).await?;
    let changes = Changes::of(visit.form(), SHAPE);
    let saved = match changes.read::<CustomerPatch>() {
        Ok(None) => Ok(Ok(None)),
        Ok(Some(patch)) => {
            let named = CustomerRef::Id(customer.id.clone());
            let save = move |tx: &WorkspaceTx<'_>| {
                let now = tx.reader().customer(&named)?;
                match changes.overtaken(&values(&now)) {
                    Some(form) => Ok(Err(form)),
                    None => Ok(Ok(Some(tx.update_customer(&named, patch)?))),
                }
            };
            visit.write(save).await
        }
        Err(problems) => Err(problems.into()),
    };
    let refused = match saved {
        Ok(Ok(saved)) => {
            visit.tell(edit::notice(saved.is_some()));
            return Ok(see_other(&path(saved.as_ref().unwrap_or(&customer))));
        }
        Ok(Err(overtaken)) => overtaken,
        Err(error) => visit.form().clone().with(error.problems().ok_or(error)?),
    };
    page::refused(&CustomerForm::of(&visit, &customer, refused)?)
}

/// GET `/customers/{ref}/delete`
pub(in crate::admin) async fn confirm(visit: Visit) -> Reply {
    let customer = named(&visit).await?;
    page::html(&Delete {
        page: visit.page("Delete customer", Section::Customers),
        action: format!("/customers/{}/delete", customer.display_id.0),
        back: path(&customer),
        customer,
    })
}

/// POST `/customers/{ref}/delete`
pub(in crate::admin) async fn delete(visit: Visit) -> Reply {
    let named: CustomerRef = visit.named(ResourceType::Customer)?;
    visit.write(move |tx| tx.delete_customer(&named)).await?;
    visit.tell("The customer was deleted.");
    Ok(see_other("/customers"))
}

/// The customer that the path names.
pub(in crate::admin) async fn named(visit: &Visit) -> Result<Customer, AdminError> {
    let named: CustomerRef = visit.named(ResourceType::Customer)?;
    visit.read(move |reader| reader.customer(&named)).await
}

/// What stands in the form of a customer.
fn values(customer: &Customer) -> Values {
    let external =
        |id: &Option<ExternalId>| id.as_ref().map(ExternalId::to_string).unwrap_or_default();
    let amount = |amount: Option<Amount>| amount.map(|n| n.get().to_string()).unwrap_or_default();
    vec![
        ("name", customer.name.to_string()),
        ("slug", customer.slug.to_string()),
        ("domain", customer.domain.as_ref().map(Domain::as_str).unwrap_or_default().to_owned()),
        ("status", <&str>::from(customer.status).to_owned()),
        ("plan", customer.plan.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("mrr", amount(customer.mrr)),
        ("monthly_orders", amount(customer.monthly_orders)),
        ("hubspot_company_id", external(&customer.hubspot_company_id)),
        ("hubspot_deal_id", external(&customer.hubspot_deal_id)),
        ("stripe_customer_id", external(&customer.stripe_customer_id)),
        ("intercom_company_id", external(&customer.intercom_company_id)),
        ("slack_channel_id", external(&customer.slack_channel_id)),
        ("tags", edit::lines(&customer.tags)),
        ("metadata", pretty(customer.metadata.as_str())),
    ]
}
