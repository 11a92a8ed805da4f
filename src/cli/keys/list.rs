//! `keys list`

use serde::Serialize;

use super::super::context::Context;
use super::super::output::failure::Failure;
use super::super::output::table;
use super::super::workspaces::find::find_among;
use crate::model::clock::{Clock, SystemClock};
use crate::model::key::rotation::{self, Retirement};
use crate::model::key::{Key, Scopes};
use crate::model::values::slug::Slug;
use crate::model::values::time::Timestamp;

pub(super) fn list(
    context: &Context,
    workspace: Option<&Slug>,
    only_active: bool,
) -> Result<(), Failure> {
    let store = context.store_to_read()?;
    if let Some(slug) = workspace {
        find_among(slug, || store.read(|reader| reader.workspaces()))?;
    }
    let keys = store.read(|reader| reader.keys(workspace))?;
    let now = SystemClock.now();
    let replacements = rotation::replacements(&keys, now);
    let listed: Vec<ListedKey<'_>> = keys
        .iter()
        .filter(|key| !only_active || key.is_active(now))
        .map(|key| {
            let replacement = replacements.get(&key.id).filter(|_| key.is_active(now));
            let retirement =
                replacement.map(|replacement| Retirement::assess(key, replacement, now));
            let safe_to_revoke = retirement.as_ref().map(Retirement::is_safe);
            ListedKey { key, safe_to_revoke, retirement }
        })
        .collect();
    context.output.print(&listed, || {
        let heading = [
            "PREFIX",
            "NAME",
            "WORKSPACE",
            "MODE",
            "TIER",
            "STATE",
            "EXPIRES",
            "REQUESTS",
            "LAST USED",
            "ID",
            "SCOPES",
        ];
        let table =
            table(heading, &listed.iter().map(|listed| table_row(listed, now)).collect::<Vec<_>>());
        let advice = listed.iter().filter_map(|listed| {
            let advice = listed.retirement.as_ref()?.advice();
            Some(format!("{}: {advice}", listed.key.prefix))
        });
        let advice: Vec<String> = advice.collect();
        if advice.is_empty() { table } else { format!("{table}\n\n{}", advice.join("\n")) }
    })
}

#[derive(Serialize)]
struct ListedKey<'k> {
    #[serde(flatten)]
    key: &'k Key,
    /// Only present while a replacement key is active.
    #[serde(skip_serializing_if = "Option::is_none")]
    safe_to_revoke: Option<bool>,
    #[serde(skip)]
    retirement: Option<Retirement>,
}

fn table_row(listed: &ListedKey<'_>, now: Timestamp) -> [String; 11] {
    let key = listed.key;
    let state = match (key.revoked_at, listed.safe_to_revoke) {
        (Some(at), _) => format!("revoked {at}"),
        (None, _) if key.is_expired(now) => "expired".to_owned(),
        (None, Some(_)) => "replaced, active".to_owned(),
        (None, None) => "active".to_owned(),
    };
    let used = match (key.last_used_at, &key.last_used_ip) {
        (Some(at), Some(from)) => format!("{at} from {from}"),
        _ => "never".to_owned(),
    };
    let all = key.scopes == Scopes::all();
    [
        key.prefix.to_string(),
        key.name.to_string(),
        key.workspace.to_string(),
        <&str>::from(key.mode).to_owned(),
        <&str>::from(key.tier).to_owned(),
        state,
        key.expires_at.map_or_else(|| "never".to_owned(), |at| at.to_string()),
        key.request_count.to_string(),
        used,
        key.id.to_string(),
        if all { "all".to_owned() } else { key.scopes.to_stored() },
    ]
}
