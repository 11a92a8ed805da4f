//! Workspaces: their methods of [`Reader`] and [`Tx`].

use super::error::StoreError;
use super::reader::Reader;
use super::tx::Tx;
use crate::model::event::Actor;
use crate::model::key::Key;
use crate::model::key::issued::IssuedKey;
use crate::model::values::currency::Currency;
use crate::model::values::id::Id;
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::values::time::Timestamp;
use crate::model::workspace::{NewWorkspace, Workspace, WorkspaceChange, WorkspaceNo};
use crate::store::engine::{self, Conn, OptionalExtension, Row, params};

/// Why a workspace could not be renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenameError {
    NotFound,
    SlugTaken,
}

/// The columns that [`from_row`] reads, from `workspaces AS w`.
pub(super) const COLUMNS: &str = "w.no AS w_no, w.id AS w_id, w.slug AS w_slug, w.name AS w_name,
    w.created_at AS w_created_at, w.currency AS w_currency";

/// The next number of a workspace. That of a deleted workspace is never used again: a session of the
/// admin pages may still have selected it.
pub(super) const NEXT_NO: &str = "(SELECT max(no) + 1 FROM (
    SELECT 0 AS no UNION ALL SELECT max(no) FROM workspaces
    UNION ALL SELECT max(workspace_no) FROM purges) AS used)";

/// Whether a row of `workspaces AS w` is a number whose rows the test control has discarded.
pub(super) const IS_DISCARDED: &str = "w.slug LIKE '#%'";

pub(super) fn from_row(row: &Row<'_>) -> engine::Result<Workspace> {
    Ok(Workspace {
        no: WorkspaceNo(row.get("w_no")?),
        id: Id::from_stored(row.get("w_id")?),
        slug: Slug::from_stored(row.get("w_slug")?),
        name: Name::from_stored(row.get("w_name")?),
        created_at: Timestamp::from_micros(row.get("w_created_at")?),
        currency: Currency::from_stored(row.get_ref("w_currency")?.as_str()?),
    })
}

impl Reader<'_> {
    /// Returns all workspaces in the order in which they were created. Test control moves one that
    /// it resets to the end.
    pub fn workspaces(&self) -> Result<Vec<Workspace>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM workspaces AS w WHERE NOT {IS_DISCARDED}
             ORDER BY w.no"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let rows = statement.query_map((), from_row)?;
        Ok(rows.collect::<engine::Result<_>>()?)
    }

    pub fn workspace(&self, slug: &Slug) -> Result<Option<Workspace>, StoreError> {
        find_by_slug(self.conn, slug)
    }
}

fn find_by_slug(conn: Conn<'_>, slug: &Slug) -> Result<Option<Workspace>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM workspaces AS w WHERE w.slug = ?1");
    let mut statement = conn.prepare_cached(&sql)?;
    Ok(statement.query_row([slug.as_str()], from_row).optional()?)
}

impl Tx<'_> {
    pub fn workspace(&self, slug: &Slug) -> Result<Option<Workspace>, StoreError> {
        find_by_slug(self.conn, slug)
    }

    /// Creates a workspace. Returns `None` if its slug is taken.
    pub fn create_workspace(&self, new: NewWorkspace) -> Result<Option<Workspace>, StoreError> {
        let id = Id::generate();
        let sql = format!(
            "INSERT INTO workspaces (no, id, slug, name, created_at)
             VALUES ({NEXT_NO}, ?1, ?2, ?3, ?4)
             ON CONFLICT (slug) DO NOTHING RETURNING no"
        );
        let no = self
            .conn
            .prepare_cached(&sql)?
            .query_row(
                params![id, new.slug.as_str(), new.name.as_str(), self.now.as_micros()],
                |row| row.get(0),
            )
            .optional()?;
        Ok(no.map(|no| Workspace {
            no: WorkspaceNo(no),
            id,
            slug: new.slug,
            name: new.name,
            created_at: self.now,
            currency: Currency::DEFAULT,
        }))
    }

    /// Changes the slug or the name of a workspace. Its old slug is free again.
    pub fn rename_workspace(
        &self,
        slug: &Slug,
        change: WorkspaceChange,
    ) -> Result<Result<Workspace, RenameError>, StoreError> {
        let Some(mut workspace) = self.workspace(slug)? else {
            return Ok(Err(RenameError::NotFound));
        };
        let WorkspaceChange { slug: new_slug, name } = change;
        if let Some(new_slug) = new_slug {
            let other = self.workspace(&new_slug)?;
            if other.is_some_and(|other| other.id != workspace.id) {
                return Ok(Err(RenameError::SlugTaken));
            }
            workspace.slug = new_slug;
        }
        workspace.name = name.unwrap_or(workspace.name);
        let sql = "UPDATE workspaces SET slug = ?1, name = ?2 WHERE id = ?3";
        self.conn.prepare_cached(sql)?.execute(params![
            workspace.slug.as_str(),
            workspace.name.as_str(),
            workspace.id,
        ])?;
        Ok(Ok(workspace))
    }

    /// Changes how amounts of money are shown. They are not converted.
    pub fn set_currency(&self, workspace: WorkspaceNo, to: Currency) -> Result<(), StoreError> {
        let sql = "UPDATE workspaces SET currency = ?1 WHERE no = ?2";
        self.conn.prepare_cached(sql)?.execute(params![to.code(), workspace.0])?;
        Ok(())
    }

    /// Creates a workspace with keys. Returns `None` if its slug is taken.
    pub fn create_workspace_with_keys(
        &self,
        actor: &Actor,
        new: NewWorkspace,
        keys: Vec<IssuedKey>,
    ) -> Result<Option<(Workspace, Vec<Key>)>, StoreError> {
        let Some(workspace) = self.create_workspace(new)? else { return Ok(None) };
        let create = |issued| self.create_key(actor.clone(), &workspace, issued);
        let keys = keys.into_iter().map(create).collect::<Result<_, _>>()?;
        Ok(Some((workspace, keys)))
    }
}
