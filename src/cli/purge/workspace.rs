//! `workspaces delete`

use serde::Serialize;

use super::confirm::confirm;
use super::erasure::ErasureReport;
use crate::cli::context::Context;
use crate::cli::output::failure::Failure;
use crate::cli::output::{count, list_of};
use crate::cli::workspaces::find::find_workspace;
use crate::model::event::Actor;
use crate::model::purge::WorkspaceCounts;
use crate::model::values::slug::Slug;
use crate::model::workspace::WorkspaceId;
use crate::store::{DeleteError, WriteScope};

#[derive(Serialize)]
struct DeletedJson<'d> {
    id: &'d WorkspaceId,
    slug: &'d Slug,
    #[serde(flatten)]
    counts: WorkspaceCounts,
    #[serde(flatten)]
    erasure: &'d ErasureReport,
}

pub fn delete_workspace(context: &Context, slug: &Slug, yes: bool) -> Result<(), Failure> {
    let store = context.store()?;
    let workspace = find_workspace(&store, slug)?;
    if store.read(|reader| reader.workspaces())?.len() == 1 {
        return Err(not_deleted(slug, DeleteError::OnlyOne));
    }
    let no = workspace.no;
    let counts = store.read(|reader| reader.for_workspace(no).workspace_counts())?;
    if !yes {
        confirm(&format!("This erases workspace `{slug}`, with {}.", list(&counts)), "delete it")?;
    }
    let id = workspace.id.clone();
    // Again, because another process can have deleted it, or the other one, in the meantime.
    store
        .write_blocking(WriteScope::Database, move |tx| {
            tx.delete_workspace(&Actor::command_line(), &id)
        })?
        .map_err(|error| not_deleted(slug, error))?;
    let done = format!("workspace `{slug}` was deleted");
    let erasure = ErasureReport::erase(context, &store, None, &done)?;
    let report = DeletedJson { id: &workspace.id, slug, counts, erasure: &erasure };
    let text = || format!("Deleted workspace `{slug}`, with {}. {}", list(&counts), erasure.text());
    context.output.print_after_change(&report, text, || done.clone())
}

fn not_deleted(slug: &Slug, error: DeleteError) -> Failure {
    match error {
        DeleteError::NotFound => {
            Failure::NotFound(format!("workspace `{slug}` was deleted by another process"))
        }
        DeleteError::OnlyOne => Failure::Other(format!(
            "`{slug}` is the only workspace, and a server needs one; create another one first, or stop the server and delete its data directory"
        )),
    }
}

fn list(counts: &WorkspaceCounts) -> String {
    let parts = [
        count(counts.customers, "customer"),
        count(counts.contacts, "contact"),
        count(counts.onboardings, "onboarding"),
        count(counts.events, "event"),
        count(counts.keys, "API key"),
        count(counts.webhooks, "webhook endpoint"),
        count(counts.deliveries, "webhook delivery"),
        count(counts.saved_responses, "saved response"),
    ];
    list_of(&parts, "and")
}
