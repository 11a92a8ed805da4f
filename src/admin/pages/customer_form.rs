//! `/customers/new`, `/customers/{ref}/edit`, and `/customers/{ref}/delete`: creating, editing, and
//! deleting customers, with the parsers and transactions of the API.

use askama::Template;

use crate::admin::error::AdminError;
use crate::admin::forms::edit;
use crate::admin::forms::field::{self, Control, Field};
use crate::admin::forms::form::Form;
use crate::admin::forms::resource_fields::customer_fields;
use crate::admin::links::customer_path;
use crate::admin::page::{self, Page, PageResult, Section, see_other};
use crate::admin::visit::SignedInVisit;
use crate::admin::visit::save::{self, Saved};
use crate::admin::visit::submit_once;
use crate::model::customer::{Customer, CustomerPatch, CustomerRef, CustomerStatus, NewCustomer};
use crate::model::resource::ResourceType;
use crate::store::{WorkspaceReader, WorkspaceTx};

const ALREADY_SUBMITTED: &str = "The customer is in the list of customers.";

#[derive(Template)]
#[template(path = "admin/customers/form.html")]
struct CustomerForm {
    page: Page,
    form: Form,
    controls: Vec<Control>,
    /// The one-time token; only for a new customer.
    once: Option<String>,
    action: String,
    button: &'static str,
    back: String,
    /// The name of the customer; `None` if it is new.
    name: Option<String>,
}

impl CustomerForm {
    fn new(visit: &SignedInVisit, form: Form) -> Result<Self, AdminError> {
        Ok(Self {
            page: visit.page("Create customer", Section::Customers),
            form,
            controls: field::controls(&customer_fields(visit.currency()?), true),
            once: Some(submit_once::new_token()?),
            action: "/customers".to_owned(),
            button: "Create customer",
            back: "/customers".to_owned(),
            name: None,
        })
    }

    fn edit(visit: &SignedInVisit, customer: &Customer, fields: &[Field], form: Form) -> Self {
        Self {
            page: visit.page("Edit customer", Section::Customers),
            form,
            controls: field::controls(fields, false),
            once: None,
            action: format!("/customers/{}/edit", customer.display_id.0),
            button: "Save",
            back: customer_path(customer),
            name: Some(customer.name.to_string()),
        }
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
pub(in crate::admin) async fn new(visit: SignedInVisit) -> PageResult {
    let status = <&str>::from(CustomerStatus::default()).to_owned();
    page::html(&CustomerForm::new(&visit, Form::from_values([("status", status)]))?)
}

/// POST `/customers`
pub(in crate::admin) async fn create(visit: SignedInVisit) -> PageResult {
    let fields = customer_fields(visit.currency()?);
    let new = visit.form().parse::<NewCustomer>(&field::new_shape(&fields, visit.form()));
    let create = |tx: &WorkspaceTx<'_>, new| tx.create_customer(new);
    match save::create(&visit, "customer", ALREADY_SUBMITTED, new, create).await? {
        Ok(customer) => {
            visit.set_flash("Customer created.");
            Ok(see_other(&customer_path(&customer.resource)))
        }
        Err(form) => page::invalid_form(&CustomerForm::new(&visit, form)?),
    }
}

/// GET `/customers/{ref}/edit`
pub(in crate::admin) async fn edit(visit: SignedInVisit) -> PageResult {
    let customer = load(&visit).await?;
    let fields = customer_fields(visit.currency()?);
    page::html(&CustomerForm::edit(&visit, &customer, &fields, edit::form(&fields, &customer)))
}

/// POST `/customers/{ref}/edit`
pub(in crate::admin) async fn update(visit: SignedInVisit) -> PageResult {
    let customer = load(&visit).await?;
    let customer_ref = CustomerRef::Id(customer.id.clone());
    let read =
        |reader: &WorkspaceReader<'_>, customer_ref: &_| reader.customer(customer_ref)?.read();
    let update = |tx: &WorkspaceTx<'_>, customer_ref: &_, patch: CustomerPatch| {
        Ok(tx.update_customer(customer_ref, patch)?.resource)
    };
    let fields = customer_fields(visit.currency()?);
    let saved = match save::save(&visit, fields.clone(), customer_ref, read, update).await? {
        Saved::Rejected(form) => {
            return page::invalid_form(&CustomerForm::edit(&visit, &customer, &fields, form));
        }
        saved => saved,
    };
    visit.set_flash(saved.notice());
    Ok(see_other(&customer_path(&saved.resource_or(customer))))
}

/// GET `/customers/{ref}/delete`
pub(in crate::admin) async fn confirm(visit: SignedInVisit) -> PageResult {
    let customer = load(&visit).await?;
    page::html(&Delete {
        page: visit.page("Delete customer", Section::Customers),
        action: format!("/customers/{}/delete", customer.display_id.0),
        back: customer_path(&customer),
        customer,
    })
}

/// POST `/customers/{ref}/delete`
pub(in crate::admin) async fn delete(visit: SignedInVisit) -> PageResult {
    let customer_ref: CustomerRef = visit.path_ref(ResourceType::Customer)?;
    visit.write(move |tx| tx.delete_customer(&customer_ref)).await?;
    visit.set_flash("Customer deleted.");
    Ok(see_other("/customers"))
}

/// Returns the customer in the path.
pub(in crate::admin) async fn load(visit: &SignedInVisit) -> Result<Customer, AdminError> {
    let customer_ref: CustomerRef = visit.path_ref(ResourceType::Customer)?;
    visit.read(move |reader| reader.customer(&customer_ref)?.read()).await
}
