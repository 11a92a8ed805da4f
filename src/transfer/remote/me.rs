//! Whom a key belongs to.

use serde::{Deserialize, Serialize};

use super::client::Client;
use super::error::RemoteError;
use super::message::printable;

/// The organization of a key, as the other server describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    pub id: String,
    pub slug: String,
    pub name: String,
}

#[derive(Deserialize)]
struct Me {
    object: String,
    organization: Organization,
}

/// Retrieves the organization. The first request of a transfer: shows whether the URL and the key
/// are right.
///
/// # Errors
/// If there is no Pivotal API at the URL, or it doesn't accept the key.
pub fn organization(client: &mut Client) -> Result<Organization, RemoteError> {
    let reply = client.get("/me", &[])?;
    let parsed = serde_json::from_slice::<Me>(reply.body());
    match parsed {
        Ok(Me { object, organization }) if reply.is_success() && object == "me" => {
            Ok(Organization {
                id: printable(&organization.id),
                slug: printable(&organization.slug),
                name: printable(&organization.name),
            })
        }
        _ => {
            let found = if reply.is_success() {
                "something else".to_owned()
            } else {
                format!("status {}", reply.status())
            };
            Err(RemoteError::NotAnApi { url: client.base().clone(), found })
        }
    }
}
