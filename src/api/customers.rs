//! `/customers`

use super::answer::{Answer, Reply};
use super::endpoint::BASE;
use super::error::ApiError;
use super::openapi::bodies::Request;
use super::openapi::description::{Description, Group, Success};
use super::openapi::{examples, links};
use super::request::call::Call;
use crate::model::customer::{Customer, CustomerFilter, CustomerPatch, CustomerRef, NewCustomer};
use crate::model::parse::page::PageRequest;
use crate::model::resource::ResourceType;

/// GET `/customers`
pub(super) async fn list(call: Call) -> Reply {
    let (filter, page): (CustomerFilter, PageRequest) = call.query()?;
    call.list(move |reader| Answer::documents(&reader.customers(&filter, &page)?)).await
}

pub(super) fn describe_list() -> Description {
    Description::new(
        Group::Customers,
        "List customers",
        &[
            "Lists the customers of the workspace, newest first. Filters can be combined; a customer \
             has to match all of them.",
            "When `has_more` is true, send `next_cursor` as `cursor` to get the next page. No \
             customer is skipped or repeated on the way, also when others are created meanwhile. \
             Deleted customers are in no list.",
        ],
        Success::list("A page of customers.", &examples::page(examples::customer())),
    )
    .query::<(CustomerFilter, PageRequest)>()
}

/// POST `/customers`
pub(super) async fn create(call: Call) -> Reply {
    let new: NewCustomer = call.body()?;
    call.write(move |tx| {
        let created = tx.create_customer(new)?;
        let location = format!("{BASE}/customers/{}", created.resource.id);
        Ok(Answer::created(&created.document, location))
    })
    .await
}

pub(super) fn describe_create() -> Description {
    Description::new(
        Group::Customers,
        "Create a customer",
        &[
            "Creates a customer. Only the name is required. A slug that is not given is made from \
             the name: `Aurora Shipping` becomes `aurora-shipping`, or `aurora-shipping-2` when that \
             is taken.",
            "A slug that is given has to be free among the customers that are not deleted; otherwise \
             the answer is 409 `slug_taken`.",
            "An event `customer.created` is recorded.",
        ],
        Success::created(
            "The customer that was created.",
            &examples::customer(),
            links::from_customer(),
        ),
    )
    .body::<NewCustomer>(examples::new_customer())
    .fails_with([ApiError::SlugTaken])
}

/// GET `/customers/{id}`
pub(super) async fn show(call: Call) -> Reply {
    let named = in_path(&call)?;
    call.look_up(|reader| Ok(Answer::document(&reader.customer(&named)?)))
}

pub(super) fn describe_show() -> Description {
    Description::new(
        Group::Customers,
        "Get a customer",
        &[
            "Gets a customer by its `id` or its `display_id`. A slug is not an id: filter the list by \
           `slug` to find a customer by it.",
        ],
        Success::ok("The customer.", &examples::customer()),
    )
}

/// PATCH `/customers/{id}`
pub(super) async fn update(call: Call) -> Reply {
    let named = in_path(&call)?;
    let patch: CustomerPatch = call.patch()?;
    call.write(move |tx| Ok(Answer::document(&tx.update_customer(&named, patch)?.document))).await
}

pub(super) fn describe_update() -> Description {
    Description::new(
        Group::Customers,
        "Update a customer",
        &[
            "Changes the properties that are sent and leaves the others as they are. `null` clears a \
             property that can be null. `tags` and `metadata` are replaced as a whole.",
            "A body without any property that can be changed is 400 `empty_patch`; properties that \
             are not known are passed over.",
            "An event `customer.updated` is recorded, and with it `customer.at_risk`, \
             `customer.churned` or `customer.archived` when the status becomes one of these.",
            "When the status becomes `churned`, the customer's onboardings in state `active` are \
             paused, each with its own events. They stay paused when the customer comes back.",
        ],
        Success::ok("The customer after the change.", &examples::patched_customer()),
    )
    .body::<CustomerPatch>(examples::customer_patch())
    .fails_with([ApiError::SlugTaken])
}

/// DELETE `/customers/{id}`
pub(super) async fn delete(call: Call) -> Reply {
    let named = in_path(&call)?;
    call.write(move |tx| Answer::deleted(tx.delete_customer(&named)?)).await
}

pub(super) fn describe_delete() -> Description {
    Description::new(
        Group::Customers,
        "Delete a customer",
        &[
            "Deletes a customer: it can no longer be got or changed, no list has it, and its slug is \
             free again. Its contacts and onboardings leave every list as well, and can still be got \
             by their own ids. Its activity stays readable.",
            "Deleting it again gives the same answer. An id that never existed is 404.",
            "Addition: an event `customer.archived` is recorded, which the hosted API does not do when \
             a customer is deleted.",
        ],
        Success::ok("What is left of the customer.", &examples::deleted_customer()),
    )
}

/// The customer that the path names.
pub(super) fn in_path(call: &Call) -> Result<CustomerRef, ApiError> {
    call.in_path(ResourceType::Customer)
}

impl Request for NewCustomer {
    const NAME: &'static str = "NewCustomer";
    const ABOUT: &'static str = "A customer to create.";
    type Of = Customer;
}

impl Request for CustomerPatch {
    const NAME: &'static str = "CustomerPatch";
    const ABOUT: &'static str = "The properties of a customer that are to change.";
    const IS_PATCH: bool = true;
    type Of = Customer;
}
