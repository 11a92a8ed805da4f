//! `/onboardings` and `/customers/{id}/onboardings`

use serde_json::{Value, json};
use strum::VariantArray;

use super::answer::{Answer, Reply};
use super::customers;
use super::endpoint::BASE;
use super::error::ApiError;
use super::openapi::bodies::Request;
use super::openapi::description::{Description, Group, Success};
use super::openapi::{examples, links};
use super::request::call::Call;
use crate::model::onboarding::{
    NewOnboarding, OfCustomer, Onboarding, OnboardingFilter, OnboardingPatch, OnboardingRef, State,
};
use crate::model::parse::page::PageRequest;
use crate::model::resource::ResourceType;

/// GET `/onboardings`
pub(super) async fn list(call: Call) -> Reply {
    let (customer, (filter, page)): (OfCustomer, (OnboardingFilter, PageRequest)) = call.query()?;
    call.list(move |reader| Answer::documents(&reader.onboardings(&customer, &filter, &page)?))
        .await
}

pub(super) fn describe_list() -> Description {
    Description::new(
        Group::Onboardings,
        "List onboardings",
        &[
            "Lists the onboardings of the workspace, newest first. Filters can be combined; an \
             onboarding has to match all of them.",
            "When `has_more` is true, send `next_cursor` as `cursor` to get the next page. Deleted \
             onboardings, and those of deleted customers, are in no list.",
        ],
        Success::list("A page of onboardings.", &examples::page(examples::onboarding())),
    )
    .query::<(OfCustomer, (OnboardingFilter, PageRequest))>()
}

/// POST `/onboardings`
pub(super) async fn create(call: Call) -> Reply {
    let new: NewOnboarding = call.body()?;
    call.write(move |tx| {
        let created = tx.create_onboarding(new)?;
        let location = format!("{BASE}/onboardings/{}", created.resource.id);
        Ok(Answer::created(&created.document, location))
    })
    .await
}

pub(super) fn describe_create() -> Description {
    Description::new(
        Group::Onboardings,
        "Create an onboarding",
        &[
            "Opens an onboarding of a customer. Only `customer_id` is required, which may be the \
             customer's `id` or its `display_id`. The onboarding is `active` and in the phase \
             `before_getting_started`, unless others are sent.",
            "`state` is `waiting` exactly when `waiting_on_customer` is true: sending one of them \
             sets the other, and sending both in contradiction is 400 `conflicting_fields`. \
             `started_at` and `completed_at` follow the phase unless they are sent.",
            "An event `onboarding.created` is recorded.",
        ],
        Success::created(
            "The onboarding that was created.",
            &examples::onboarding(),
            links::from_onboarding(),
        ),
    )
    .body::<NewOnboarding>(examples::new_onboarding())
    .fails_with([ApiError::NotFound(ResourceType::Customer)])
}

/// GET `/customers/{id}/onboardings`
pub(super) async fn list_of_customer(call: Call) -> Reply {
    let customer = customers::in_path(&call)?;
    let (filter, page): (OnboardingFilter, PageRequest) = call.query()?;
    call.list(move |reader| Answer::documents(&reader.onboardings_of(&customer, &filter, &page)?))
        .await
}

pub(super) fn describe_list_of_customer() -> Description {
    Description::new(
        Group::Onboardings,
        "List a customer's onboardings",
        &["Lists the onboardings of a customer, newest first. When `has_more` is true, send \
           `next_cursor` as `cursor` to get the next page."],
        Success::list("A page of onboardings.", &examples::page(examples::onboarding())),
    )
    .query::<(OnboardingFilter, PageRequest)>()
}

/// GET `/onboardings/{id}`
pub(super) async fn show(call: Call) -> Reply {
    let named = in_path(&call)?;
    call.look_up(|reader| Ok(Answer::document(&reader.onboarding(&named)?)))
}

pub(super) fn describe_show() -> Description {
    Description::new(
        Group::Onboardings,
        "Get an onboarding",
        &["Gets an onboarding by its `id` or its `display_id`."],
        Success::ok("The onboarding.", &examples::onboarding()),
    )
}

/// PATCH `/onboardings/{id}`
pub(super) async fn update(call: Call) -> Reply {
    let named = in_path(&call)?;
    let patch: OnboardingPatch = call.patch()?;
    call.write(move |tx| Ok(Answer::document(&tx.update_onboarding(&named, patch)?.document))).await
}

pub(super) fn describe_update() -> Description {
    Description::new(
        Group::Onboardings,
        "Update an onboarding",
        &[
            "Changes the properties that are sent and leaves the others as they are. `null` clears a \
             property that can be null. Any move between phases is allowed.",
            "What follows from a change is changed too: `state` and `waiting_on_customer` move \
             together, leaving `before_getting_started` for the first time sets `started_at`, and \
             entering or leaving `completed` sets or clears `completed_at`. A time that is sent is \
             kept as it is. Sending `state` and `waiting_on_customer` in contradiction is 400 \
             `conflicting_fields`.",
            "A body without any property that can be changed is 400 `empty_patch`; properties that \
             are not known are passed over.",
            "A move of the phase or the state records events such as `onboarding.phase_changed` and \
             `onboarding.launched`. Addition: an event `onboarding.updated`, which the hosted API does \
             not have, is recorded with every change.",
        ],
        Success::ok("The onboarding after the change.", &examples::patched_onboarding()),
    )
    .body::<OnboardingPatch>(examples::onboarding_patch())
}

/// DELETE `/onboardings/{id}`
pub(super) async fn delete(call: Call) -> Reply {
    let named = in_path(&call)?;
    call.write(move |tx| Answer::deleted(tx.delete_onboarding(&named)?)).await
}

pub(super) fn describe_delete() -> Description {
    Description::new(
        Group::Onboardings,
        "Delete an onboarding",
        &[
            "Deletes an onboarding: it can no longer be got or changed, and no list has it. Its \
             activity stays readable. Deleting it again gives the same answer. An id that never \
             existed is 404.",
            "Addition: an event `onboarding.deleted` is recorded, which the hosted API does not have.",
        ],
        Success::ok("What is left of the onboarding.", &examples::deleted_onboarding()),
    )
}

/// The onboarding that the path names.
pub(super) fn in_path(call: &Call) -> Result<OnboardingRef, ApiError> {
    call.in_path(ResourceType::Onboarding)
}

impl Request for NewOnboarding {
    const NAME: &'static str = "NewOnboarding";
    const ABOUT: &'static str = "An onboarding to create.";
    type Of = Onboarding;

    fn more(property: &str) -> Option<&'static str> {
        match property {
            "customer_id" => Some("Its `display_id` will do as well."),
            "state" => Some(
                "When it is not sent, it is `waiting` if `waiting_on_customer` is true, and `active` \
                 otherwise.",
            ),
            "waiting_on_customer" => Some(
                "When it is not sent, it is true if the `state` is `waiting`, and false otherwise.",
            ),
            _ => None,
        }
    }

    fn contradiction() -> Option<Value> {
        OnboardingPatch::contradiction()
    }
}

impl Request for OnboardingPatch {
    const NAME: &'static str = "OnboardingPatch";
    const ABOUT: &'static str = "The properties of an onboarding that are to change.";
    const IS_PATCH: bool = true;
    type Of = Onboarding;

    fn contradiction() -> Option<Value> {
        let waiting = <&str>::from(State::Waiting);
        let others: Vec<&str> = State::VARIANTS
            .iter()
            .map(|&state| state.into())
            .filter(|&name| name != waiting)
            .collect();
        Some(json!({
            "required": ["state", "waiting_on_customer"],
            "anyOf": [
                {"properties": {"state": {"const": waiting}, "waiting_on_customer": {"const": false}}},
                {"properties": {"state": {"enum": others}, "waiting_on_customer": {"const": true}}},
            ],
        }))
    }
}
