//! `/customers/{ref}/contacts` and `/contacts/{ref}`: creating, editing, and deleting contacts. The
//! customer's page lists them.

use askama::Template;

use super::{customer_form, purge};
use crate::admin::error::AdminError;
use crate::admin::forms::edit;
use crate::admin::forms::field::{self, Control};
use crate::admin::forms::form::Form;
use crate::admin::forms::resource_fields::CONTACT;
use crate::admin::links::customer_path;
use crate::admin::page::{self, Page, PageResult, Section, see_other};
use crate::admin::visit::SignedInVisit;
use crate::admin::visit::save::{self, Saved};
use crate::admin::visit::submit_once;
use crate::model::contact::{Contact, ContactPatch, ContactRef, NewContact};
use crate::model::customer::{Customer, CustomerRef};
use crate::model::parse::page::{Page as ListPage, PageRequest};
use crate::model::resource::ResourceType;
use crate::store::{StoreError, WorkspaceReader, WorkspaceTx};

const ALREADY_SUBMITTED: &str = "The contact is on the customer's page.";

#[derive(Template)]
#[template(path = "admin/contacts/form.html")]
struct ContactForm {
    page: Page,
    form: Form,
    controls: Vec<Control>,
    customer: Customer,
    /// Whether it will be the primary contact because it is the customer's first one.
    is_first: bool,
    /// The one-time token; only for a new contact.
    once: Option<String>,
    action: String,
    button: &'static str,
    back: String,
}

impl ContactForm {
    fn new(
        visit: &SignedInVisit,
        customer: Customer,
        is_first: bool,
        form: Form,
    ) -> Result<Self, AdminError> {
        let mut controls = field::controls(CONTACT, true);
        controls.retain(|control| !is_first || control.name != "is_primary");
        Ok(Self {
            page: visit.page("Add contact", Section::Customers),
            form,
            controls,
            is_first,
            once: Some(submit_once::new_token()?),
            action: format!("/customers/{}/contacts", customer.display_id.0),
            button: "Add contact",
            back: customer_path(&customer),
            customer,
        })
    }

    fn edit(visit: &SignedInVisit, customer: Customer, contact: &Contact, form: Form) -> Self {
        Self {
            page: visit.page("Edit contact", Section::Customers),
            form,
            controls: field::controls(CONTACT, false),
            is_first: false,
            once: None,
            action: format!("/contacts/{}/edit", contact.display_id.0),
            button: "Save",
            back: customer_path(&customer),
            customer,
        }
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
pub(in crate::admin) async fn new(visit: SignedInVisit) -> PageResult {
    let customer = customer_form::load(&visit).await?;
    let is_first = is_without_contacts(&visit, &customer).await?;
    page::html(&ContactForm::new(&visit, customer, is_first, Form::default())?)
}

/// POST `/customers/{ref}/contacts`. The first contact of a customer becomes its primary contact, as
/// in the hosted product. The API leaves that to its clients.
pub(in crate::admin) async fn create(visit: SignedInVisit) -> PageResult {
    let customer = customer_form::load(&visit).await?;
    let customer_ref = CustomerRef::Id(customer.id.clone());
    let new = visit.form().parse::<NewContact>(&field::shape(CONTACT));
    let create = move |tx: &WorkspaceTx<'_>, new: NewContact| {
        let is_first = has_no_contacts(&tx.reader(), &customer_ref)?;
        let new = if is_first { new.into_primary() } else { new };
        tx.create_contact(&customer_ref, new)
    };
    match save::create(&visit, "contact", ALREADY_SUBMITTED, new, create).await? {
        Ok(contact) => {
            visit.set_flash(match contact.resource.is_primary {
                true => "Contact added as the primary contact.",
                false => "Contact added.",
            });
            Ok(see_other(&customer_path(&customer)))
        }
        Err(form) => {
            let is_first = is_without_contacts(&visit, &customer).await?;
            page::invalid_form(&ContactForm::new(&visit, customer, is_first, form)?)
        }
    }
}

/// GET `/contacts/{ref}`: leads to the contact on the customer's page.
pub(in crate::admin) async fn show(visit: SignedInVisit) -> PageResult {
    let contact_ref: ContactRef = visit.path_ref(ResourceType::Contact)?;
    let wanted = contact_ref.clone();
    let found = visit.read(move |reader| {
        let contact = reader.contact(&wanted)?.read()?;
        let customer = reader.customer(&CustomerRef::Id(contact.customer_id.clone()));
        Ok((contact, customer.and_then(|customer| customer.read()).ok()))
    });
    match found.await {
        Ok((contact, Some(customer))) => {
            Ok(see_other(&format!("{}#contact-{}", customer_path(&customer), contact.display_id.0)))
        }
        // The customer was deleted, so its page says where its history is.
        Ok((contact, None)) => Ok(see_other(&format!("/customers/{}", contact.customer_id))),
        Err(AdminError::NotFound(_)) => purge::deleted(&visit, contact_ref).await,
        Err(error) => Err(error),
    }
}

async fn is_without_contacts(
    visit: &SignedInVisit,
    customer: &Customer,
) -> Result<bool, AdminError> {
    let customer_ref = CustomerRef::Id(customer.id.clone());
    visit.read(move |reader| has_no_contacts(reader, &customer_ref)).await
}

fn has_no_contacts(
    reader: &WorkspaceReader<'_>,
    customer: &CustomerRef,
) -> Result<bool, StoreError> {
    let newest = PageRequest { limit: 1, before: None };
    let contacts: ListPage<Contact> = reader.contacts_of(customer, &newest)?;
    Ok(contacts.data.is_empty())
}

/// GET `/contacts/{ref}/edit`
pub(in crate::admin) async fn edit(visit: SignedInVisit) -> PageResult {
    let (contact, customer) = load(&visit).await?;
    page::html(&ContactForm::edit(&visit, customer, &contact, edit::form(CONTACT, &contact)))
}

/// POST `/contacts/{ref}/edit`. The button Make primary sends only that field.
pub(in crate::admin) async fn update(visit: SignedInVisit) -> PageResult {
    let (contact, customer) = load(&visit).await?;
    let contact_ref = ContactRef::Id(contact.id.clone());
    let read = |reader: &WorkspaceReader<'_>, contact_ref: &_| reader.contact(contact_ref)?.read();
    let update = |tx: &WorkspaceTx<'_>, contact_ref: &_, patch: ContactPatch| {
        Ok(tx.update_contact(contact_ref, patch)?.resource)
    };
    let saved = match save::save(&visit, CONTACT, contact_ref, read, update).await? {
        Saved::Rejected(form) => {
            return page::invalid_form(&ContactForm::edit(&visit, customer, &contact, form));
        }
        saved => saved,
    };
    visit.set_flash(saved.notice());
    Ok(see_other(&customer_path(&customer)))
}

/// GET `/contacts/{ref}/delete`
pub(in crate::admin) async fn confirm(visit: SignedInVisit) -> PageResult {
    let (contact, customer) = load(&visit).await?;
    page::html(&Delete {
        page: visit.page("Delete contact", Section::Customers),
        action: format!("/contacts/{}/delete", contact.display_id.0),
        back: customer_path(&customer),
        customer,
        contact,
    })
}

/// POST `/contacts/{ref}/delete`
pub(in crate::admin) async fn delete(visit: SignedInVisit) -> PageResult {
    let (contact, customer) = load(&visit).await?;
    let contact_ref = ContactRef::Id(contact.id);
    visit.write(move |tx| tx.delete_contact(&contact_ref)).await?;
    visit.set_flash("Contact deleted.");
    Ok(see_other(&customer_path(&customer)))
}

/// Returns the contact in the path and its customer. Fails if the customer was deleted.
async fn load(visit: &SignedInVisit) -> Result<(Contact, Customer), AdminError> {
    let contact_ref: ContactRef = visit.path_ref(ResourceType::Contact)?;
    let read = move |reader: &WorkspaceReader<'_>| {
        let contact = reader.contact(&contact_ref)?.read()?;
        let customer_ref = CustomerRef::Id(contact.customer_id.clone());
        let customer = reader.customer(&customer_ref)?.read()?;
        Ok((contact, customer))
    };
    visit.read(read).await
}
