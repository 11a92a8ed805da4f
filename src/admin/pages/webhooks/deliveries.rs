//! The deliveries of the events that a timeline shows.

use std::collections::HashMap;

use crate::admin::error::AdminError;
use crate::admin::visit::SignedInVisit;
use crate::model::webhook::delivery::Delivery;
use crate::model::webhook::endpoint::Endpoint;
use crate::model::webhook::id::EndpointId;
use crate::store::Reader;

/// Returns the deliveries of events of the current workspace, with their endpoints. Leaves out
/// those of deleted endpoints.
pub(in crate::admin) async fn of_events(
    visit: &SignedInVisit,
    events: Vec<String>,
) -> Result<Vec<(Delivery, Endpoint)>, AdminError> {
    let workspace = visit.workspace()?.no;
    let read = move |reader: &Reader<'_>| {
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        let deliveries = reader.deliveries_of_events(&events)?;
        if deliveries.is_empty() {
            return Ok(Vec::new());
        }
        let endpoints: HashMap<EndpointId, Endpoint> = reader
            .for_workspace(workspace)
            .endpoints()?
            .into_iter()
            .map(|endpoint| (endpoint.id.clone(), endpoint))
            .collect();
        let with_endpoint = |(delivery, id)| Some((delivery, endpoints.get(&id)?.clone()));
        Ok(deliveries.into_iter().filter_map(with_endpoint).collect())
    };
    visit.read_all(read).await
}
