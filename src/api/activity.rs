//! `/customers/{id}/activity` and `/onboardings/{id}/activity`

use super::answer::{Answer, Reply};
use super::call::Call;
use super::{customers, onboardings};
use crate::model::event::EventFilter;
use crate::model::page::PageRequest;

/// GET `/customers/{id}/activity`
pub(super) async fn of_customer(call: Call) -> Reply {
    let customer = customers::named(&call)?;
    let (filter, page): (EventFilter, PageRequest) = call.query()?;
    call.list(move |reader, caller| {
        Answer::list(&reader.customer_activity(caller.workspace.no, &customer, &filter, &page)?)
    })
    .await
}

/// GET `/onboardings/{id}/activity`
pub(super) async fn of_onboarding(call: Call) -> Reply {
    let onboarding = onboardings::named(&call)?;
    let (filter, page): (EventFilter, PageRequest) = call.query()?;
    call.list(move |reader, caller| {
        Answer::list(&reader.onboarding_activity(
            caller.workspace.no,
            &onboarding,
            &filter,
            &page,
        )?)
    })
    .await
}
