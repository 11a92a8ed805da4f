//! Finds the endpoint and the delivery in the path, in the current workspace only.

use crate::admin::error::AdminError;
use crate::admin::links;
use crate::admin::visit::SignedInVisit;
use crate::model::resource::ResourceType;
use crate::model::webhook::endpoint::Endpoint;
use crate::model::webhook::id::{DeliveryId, EndpointId};
use crate::store::webhooks::deliveries::DeliveryDetails;

/// Returns the path of an endpoint's page.
pub(super) fn path(endpoint: &Endpoint) -> String {
    links::endpoint_path(endpoint.id.as_str())
}

pub(super) fn missing() -> AdminError {
    AdminError::NotFound(ResourceType::WebhookEndpoint)
}

/// Returns the endpoint in the path.
pub(super) async fn endpoint(visit: &SignedInVisit) -> Result<Endpoint, AdminError> {
    let id = EndpointId::parse(visit.path_param("id")).ok_or_else(missing)?;
    let all = visit.read(|reader| reader.endpoints()).await?;
    all.into_iter().find(|endpoint| endpoint.id == id).ok_or_else(missing)
}

/// Returns the delivery in the path.
pub(super) async fn delivery(visit: &SignedInVisit) -> Result<DeliveryDetails, AdminError> {
    let endpoint = endpoint(visit).await?;
    let id = DeliveryId::parse(visit.path_param("delivery")).ok_or(AdminError::NoDelivery)?;
    let found = visit.read_all(move |reader| reader.delivery(&id)).await?;
    found.filter(|found| found.endpoint.id == endpoint.id).ok_or(AdminError::NoDelivery)
}
