//! `/customers`

use super::answer::{Answer, Reply};
use super::request::call::Call;
use crate::model::customer::{Customer, CustomerFilter, CustomerPatch, CustomerRef, NewCustomer};
use crate::model::parse::page::PageRequest;
use crate::model::resource::ResourceType;

/// GET `/customers`
pub(super) async fn list(call: Call) -> Reply {
    let (filter, page): (CustomerFilter, PageRequest) = call.query()?;
    call.list(move |reader| Answer::list(&reader.customers(&filter, &page)?)).await
}

/// POST `/customers`
pub(super) async fn create(call: Call) -> Reply {
    let new: NewCustomer = call.body()?;
    call.write(move |tx| {
        let customer = tx.create_customer(new)?;
        Answer::created(&customer, location(&customer))
    })
    .await
}

/// GET `/customers/{id}`
pub(super) async fn show(call: Call) -> Reply {
    let named = named(&call)?;
    call.look_up(|reader| Answer::ok(&reader.customer(&named)?))
}

/// PATCH `/customers/{id}`
pub(super) async fn update(call: Call) -> Reply {
    let named = named(&call)?;
    let patch: CustomerPatch = call.patch()?;
    call.write(move |tx| Answer::ok(&tx.update_customer(&named, patch)?)).await
}

/// DELETE `/customers/{id}`
pub(super) async fn delete(call: Call) -> Reply {
    let named = named(&call)?;
    call.write(move |tx| Answer::deleted(tx.delete_customer(&named)?)).await
}

/// The customer that the path names.
pub(super) fn named(call: &Call) -> Result<CustomerRef, super::error::ApiError> {
    call.named(ResourceType::Customer)
}

fn location(customer: &Customer) -> String {
    format!("/api/v1/customers/{}", customer.id)
}
