//! `/customers/new`, `/customers/{ref}/edit` and `/customers/{ref}/delete`: what is done with
//! customers, by the same parsers and transactions as in the API.

use askama::Template;

use crate::admin::error::AdminError;
use crate::admin::forms::edit;
use crate::admin::forms::field::{self, Control};
use crate::admin::forms::form::Form;
use crate::admin::forms::properties::CUSTOMER;
use crate::admin::links::path;
use crate::admin::page::{self, Page, Reply, Section, see_other};
use crate::admin::visit::Visit;
use crate::admin::visit::once;
use crate::admin::visit::save::{self, Saved};
use crate::model::customer::{Customer, CustomerPatch, CustomerRef, CustomerStatus, NewCustomer};
use crate::model::resource::ResourceType;
use crate::store::{WorkspaceReader, WorkspaceTx};

/// What is said of a form that was sent before.
const SENT_BEFORE: &str = "Its customer is made or is being made, and nothing was done now. It is \
     in the list of customers.";

#[derive(Template)]
#[template(path = "admin/customers/form.html")]
struct CustomerForm {
    page: Page,
    form: Form,
    controls: Vec<Control>,
    /// What a new one carries, so that it is created once.
    once: Option<String>,
    action: String,
    button: &'static str,
    back: String,
    /// What the customer is called that the way back leads to.
    name: Option<String>,
}

impl CustomerForm {
    fn new(visit: &Visit, form: Form) -> Result<Self, AdminError> {
        Ok(Self {
            page: visit.page("New customer", Section::Customers),
            form,
            controls: field::controls(CUSTOMER, true),
            once: Some(once::value()?),
            action: "/customers".to_owned(),
            button: "Create",
            back: "/customers".to_owned(),
            name: None,
        })
    }

    fn of(visit: &Visit, customer: &Customer, form: Form) -> Self {
        Self {
            page: visit.page("Edit customer", Section::Customers),
            form,
            controls: field::controls(CUSTOMER, false),
            once: None,
            action: format!("/customers/{}/edit", customer.display_id.0),
            button: "Save",
            back: path(customer),
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
pub(in crate::admin) async fn new(visit: Visit) -> Reply {
    let status = <&str>::from(CustomerStatus::default()).to_owned();
    page::html(&CustomerForm::new(&visit, Form::of([("status", status)]))?)
}

/// POST `/customers`
pub(in crate::admin) async fn create(visit: Visit) -> Reply {
    let new = visit.form().read::<NewCustomer>(&field::new_shape(CUSTOMER, visit.form()));
    let make = |tx: &WorkspaceTx<'_>, new| tx.create_customer(new);
    match save::create(&visit, "customer", SENT_BEFORE, new, make).await? {
        Ok(customer) => {
            visit.tell("The customer was created.");
            Ok(see_other(&path(&customer.resource)))
        }
        Err(form) => page::refused(&CustomerForm::new(&visit, form)?),
    }
}

/// GET `/customers/{ref}/edit`
pub(in crate::admin) async fn edit(visit: Visit) -> Reply {
    let customer = named(&visit).await?;
    page::html(&CustomerForm::of(&visit, &customer, edit::form(CUSTOMER, &customer)))
}

/// POST `/customers/{ref}/edit`
pub(in crate::admin) async fn update(visit: Visit) -> Reply {
    let customer = named(&visit).await?;
    let named = CustomerRef::Id(customer.id.clone());
    let read = |reader: &WorkspaceReader<'_>, named: &_| reader.customer(named)?.read();
    let update = |tx: &WorkspaceTx<'_>, named: &_, patch: CustomerPatch| {
        Ok(tx.update_customer(named, patch)?.resource)
    };
    let saved = match save::save(&visit, CUSTOMER, named, read, update).await? {
        Saved::Refused(form) => {
            return page::refused(&CustomerForm::of(&visit, &customer, form));
        }
        saved => saved,
    };
    visit.tell(saved.notice());
    Ok(see_other(&path(&saved.or(customer))))
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
    visit.read(move |reader| reader.customer(&named)?.read()).await
}
