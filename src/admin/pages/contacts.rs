//! `/customers/{ref}/contacts` and `/contacts/{ref}`: what is done with the people at a customer.
//! They are seen on the page of the customer.

use askama::Template;

use super::customer_form;
use crate::admin::error::AdminError;
use crate::admin::forms::edit::{self, Changes, Values};
use crate::admin::forms::form::{Form, Kind, Shape};
use crate::admin::links::path;
use crate::admin::page::{self, Page, Reply, Section, see_other};
use crate::admin::visit::Visit;
use crate::admin::visit::once::{self, once};
use crate::model::contact::{Contact, ContactPatch, ContactRef, NewContact};
use crate::model::customer::{Customer, CustomerRef};
use crate::model::resource::ResourceType;
use crate::store::{WorkspaceReader, WorkspaceTx};

const SHAPE: &Shape = &[
    ("name", Kind::Text),
    ("email", Kind::Text),
    ("title", Kind::Nullable),
    ("is_primary", Kind::Flag),
    ("labels", Kind::List),
];

/// What is said of a form that was sent before.
const SENT_BEFORE: &str = "Its contact is made or is being made, and nothing was done now. It is \
     on the page of its customer.";

#[derive(Template)]
#[template(path = "admin/contacts/form.html")]
struct ContactForm {
    page: Page,
    form: Form,
    customer: Customer,
    is_new: bool,
    once: String,
    action: String,
    back: String,
}

impl ContactForm {
    fn new(visit: &Visit, customer: Customer, form: Form) -> Result<Self, AdminError> {
        Ok(Self {
            page: visit.page("New contact", Section::Customers),
            form,
            is_new: true,
            once: once::value()?,
            action: format!("/customers/{}/contacts", customer.display_id.0),
            back: path(&customer),
            customer,
        })
    }

    fn of(
        visit: &Visit,
        customer: Customer,
        contact: &Contact,
        form: Form,
    ) -> Result<Self, AdminError> {
        Ok(Self {
            page: visit.page("Edit contact", Section::Customers),
            is_new: false,
            action: format!("/contacts/{}/edit", contact.display_id.0),
            ..Self::new(visit, customer, form)?
        })
    }
}

#[derive(Template)]
#[template(path = "admin/contacts/delete.html")]
struct Delete {
    page: Page,
    customer: Customer,
    contact: Contact,
    action: String,
    back: String,
}

/// GET `/customers/{ref}/contacts/new`
pub(in crate::admin) async fn new(visit: Visit) -> Reply {
    let customer = customer_form::named(&visit).await?;
    page::html(&ContactForm::new(&visit, customer, Form::default())?)
}

/// POST `/customers/{ref}/contacts`
pub(in crate::admin) async fn create(visit: Visit) -> Reply {
    let customer = customer_form::named(&visit).await?;
    let named = CustomerRef::Id(customer.id.clone());
    let created = match visit.form().read::<NewContact>(SHAPE) {
        Ok(new) => {
            let create = visit.write(move |tx| tx.create_contact(&named, new));
            once(&visit, "contact", SENT_BEFORE, create).await
        }
        Err(problems) => Err(problems.into()),
    };
    match created {
        Ok(_) => {
            visit.tell("The contact was added.");
            Ok(see_other(&path(&customer)))
        }
        Err(error) => {
            let form = visit.form().clone().with(error.problems().ok_or(error)?);
            page::refused(&ContactForm::new(&visit, customer, form)?)
        }
    }
}

/// GET `/contacts/{ref}/edit`
pub(in crate::admin) async fn edit(visit: Visit) -> Reply {
    let (contact, customer) = named(&visit).await?;
    page::html(&ContactForm::of(&visit, customer, &contact, edit::form(values(&contact)))?)
}

/// POST `/contacts/{ref}/edit`. The button that makes a contact the primary one sends only that.
pub(in crate::admin) async fn update(visit: Visit) -> Reply {
    let (contact, customer) = named(&visit).await?;
    let changes = Changes::of(visit.form(), SHAPE);
    let saved = match changes.read::<ContactPatch>() {
        Ok(None) => Ok(Ok(false)),
        Ok(Some(patch)) => {
            let named = ContactRef::Id(contact.id.clone());
            let save = move |tx: &WorkspaceTx<'_>| {
                let now = tx.reader().contact(&named)?;
                match changes.overtaken(&values(&now)) {
                    Some(form) => Ok(Err(form)),
                    None => tx.update_contact(&named, patch).map(|_| Ok(true)),
                }
            };
            visit.write(save).await
        }
        Err(problems) => Err(problems.into()),
    };
    let refused = match saved {
        Ok(Ok(changed)) => {
            visit.tell(edit::notice(changed));
            return Ok(see_other(&path(&customer)));
        }
        Ok(Err(overtaken)) => overtaken,
        Err(error) => visit.form().clone().with(error.problems().ok_or(error)?),
    };
    page::refused(&ContactForm::of(&visit, customer, &contact, refused)?)
}

/// GET `/contacts/{ref}/delete`
pub(in crate::admin) async fn confirm(visit: Visit) -> Reply {
    let (contact, customer) = named(&visit).await?;
    page::html(&Delete {
        page: visit.page("Delete contact", Section::Customers),
        action: format!("/contacts/{}/delete", contact.display_id.0),
        back: path(&customer),
        customer,
        contact,
    })
}

/// POST `/contacts/{ref}/delete`
pub(in crate::admin) async fn delete(visit: Visit) -> Reply {
    let (contact, customer) = named(&visit).await?;
    let named = ContactRef::Id(contact.id);
    visit.write(move |tx| tx.delete_contact(&named)).await?;
    visit.tell("The contact was deleted.");
    Ok(see_other(&path(&customer)))
}

/// The contact that the path names, with its customer: without that it is not seen.
async fn named(visit: &Visit) -> Result<(Contact, Customer), AdminError> {
    let named: ContactRef = visit.named(ResourceType::Contact)?;
    let read = move |reader: &WorkspaceReader<'_>| {
        let contact = reader.contact(&named)?;
        let of = CustomerRef::Id(contact.customer_id.clone());
        let customer = reader.customer(&of)?;
        Ok((contact, customer))
    };
    visit.read(read).await
}

/// What stands in the form of a contact.
fn values(contact: &Contact) -> Values {
    vec![
        ("name", contact.name.to_string()),
        ("email", contact.email.as_str().to_owned()),
        ("title", contact.title.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("is_primary", if contact.is_primary { "true" } else { "" }.to_owned()),
        ("labels", edit::lines(&contact.labels)),
    ]
}
