//! `/onboardings` and `/customers/{id}/onboardings`.

use serde_json::Value;

use super::customers;
use super::endpoint::BASE;
use super::error::ApiError;
use super::openapi::bodies::BodySchema;
use super::openapi::description::{Description, Group, Success};
use super::openapi::{examples, links};
use super::request::call::Call;
use super::response::{ApiResponse, ApiResult};
use crate::model::onboarding::{
    NewOnboarding, Onboarding, OnboardingFilter, OnboardingPatch, OnboardingRef, OwnerFilter,
};
use crate::model::parse::page::PageRequest;
use crate::model::resource::ResourceType;

/// GET `/onboardings`
pub(super) async fn list(call: Call) -> ApiResult {
    let (customer, (filter, page)): (OwnerFilter, (OnboardingFilter, PageRequest)) =
        call.query()?;
    call.read_list(filter.extent(&customer), move |reader| {
        Ok(ApiResponse::page_text(reader.onboardings(&customer, &filter, &page)?))
    })
    .await
}

pub(super) fn describe_list() -> Description {
    Description::new(
        Group::Onboardings,
        "List onboardings",
        &[
            "Returns a page of the workspace's onboardings, newest first. You can combine filters; an \
             onboarding must match all of them. Deleted onboardings, and those of deleted customers, \
             are not included.",
            "If `has_more` is true, pass `next_cursor` as `cursor` to get the next page.",
        ],
        Success::list("A page of onboardings.", &examples::page(examples::onboarding())),
    )
    .query::<(OwnerFilter, (OnboardingFilter, PageRequest))>()
}

/// POST `/onboardings`
pub(super) async fn create(call: Call) -> ApiResult {
    let new: NewOnboarding = call.body()?;
    call.write(move |tx| {
        let created = tx.create_onboarding(new)?;
        let location = format!("{BASE}/onboardings/{}", created.resource.id);
        Ok(ApiResponse::created(&created.document, location))
    })
    .await
}

pub(super) fn describe_create() -> Description {
    Description::new(
        Group::Onboardings,
        "Create an onboarding",
        &[
            "Creates an onboarding for a customer. Only `customer_id` is required; it can be the \
             customer's `id` or `display_id`. Unless you send other values, the onboarding is \
             `active` and in the phase `before_getting_started`.",
            "`state` is `waiting` exactly when `waiting_on_customer` is true. Sending one of the two \
             sets the other; sending both with contradictory values fails with 400 \
             `conflicting_fields`. `started_at` and `completed_at` are derived from the phase unless \
             you send them.",
            "Records an `onboarding.created` event.",
        ],
        Success::created(
            "The created onboarding.",
            &examples::onboarding(),
            links::for_onboarding(),
        ),
    )
    .body::<NewOnboarding>(examples::new_onboarding())
    .fails_with([ApiError::NotFound(ResourceType::Customer)])
}

/// GET `/customers/{id}/onboardings`
pub(super) async fn list_for_customer(call: Call) -> ApiResult {
    let customer = customers::path_id(&call)?;
    let (filter, page): (OnboardingFilter, PageRequest) = call.query()?;
    call.read_list(filter.extent_of_customer(), move |reader| {
        Ok(ApiResponse::page_text(reader.onboardings_of(&customer, &filter, &page)?))
    })
    .await
}

pub(super) fn describe_list_for_customer() -> Description {
    Description::new(
        Group::Onboardings,
        "List a customer's onboardings",
        &["Returns a page of a customer's onboardings, newest first. If `has_more` is true, pass \
           `next_cursor` as `cursor` to get the next page."],
        Success::list("A page of onboardings.", &examples::page(examples::onboarding())),
    )
    .query::<(OnboardingFilter, PageRequest)>()
}

/// GET `/onboardings/{id}`
pub(super) async fn get(call: Call) -> ApiResult {
    let id = path_id(&call)?;
    call.read_one(move |reader| Ok(ApiResponse::document(&reader.onboarding(&id)?))).await
}

pub(super) fn describe_get() -> Description {
    Description::new(
        Group::Onboardings,
        "Retrieve an onboarding",
        &["Retrieves an onboarding by `id` or `display_id`."],
        Success::ok("The onboarding.", &examples::onboarding()),
    )
}

/// PATCH `/onboardings/{id}`
pub(super) async fn update(call: Call) -> ApiResult {
    let id = path_id(&call)?;
    let patch: OnboardingPatch = call.patch()?;
    call.write(move |tx| Ok(ApiResponse::document(&tx.update_onboarding(&id, patch)?.document)))
        .await
}

pub(super) fn describe_update() -> Description {
    Description::new(
        Group::Onboardings,
        "Update an onboarding",
        &[
            "Updates an onboarding. Fields that you don't send stay unchanged. `null` clears a \
             nullable field. An onboarding can move from any phase to any other.",
            "Some fields change along with others. `state` and `waiting_on_customer` change together; \
             sending both with contradictory values fails with 400 `conflicting_fields`. Leaving \
             `before_getting_started` for the first time sets `started_at`, and entering or leaving \
             `completed` sets or clears `completed_at`, unless you send these timestamps yourself.",
            "A body without any field that can be updated fails with 400 `empty_patch`. Unknown \
             fields are ignored.",
            "A change of phase or state records events such as `onboarding.phase_changed` and \
             `onboarding.launched`. Addition: every change also records an `onboarding.updated` \
             event, which the hosted API doesn't have.",
        ],
        Success::ok("The updated onboarding.", &examples::patched_onboarding()),
    )
    .body::<OnboardingPatch>(examples::onboarding_patch())
}

/// DELETE `/onboardings/{id}`
pub(super) async fn delete(call: Call) -> ApiResult {
    let id = path_id(&call)?;
    call.write(move |tx| ApiResponse::deleted(tx.delete_onboarding(&id)?)).await
}

pub(super) fn describe_delete() -> Description {
    Description::new(
        Group::Onboardings,
        "Delete an onboarding",
        &[
            "Deletes an onboarding. It can no longer be retrieved or updated, and it disappears from \
             every list. Its activity remains readable.",
            "Deleting it again returns the same response. An ID that never existed returns a 404.",
            "Addition: records an `onboarding.deleted` event, which the hosted API doesn't have.",
        ],
        Success::ok("Confirms that the onboarding was deleted.", &examples::deleted_onboarding()),
    )
}

pub(super) fn path_id(call: &Call) -> Result<OnboardingRef, ApiError> {
    call.path_id(ResourceType::Onboarding)
}

impl BodySchema for NewOnboarding {
    const NAME: &'static str = "NewOnboarding";
    const DESCRIPTION: &'static str = "The fields of a new onboarding.";
    type Resource = Onboarding;

    fn extra_description(property: &str) -> Option<&'static str> {
        match property {
            "customer_id" => Some("You can send the customer's `display_id` instead."),
            "state" => Some(
                "Defaults to `waiting` if `waiting_on_customer` is true, otherwise to `active`.",
            ),
            "waiting_on_customer" => {
                Some("Defaults to true if `state` is `waiting`, otherwise to false.")
            }
            _ => None,
        }
    }

    fn invalid_combination() -> Option<Value> {
        Some(OnboardingPatch::contradiction_schema())
    }
}

impl BodySchema for OnboardingPatch {
    const NAME: &'static str = "OnboardingPatch";
    const DESCRIPTION: &'static str = "The fields of an onboarding to update.";
    const IS_PATCH: bool = true;
    type Resource = Onboarding;

    fn invalid_combination() -> Option<Value> {
        Some(Self::contradiction_schema())
    }
}
