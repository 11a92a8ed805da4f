//! `customers purge`, `contacts purge`, `purges list`, and `workspaces delete`

pub mod args;
mod confirm;
mod erasure;
mod list;
mod workspace;

use serde::Serialize;

use self::args::{Contacts, Customers};
use self::confirm::confirm;
use self::erasure::ErasureReport;
pub use self::list::purges;
pub use self::workspace::delete_workspace;
use super::context::Context;
use super::output::failure::Failure;
use super::output::{count, list_of};
use super::workspaces::find::find_workspace;
use crate::model::caller::Caller;
use crate::model::event::Actor;
use crate::model::purge::{PurgeCounts, PurgedRecord};
use crate::model::resource::ResourceType;
use crate::model::values::id::{DisplayId, Id, Ref, ResourceId};
use crate::model::values::slug::Slug;
use crate::model::values::time::Timestamp;
use crate::store::{
    PurgePreview, Purgeable, SavedResponses, Store, StoreError, WorkspaceTx, WriteScope,
};

#[derive(Serialize)]
struct PurgedJson<'p> {
    object: ResourceType,
    id: &'p ResourceId,
    display_id: DisplayId,
    workspace: &'p Slug,
    deleted_at: Option<Timestamp>,
    #[serde(flatten)]
    counts: PurgeCounts,
    #[serde(flatten)]
    erasure: &'p ErasureReport,
}

#[derive(Serialize)]
struct AlreadyPurgedJson<'p> {
    id: String,
    workspace: &'p Slug,
    already_purged: Timestamp,
}

pub fn customers(context: &Context, command: Customers) -> Result<(), Failure> {
    let Customers::Purge { workspace, yes, id } = command;
    purge(context, &workspace, yes, &id, |tx, id, known| tx.purge_customer(id, known))
}

pub fn contacts(context: &Context, command: Contacts) -> Result<(), Failure> {
    let Contacts::Purge { workspace, yes, id } = command;
    purge(context, &workspace, yes, &id, |tx, id, known| tx.purge_contact(id, known))
}

fn purge<R: Purgeable + 'static>(
    context: &Context,
    slug: &Slug,
    yes: bool,
    id_ref: &Ref<R>,
    purge: fn(&WorkspaceTx<'_>, &Ref<R>, &SavedResponses) -> Result<PurgedRecord, StoreError>,
) -> Result<(), Failure>
where
    Ref<R>: Send,
{
    let store = context.store()?;
    let workspace = find_workspace(&store, slug)?;
    let no = workspace.no;
    let preview = store.read(|reader| reader.for_workspace(no).purge_preview(id_ref));
    let PurgePreview { record, emails, responses } = match preview {
        Err(StoreError::NotFound(_)) => return already_purged(context, &store, slug, id_ref),
        preview => preview?,
    };
    let name = name(&record);
    if !yes {
        let state = match record.deleted_at {
            Some(time) => format!("deleted on {time}"),
            None => "NOT deleted yet".to_owned(),
        };
        let about =
            format!("This erases {name} of workspace `{slug}` ({state}), {}.", list(&record));
        confirm(&about, "purge")?;
    }
    // By its ID: while the command asked, the number can have come to mean another record, because
    // test control has reset the workspace.
    let target = Ref::Id(Id::from_stored(record.id.as_str().to_owned()));
    let (current, target_id) = (slug.clone(), target.clone());
    let purged = store.write_blocking(WriteScope::Workspace(no), move |tx| {
        let Some(workspace) = tx.workspace(&current)? else { return Ok(None) };
        let caller = Caller { workspace, actor: Actor::command_line(), livemode: true };
        match purge(&tx.for_caller(&caller), &target_id, &responses) {
            Err(StoreError::NotFound(_)) => Ok(None),
            purged => purged.map(Some),
        }
    })?;
    // Another process was faster.
    let Some(purged) = purged else { return already_purged(context, &store, slug, &target) };
    let done = format!("{name} was purged");
    let erasure = ErasureReport::erase(context, &store, Some(&emails), &done)?;
    let report = PurgedJson {
        object: purged.resource,
        id: &purged.id,
        display_id: purged.display_id,
        workspace: slug,
        deleted_at: purged.deleted_at,
        counts: purged.counts,
        erasure: &erasure,
    };
    let text = || format!("Purged {name}, {}. {}", list(&purged), erasure.text());
    context.output.print_after_change(&report, text, || done.clone())
}

/// Handles a record that does not exist: it may have been purged before.
fn already_purged<R: Purgeable>(
    context: &Context,
    store: &Store,
    slug: &Slug,
    id_ref: &Ref<R>,
) -> Result<(), Failure> {
    let resource = <&str>::from(R::TYPE);
    let Ref::Id(id) = id_ref else {
        return Err(Failure::NotFound(format!(
            "workspace `{slug}` has no {resource} with this number, or it was purged"
        )));
    };
    let purged_at = store.read(|reader| reader.purged_at(id.as_str()))?;
    let Some(already_purged) = purged_at else {
        return Err(Failure::NotFound(format!("workspace `{slug}` has no {resource} {id}")));
    };
    // The command may have been interrupted before.
    ErasureReport::erase(context, store, None, &format!("{resource} {id} was purged"))?;
    let report = AlreadyPurgedJson { id: id.to_string(), workspace: slug, already_purged };
    let text = || format!("The {resource} {id} was already purged, on {already_purged}.");
    context.output.print(&report, text)
}

fn name(record: &PurgedRecord) -> String {
    let resource = <&str>::from(record.resource);
    format!("{resource} {} ({})", record.display_id.0, record.id)
}

/// Lists what is erased with a record: `with 2 contacts, 1 onboarding, …`
fn list(record: &PurgedRecord) -> String {
    let PurgeCounts { contacts, onboardings, events, deliveries, saved_responses } = record.counts;
    let mut parts = Vec::new();
    if record.resource == ResourceType::Customer {
        parts.push(count(contacts, "contact"));
        parts.push(count(onboardings, "onboarding"));
    }
    parts.push(count(events, "event"));
    parts.push(count(deliveries, "webhook delivery"));
    parts.push(count(saved_responses, "saved response"));
    format!("with {}", list_of(&parts, "and"))
}
