//! `/customers`.

use super::endpoint::BASE;
use super::error::ApiError;
use super::openapi::bodies::BodySchema;
use super::openapi::description::{Description, Group, Success};
use super::openapi::{examples, links};
use super::request::call::Call;
use super::response::{ApiResponse, ApiResult};
use crate::model::customer::{Customer, CustomerFilter, CustomerPatch, CustomerRef, NewCustomer};
use crate::model::parse::page::PageRequest;
use crate::model::resource::ResourceType;

/// GET `/customers`
pub(super) async fn list(call: Call) -> ApiResult {
    let (filter, page): (CustomerFilter, PageRequest) = call.query()?;
    let extent = filter.extent();
    call.read_list(extent, move |reader| {
        Ok(ApiResponse::page_text(reader.customers(&filter, &page)?))
    })
    .await
}

pub(super) fn describe_list() -> Description {
    Description::new(
        Group::Customers,
        "List customers",
        &[
            "Returns a page of the workspace's customers, newest first. You can combine filters; a \
             customer must match all of them. Deleted customers are not included.",
            "If `has_more` is true, pass `next_cursor` as `cursor` to get the next page. No customer \
             is skipped or returned twice, even if others are created while you page through the \
             list.",
        ],
        Success::list("A page of customers.", &examples::page(examples::customer())),
    )
    .query::<(CustomerFilter, PageRequest)>()
}

/// POST `/customers`
pub(super) async fn create(call: Call) -> ApiResult {
    let new: NewCustomer = call.body()?;
    call.write(move |tx| {
        let created = tx.create_customer(new)?;
        let location = format!("{BASE}/customers/{}", created.resource.id);
        Ok(ApiResponse::created(&created.document, location))
    })
    .await
}

pub(super) fn describe_create() -> Description {
    Description::new(
        Group::Customers,
        "Create a customer",
        &[
            "Creates a customer. Only `name` is required. If you don't send a `slug`, it is generated \
             from the name: `Aurora Shipping` becomes `aurora-shipping`, or `aurora-shipping-2` if \
             that one is taken.",
            "If you send a slug that another customer uses, the request fails with 409 `slug_taken`. \
             The slug of a deleted customer is available again.",
            "Records a `customer.created` event.",
        ],
        Success::created(
            "The created customer.",
            &examples::customer(),
            links::for_customer(),
        ),
    )
    .body::<NewCustomer>(examples::new_customer())
    .fails_with([ApiError::SlugTaken])
}

/// GET `/customers/{id}`
pub(super) async fn get(call: Call) -> ApiResult {
    let id = path_id(&call)?;
    call.read_one(move |reader| Ok(ApiResponse::document(&reader.customer(&id)?))).await
}

pub(super) fn describe_get() -> Description {
    Description::new(
        Group::Customers,
        "Retrieve a customer",
        &[
            "Retrieves a customer by `id` or `display_id`. A slug is not an ID: to find a customer by \
             slug, list customers with the `slug` filter.",
        ],
        Success::ok("The customer.", &examples::customer()),
    )
}

/// PATCH `/customers/{id}`
pub(super) async fn update(call: Call) -> ApiResult {
    let id = path_id(&call)?;
    let patch: CustomerPatch = call.patch()?;
    call.write(move |tx| Ok(ApiResponse::document(&tx.update_customer(&id, patch)?.document))).await
}

pub(super) fn describe_update() -> Description {
    Description::new(
        Group::Customers,
        "Update a customer",
        &[
            "Updates a customer. Fields that you don't send stay unchanged. `null` clears a \
             nullable field. `tags` and `metadata` are replaced as a whole.",
            "A body without any field that can be updated fails with 400 `empty_patch`. Unknown \
             fields are ignored.",
            "Records a `customer.updated` event, followed by `customer.at_risk`, `customer.churned`, \
             or `customer.archived` if the status changes to that value.",
            "If the status changes to `churned`, the customer's `active` onboardings are paused, each \
             with its own events. They stay paused if the customer comes back.",
        ],
        Success::ok("The updated customer.", &examples::patched_customer()),
    )
    .body::<CustomerPatch>(examples::customer_patch())
    .fails_with([ApiError::SlugTaken])
}

/// DELETE `/customers/{id}`
pub(super) async fn delete(call: Call) -> ApiResult {
    let id = path_id(&call)?;
    call.write(move |tx| ApiResponse::deleted(tx.delete_customer(&id)?)).await
}

pub(super) fn describe_delete() -> Description {
    Description::new(
        Group::Customers,
        "Delete a customer",
        &[
            "Deletes a customer. It can no longer be retrieved or updated, it disappears from every \
             list, and its slug becomes available again. Its contacts and onboardings disappear from \
             every list too, but you can still retrieve them by their own IDs. Its activity remains \
             readable.",
            "Deleting it again returns the same response. An ID that never existed returns a 404.",
            "Addition: records a `customer.archived` event. The hosted API doesn't record one when a \
             customer is deleted.",
        ],
        Success::ok("Confirms that the customer was deleted.", &examples::deleted_customer()),
    )
}

pub(super) fn path_id(call: &Call) -> Result<CustomerRef, ApiError> {
    call.path_id(ResourceType::Customer)
}

impl BodySchema for NewCustomer {
    const NAME: &'static str = "NewCustomer";
    const DESCRIPTION: &'static str = "The fields of a new customer.";
    type Resource = Customer;
}

impl BodySchema for CustomerPatch {
    const NAME: &'static str = "CustomerPatch";
    const DESCRIPTION: &'static str = "The fields of a customer to update.";
    const IS_PATCH: bool = true;
    type Resource = Customer;
}
