//! `workspaces create`, `workspaces list`, and `workspaces delete`

use std::sync::Arc;

use serde::Serialize;

use super::args::Workspaces;
use super::context::Context;
use super::failure::Failure;
use super::output::table;
use super::purge::delete_workspace;
use crate::model::clock::SystemClock;
use crate::model::values::id::Id;
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::values::time::Timestamp;
use crate::model::workspace::{NewWorkspace, Workspace};
use crate::store::Store;

#[derive(Serialize)]
struct WorkspaceJson<'w> {
    id: &'w Id<Workspace>,
    slug: &'w Slug,
    name: &'w Name,
    created_at: Timestamp,
}

impl<'w> From<&'w Workspace> for WorkspaceJson<'w> {
    fn from(workspace: &'w Workspace) -> Self {
        Self {
            id: &workspace.id,
            slug: &workspace.slug,
            name: &workspace.name,
            created_at: workspace.created_at,
        }
    }
}

pub fn run(context: &Context, command: Workspaces) -> Result<(), Failure> {
    match command {
        Workspaces::Create { slug, name } => create(context, slug, name),
        Workspaces::List => list(context),
        Workspaces::Delete { slug, yes } => delete_workspace(context, &slug, yes),
    }
}

fn create(context: &Context, slug: Slug, name: Name) -> Result<(), Failure> {
    // A workspace can be created before the first start.
    let store = Store::open_or_create(&context.dir, Arc::new(SystemClock))?;
    let new = NewWorkspace { slug: slug.clone(), name };
    let created = store.write_blocking(move |tx| tx.create_workspace(new))?;
    let workspace = created.ok_or_else(|| {
        Failure::Other(format!("workspace `{slug}` already exists; choose another --slug"))
    })?;
    let text = || {
        format!(
            "Created workspace `{slug}`. Next, create a key: pivotal-server keys create \
             --workspace {slug} --name NAME"
        )
    };
    let if_unprinted = || format!("workspace `{slug}` was created anyway");
    context.output.print_after_change(&WorkspaceJson::from(&workspace), text, if_unprinted)
}

fn list(context: &Context) -> Result<(), Failure> {
    let workspaces = context.store_to_read()?.read(|reader| reader.workspaces())?;
    let json: Vec<WorkspaceJson<'_>> = workspaces.iter().map(WorkspaceJson::from).collect();
    context.output.print(&json, || {
        let rows: Vec<_> = workspaces
            .iter()
            .map(|w| {
                [w.slug.to_string(), w.name.to_string(), w.id.to_string(), w.created_at.to_string()]
            })
            .collect();
        table(["SLUG", "NAME", "ID", "CREATED"], &rows)
    })
}
