//! `/me`: what a key is and to whom it belongs.

use serde::Serialize;

use super::answer::{Answer, Reply};
use super::call::Call;
use crate::model::id::Id;
use crate::model::key::{Key, Mode, Prefix, Scopes, Tier};
use crate::model::slug::Slug;
use crate::model::text::Name;
use crate::model::workspace::Workspace;

#[derive(Serialize)]
#[serde(tag = "object", rename = "me")]
struct Me<'m> {
    api_key: ApiKey<'m>,
    organization: Organization<'m>,
}

#[derive(Serialize)]
struct ApiKey<'m> {
    id: &'m Id<Key>,
    name: &'m Name,
    prefix: &'m Prefix,
    scopes: &'m Scopes,
    rate_limit_tier: Tier,
    mode: Mode,
    livemode: bool,
}

#[derive(Serialize)]
struct Organization<'m> {
    id: &'m Id<Workspace>,
    slug: &'m Slug,
    name: &'m Name,
}

/// GET `/me`
pub(super) async fn show(call: Call) -> Reply {
    let (key, workspace) = (&call.credentials.key, &call.caller.workspace);
    let me = Me {
        api_key: ApiKey {
            id: &key.id,
            name: &key.name,
            prefix: &key.prefix,
            scopes: &key.scopes,
            rate_limit_tier: key.tier,
            mode: key.mode,
            livemode: key.mode.is_live(),
        },
        organization: Organization {
            id: &workspace.id,
            slug: &workspace.slug,
            name: &workspace.name,
        },
    };
    Ok(Answer::ok(&me)?)
}
