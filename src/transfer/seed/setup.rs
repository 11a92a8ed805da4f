//! What an import of a seed needs to know about the server.

use crate::model::webhook::encryption::Keyring;
use crate::model::webhook::policy::Refusal;
use crate::model::webhook::url::EndpointUrl;

/// The settings that webhook endpoints are created with.
pub struct SeedSetup<'s> {
    /// Encrypts signing secrets.
    pub keyring: &'s Keyring,
    /// Refuses URLs that the server wouldn't send to.
    pub check_url: &'s (dyn Fn(&EndpointUrl) -> Result<(), Refusal> + Sync),
}
