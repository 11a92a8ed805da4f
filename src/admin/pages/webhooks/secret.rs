//! Signing secrets: a new one appears only in the response to the form that created it.

use askama::Template;

use crate::admin::error::AdminError;
use crate::admin::page::{self, Page, PageResult, Section};
use crate::admin::views::webhook;
use crate::admin::visit::SignedInVisit;
use crate::model::webhook::encryption::StoredSecret;
use crate::model::webhook::endpoint::Endpoint;
use crate::model::webhook::id::EndpointId;
use crate::model::webhook::secret::SigningSecret;

#[derive(Template)]
#[template(path = "admin/webhooks/created.html")]
struct Created {
    page: Page,
    endpoint: Endpoint,
    secret: SigningSecret,
    /// Whether the secret replaces an existing one.
    is_rotated: bool,
}

/// Creates a secret, and encrypts it for the database.
pub(super) fn issue(
    visit: &SignedInVisit,
    endpoint: &EndpointId,
) -> Result<(SigningSecret, StoredSecret), AdminError> {
    let keyring = &visit.visitor().admin().service.settings.webhooks.encryption_key;
    let secret = SigningSecret::generate()?;
    let stored = keyring.seal(endpoint, &secret);
    let stored = stored.map_err(|error| AdminError::Internal(error.to_string()))?;
    Ok((secret, stored))
}

/// Returns the page that shows a new secret.
pub(super) fn page(
    visit: &SignedInVisit,
    endpoint: Endpoint,
    secret: SigningSecret,
    is_rotated: bool,
) -> PageResult {
    let title = if is_rotated { "Secret rotated" } else { "Endpoint added" };
    let page = visit.page(title, Section::Webhooks);
    page::html(&Created { page, endpoint, secret, is_rotated })
}
