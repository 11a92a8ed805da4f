//! Checks the URL of an endpoint before it is stored.

use std::net::ToSocketAddrs;

use url::Host;

use crate::model::webhook::policy::{DestinationPolicy, Refusal};
use crate::model::webhook::url::EndpointUrl;
use crate::service::Service;

/// Looks up the host name, which can take seconds, and checks all of its addresses. The URL isn't
/// refused if the lookup fails, because every attempt checks it again.
///
/// # Errors
/// See [`Refusal`].
pub(crate) fn check_destination(
    policy: &DestinationPolicy,
    url: &EndpointUrl,
) -> Result<(), Refusal> {
    policy.check_url(url)?;
    let Some(Host::Domain(name)) = url.host() else { return Ok(()) };
    match (name, 0).to_socket_addrs() {
        Ok(found) => policy.check_addresses(true, found.map(|address| address.ip())),
        Err(_) => Ok(()),
    }
}

/// Like [`check_destination`], but looks up no name if the server is a demo.
///
/// # Errors
/// See [`Refusal`].
pub(crate) fn check_destination_for(service: &Service, url: &EndpointUrl) -> Result<(), Refusal> {
    let policy = service.settings.destinations();
    match service.demo() {
        Some(_) => policy.check_url(url),
        None => check_destination(&policy, url),
    }
}
