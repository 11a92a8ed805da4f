//! `/me`: the API key of a request and its organization.

use super::openapi::description::{Description, Group, Success};
use super::openapi::examples;
use super::request::call::Call;
use super::response::{ApiResponse, ApiResult};
use crate::model::key::secret::Prefix;
use crate::model::key::{Key, KeyId, Mode, Scopes, Tier};
use crate::model::parse::schema::object;
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::workspace::{Workspace, WorkspaceId};

object! {
    /// The API key that made the request, and its organization.
    pub(super) struct Me = "me" {
        /// The API key that made the request.
        api_key: ApiKey,
        /// The organization that the key belongs to. The key can't access any other organization's
        /// data.
        organization: Organization,
    }
}

object! {
    /// An API key, without its secret.
    pub(super) struct ApiKey {
        /// The key's unique ID.
        id: KeyId,
        /// The key's name.
        name: Name,
        /// The first characters of the key. Safe to display and to log.
        prefix: Prefix,
        /// What the key is allowed to do. The hosted API has no scopes yet and returns an empty
        /// list.
        scopes: Scopes,
        /// The key's rate limit tier, which sets how many requests per minute it can make.
        /// Addition: the hosted API doesn't have the `unlimited` tier.
        rate_limit_tier: Tier,
        /// Addition: the hosted API doesn't have this field. Whether this is a live or a test key.
        mode: Mode,
        /// Addition: the hosted API doesn't have this field. True for a live key, false for a test
        /// key.
        livemode: bool,
    }
}

object! {
    /// An organization, also called a workspace. It owns API keys and customers.
    pub(super) struct Organization {
        /// The organization's unique ID.
        id: WorkspaceId,
        /// The organization's short name, which is unique on this server.
        slug: Slug,
        /// The organization's name.
        name: Name,
    }
}

impl Me {
    pub fn new(key: &Key, workspace: &Workspace) -> Self {
        let (key, workspace) = (key.clone(), workspace.clone());
        Self {
            api_key: ApiKey {
                id: key.id,
                name: key.name,
                prefix: key.prefix,
                scopes: key.scopes,
                rate_limit_tier: key.tier,
                mode: key.mode,
                livemode: key.mode.is_live(),
            },
            organization: Organization {
                id: workspace.id,
                slug: workspace.slug,
                name: workspace.name,
            },
        }
    }
}

/// GET `/me`
pub(super) async fn get(call: Call) -> ApiResult {
    Ok(ApiResponse::ok(&Me::new(&call.credentials.key, &call.caller.workspace))?)
}

pub(super) fn describe_get() -> Description {
    Description::new(
        Group::Account,
        "Retrieve the current API key",
        &[
            "Returns the API key that made the request, its scopes, and the organization it belongs \
             to. It works with every key, whatever its scopes, so you can use it to check that a key \
             works.",
        ],
        Success::ok(
            "The API key and its organization.",
            &Me::new(&examples::key(), &examples::workspace()),
        ),
    )
}
