//! `/onboardings` and `/customers/{id}/onboardings`

use super::answer::{Answer, Reply};
use super::customers;
use super::error::ApiError;
use super::request::call::Call;
use crate::model::onboarding::{
    NewOnboarding, OfCustomer, Onboarding, OnboardingFilter, OnboardingPatch, OnboardingRef,
};
use crate::model::parse::page::PageRequest;
use crate::model::resource::ResourceType;

/// GET `/onboardings`
pub(super) async fn list(call: Call) -> Reply {
    let (customer, (filter, page)): (OfCustomer, (OnboardingFilter, PageRequest)) = call.query()?;
    call.list(move |reader| Answer::list(&reader.onboardings(&customer, &filter, &page)?)).await
}

/// POST `/onboardings`
pub(super) async fn create(call: Call) -> Reply {
    let new: NewOnboarding = call.body()?;
    call.write(move |tx| {
        let onboarding = tx.create_onboarding(new)?;
        Answer::created(&onboarding, location(&onboarding))
    })
    .await
}

/// GET `/customers/{id}/onboardings`
pub(super) async fn list_of_customer(call: Call) -> Reply {
    let customer = customers::named(&call)?;
    let (filter, page): (OnboardingFilter, PageRequest) = call.query()?;
    call.list(move |reader| Answer::list(&reader.onboardings_of(&customer, &filter, &page)?)).await
}

/// GET `/onboardings/{id}`
pub(super) async fn show(call: Call) -> Reply {
    let named = named(&call)?;
    call.look_up(|reader| Answer::ok(&reader.onboarding(&named)?))
}

/// PATCH `/onboardings/{id}`
pub(super) async fn update(call: Call) -> Reply {
    let named = named(&call)?;
    let patch: OnboardingPatch = call.patch()?;
    call.write(move |tx| Answer::ok(&tx.update_onboarding(&named, patch)?)).await
}

/// DELETE `/onboardings/{id}`
pub(super) async fn delete(call: Call) -> Reply {
    let named = named(&call)?;
    call.write(move |tx| Answer::deleted(tx.delete_onboarding(&named)?)).await
}

/// The onboarding that the path names.
pub(super) fn named(call: &Call) -> Result<OnboardingRef, ApiError> {
    call.named(ResourceType::Onboarding)
}

fn location(onboarding: &Onboarding) -> String {
    format!("/api/v1/onboardings/{}", onboarding.id)
}
