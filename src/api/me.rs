//! `/me`: what a key is and to whom it belongs.

use super::answer::{Answer, Reply};
use super::openapi::description::{Description, Group, Success};
use super::openapi::examples;
use super::request::call::Call;
use crate::model::key::secret::Prefix;
use crate::model::key::{Key, KeyId, Mode, Scopes, Tier};
use crate::model::parse::schema::object;
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::workspace::{Workspace, WorkspaceId};

object! {
    /// The key of a request, and to whom it belongs.
    pub(super) struct Me = "me" {
        /// The key.
        api_key: ApiKey,
        /// The organization that it belongs to, and outside of which it sees nothing.
        organization: Organization,
    }
}

object! {
    /// An API key, without its secret.
    pub(super) struct ApiKey {
        /// The key's id.
        id: KeyId,
        /// What people call it.
        name: Name,
        /// The part of the key that is safe to show and to log.
        prefix: Prefix,
        /// What the key may do. The hosted API has no scopes yet and lists none.
        scopes: Scopes,
        /// How many requests a minute it has. Addition: the hosted API does not have the tier
        /// `unlimited`.
        rate_limit_tier: Tier,
        /// Addition: the hosted API does not have this property. Live or test.
        mode: Mode,
        /// Addition: the hosted API does not have this property. Whether the key is a live one.
        livemode: bool,
    }
}

object! {
    /// A workspace: the company whose keys see its customers.
    pub(super) struct Organization {
        /// Its id.
        id: WorkspaceId,
        /// Its unique short name.
        slug: Slug,
        /// Its name.
        name: Name,
    }
}

impl Me {
    /// What the response says about a key.
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
pub(super) async fn show(call: Call) -> Reply {
    Ok(Answer::ok(&Me::new(&call.credentials.key, &call.caller.workspace))?)
}

pub(super) fn describe_show() -> Description {
    Description::new(
        Group::Account,
        "Get the API key",
        &[
            "Tells which key the request was made with, what the key may do, and to which organization \
           it belongs. Every key may ask, whatever its scopes: it is the way to find out whether a \
           key works.",
        ],
        Success::ok(
            "The key and its organization.",
            &Me::new(&examples::key(), &examples::workspace()),
        ),
    )
}
