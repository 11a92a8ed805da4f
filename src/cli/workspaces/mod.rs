//! `workspaces create`, `workspaces list`, `workspaces rename`, and `workspaces delete`

pub mod args;
pub(super) mod find;

use serde::Serialize;

use self::args::Workspaces;
use self::find::no_such_workspace;
use super::context::Context;
use super::output::failure::Failure;
use super::output::table;
use super::purge::delete_workspace;
use crate::model::values::id::Id;
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::values::time::Timestamp;
use crate::model::workspace::{NewWorkspace, Workspace, WorkspaceChange};
use crate::store::{RenameError, WriteScope};

#[derive(Serialize)]
struct WorkspaceJson<'w> {
    id: &'w Id<Workspace>,
    slug: &'w Slug,
    name: &'w Name,
    created_at: Timestamp,
}

#[derive(Serialize)]
struct CreatedJson<'w> {
    #[serde(flatten)]
    workspace: WorkspaceJson<'w>,
    database: &'w str,
    /// Whether the database was created, too.
    new_database: bool,
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
        Workspaces::Rename { slug, name, new_slug } => {
            rename(context, slug, WorkspaceChange { name, slug: new_slug })
        }
    }
}

fn create(context: &Context, slug: Slug, name: Name) -> Result<(), Failure> {
    // A workspace can be created before the first start.
    let (store, database) = context.store_or_new()?;
    let new = NewWorkspace { slug: slug.clone(), name };
    let created = store.write_blocking(WriteScope::Database, move |tx| tx.create_workspace(new))?;
    let workspace = created.ok_or_else(|| {
        Failure::AlreadyExists(format!("workspace `{slug}` already exists; choose another --slug"))
    })?;
    let text = || {
        format!(
            "Created workspace `{slug}`.{} Next, create a key: pivotal-server keys create \
             --workspace {slug} --name NAME",
            database.describe()
        )
    };
    let if_unprinted = || format!("workspace `{slug}` was created anyway");
    let json = CreatedJson {
        workspace: WorkspaceJson::from(&workspace),
        database: &database.place,
        new_database: database.is_new,
    };
    context.output.print_after_change(&json, text, if_unprinted)
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

fn rename(context: &Context, slug: Slug, change: WorkspaceChange) -> Result<(), Failure> {
    let store = context.store()?;
    let (old, wanted) = (slug.clone(), change.slug.clone());
    let renamed =
        store.write_blocking(WriteScope::Database, move |tx| tx.rename_workspace(&slug, change))?;
    let workspace = match renamed {
        Ok(workspace) => workspace,
        Err(RenameError::NotFound) => {
            return Err(no_such_workspace(&old, &store.read(|reader| reader.workspaces())?));
        }
        Err(RenameError::SlugTaken) => {
            let taken = wanted.unwrap_or(old);
            let message = format!("workspace `{taken}` already exists; choose another --slug");
            return Err(Failure::AlreadyExists(message));
        }
    };
    let Workspace { slug, name, .. } = &workspace;
    let text = || {
        let free = if *slug == old {
            String::new()
        } else {
            format!(
                " Keys, webhooks, and IDs stay the same. Change `{old}` to `{slug}` in your \
                 scripts and seed files."
            )
        };
        format!("Renamed workspace `{old}`: its slug is `{slug}`, its name \"{name}\".{free}")
    };
    let if_unprinted = || format!("workspace `{old}` was renamed anyway");
    context.output.print_after_change(&WorkspaceJson::from(&workspace), text, if_unprinted)
}
