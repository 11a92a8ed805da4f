//! Lookups and lists of resources, always within one workspace. They leave out deleted rows, unless
//! the function's name says otherwise.

use rusqlite::{Connection, OptionalExtension, Row, ToSql, params_from_iter};

use super::document::Document;
use super::resource::{Listed, Resource, Table};
use crate::model::parse::page::{Page, PageRequest};
use crate::model::values::id::{DisplayId, Id, Ref};
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceNo;
use crate::store::error::StoreError;

/// Finds a live resource by ID or display ID.
pub(in crate::store) fn find<R: Resource>(
    conn: &Connection,
    workspace: WorkspaceNo,
    id_ref: &Ref<R>,
) -> Result<Document<R>, StoreError> {
    let (column, value) = key_column(id_ref);
    let sql = format!(
        "SELECT {} FROM {} WHERE workspace_no = ?1 AND {column} = ?2 AND deleted_at IS NULL",
        Document::<R>::COLUMNS,
        R::TABLE,
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let row = statement.query_row((workspace.0, value), Document::from_row).optional()?;
    row.ok_or(StoreError::NotFound(R::TYPE))
}

/// Finds the ID of a live resource by its ID or display ID.
pub(in crate::store) fn find_id<R: Resource>(
    conn: &Connection,
    workspace: WorkspaceNo,
    id_ref: &Ref<R>,
) -> Result<Id<R>, StoreError> {
    let found = find_including_deleted(conn, workspace, id_ref)?;
    if found.deleted_at.is_some() { Err(StoreError::NotFound(R::TYPE)) } else { Ok(found.id) }
}

/// The IDs of a resource that may have been deleted.
pub(in crate::store) struct ResourceIds<R> {
    pub id: Id<R>,
    pub display_id: DisplayId,
    pub deleted_at: Option<Timestamp>,
}

/// Finds the IDs of a resource, deleted or not, by its ID or display ID.
pub(in crate::store) fn find_including_deleted<R: Resource>(
    conn: &Connection,
    workspace: WorkspaceNo,
    id_ref: &Ref<R>,
) -> Result<ResourceIds<R>, StoreError> {
    let (column, value) = key_column(id_ref);
    let sql = format!(
        "SELECT id, display_id, deleted_at FROM {}
         WHERE workspace_no = ?1 AND {column} = ?2",
        R::TABLE,
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let read = |row: &Row<'_>| {
        Ok(ResourceIds {
            id: Id::from_stored(row.get(0)?),
            display_id: DisplayId(row.get(1)?),
            deleted_at: row.get::<_, Option<_>>(2)?.map(Timestamp::from_micros),
        })
    };
    let row = statement.query_row((workspace.0, value), read).optional()?;
    row.ok_or(StoreError::NotFound(R::TYPE))
}

/// Returns the IDs of the resources of a customer, deleted or not.
pub(in crate::store) fn ids_including_deleted<R: Resource>(
    conn: &Connection,
    customer: &str,
) -> Result<Vec<String>, StoreError> {
    // Each half has an index.
    let select =
        |condition| format!("SELECT id FROM {} WHERE customer_id = ?1 AND {condition}", R::TABLE);
    let sql = format!("{} UNION ALL {}", select(R::LISTED_WHERE), select(R::UNLISTED_WHERE));
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map([customer], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn key_column<R>(id_ref: &Ref<R>) -> (&'static str, &dyn ToSql) {
    match id_ref {
        Ref::Id(id) => ("id", id),
        Ref::DisplayId(number) => ("display_id", &number.0),
    }
}

/// A query for a list. Every list walks an index from its newest entry. A condition on a column
/// outside that index is tested row by row. It is hidden from SQLite's planner by a unary plus
/// (SQLite manual, "The SQLite Query Optimizer Overview", 4), so that the planner never replaces
/// the walk with a sort.
#[derive(Clone)]
pub(in crate::store) struct List<'v> {
    conditions: String,
    values: Vec<&'v dyn ToSql>,
}

impl<'v> List<'v> {
    /// All listed rows of a workspace.
    pub fn in_workspace(workspace: &'v WorkspaceNo) -> Self {
        Self { conditions: "workspace_no = ?1".to_owned(), values: vec![&workspace.0] }
    }

    /// The rows of one parent. Uses an index that starts with the parent's ID.
    pub fn with_parent(workspace: &'v WorkspaceNo, column: &str, parent: &'v dyn ToSql) -> Self {
        let mut list =
            Self { conditions: "+workspace_no = ?1".to_owned(), values: vec![&workspace.0] };
        list.filter_indexed(column, parent);
        list
    }

    /// Filters by a column of the index.
    pub fn filter_indexed(&mut self, column: &str, value: &'v dyn ToSql) {
        self.values.push(value);
        self.conditions += &format!(" AND {column} = ?{}", self.values.len());
    }

    /// Filters row by row.
    pub fn filter(&mut self, column: &str, value: &'v dyn ToSql) {
        self.filter_indexed(&format!("+{column}"), value);
    }

    /// Filters row by row: `column` must be one of the values.
    pub fn filter_in(&mut self, column: &str, values: &'v [&'v str]) {
        let mut placeholders = Vec::with_capacity(values.len());
        for value in values {
            self.values.push(value);
            placeholders.push(format!("?{}", self.values.len()));
        }
        self.conditions += &format!(" AND +{column} IN ({})", placeholders.join(", "));
    }

    /// Filters row by row: `column` must be less than the value.
    pub fn filter_less_than(&mut self, column: &str, value: &'v dyn ToSql) {
        self.values.push(value);
        self.conditions += &format!(" AND +{column} < ?{}", self.values.len());
    }

    /// Filters row by row: `column` must contain the text.
    pub fn filter_contains(&mut self, column: &str, part: &'v dyn ToSql) {
        self.values.push(part);
        self.conditions += &format!(" AND instr({column}, ?{}) > 0", self.values.len());
    }

    /// Adds the condition of a partial index, which must match its definition exactly.
    pub fn filter_partial_index(&mut self, condition: &str) {
        self.conditions += &format!(" AND {condition}");
    }

    /// Filters by creation time: at this time, in microseconds, or later.
    pub fn created_since(&mut self, time: &'v i64) {
        self.values.push(time);
        self.conditions += &format!(" AND created_at >= ?{}", self.values.len());
    }

    pub fn page<R: Listed>(
        self,
        conn: &Connection,
        page: &PageRequest,
    ) -> Result<Page<R>, StoreError> {
        // One extra row, to find out whether there are older ones.
        self.page_of(conn, page, page.limit + 1, |_| Ok(true))
    }

    /// Returns the rows that a test accepts. Reads all rows until the page is full, so the list
    /// needs a lower bound.
    pub fn page_matching<R: Listed>(
        self,
        conn: &Connection,
        page: &PageRequest,
        matches: impl Fn(&Row<'_>) -> rusqlite::Result<bool>,
    ) -> Result<Page<R>, StoreError> {
        self.page_of(conn, page, u32::MAX, matches)
    }

    /// Returns a page of the first `limit` rows.
    fn page_of<R: Listed>(
        mut self,
        conn: &Connection,
        page: &PageRequest,
        limit: u32,
        matches: impl Fn(&Row<'_>) -> rusqlite::Result<bool>,
    ) -> Result<Page<R>, StoreError> {
        let before = page.before.map(Timestamp::as_micros);
        let mut values = std::mem::take(&mut self.values);
        let mut cursor = String::new();
        if let Some(before) = &before {
            values.push(before);
            cursor = format!(" AND created_at < ?{}", values.len());
        }
        values.push(&limit);
        let sql = format!(
            "SELECT {}{} FROM {} WHERE {}{cursor} ORDER BY created_at DESC LIMIT ?{}",
            R::COLUMNS,
            R::EXTRA_COLUMNS,
            R::TABLE,
            self.where_clause::<R>(),
            values.len(),
        );
        let mut statement = conn.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        let (mut data, mut more) = (Vec::new(), false);
        while let Some(row) = rows.next()? {
            if !matches(row)? {
                continue;
            }
            more = data.len() >= page.limit as usize;
            if more {
                break;
            }
            data.push(R::from_row(row)?);
        }
        let next = data.last().filter(|_| more).map(R::created_at);
        Ok(Page { data, next })
    }

    /// Returns all rows, oldest first.
    pub fn all<R: Listed>(self, conn: &Connection) -> Result<Vec<R>, StoreError> {
        let sql = format!(
            "SELECT {} FROM {} WHERE {} ORDER BY created_at",
            R::COLUMNS,
            R::TABLE,
            self.where_clause::<R>(),
        );
        let mut statement = conn.prepare_cached(&sql)?;
        let rows = statement.query_map(params_from_iter(self.values), R::from_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Returns the one row that can exist, if it does.
    pub fn at_most_one<R: Listed>(self, conn: &Connection) -> Result<Option<R>, StoreError> {
        let sql =
            format!("SELECT {} FROM {} WHERE {}", R::COLUMNS, R::TABLE, self.where_clause::<R>());
        let mut statement = conn.prepare_cached(&sql)?;
        Ok(statement.query_row(params_from_iter(self.values), R::from_row).optional()?)
    }

    /// Returns when the `nth` newest row was created, if there are more rows after it.
    pub fn nth_created_at<R: Table>(
        mut self,
        conn: &Connection,
        before: Option<Timestamp>,
        nth: u32,
    ) -> Result<Option<Timestamp>, StoreError> {
        let before = before.map_or(i64::MAX, Timestamp::as_micros);
        let skipped = nth.saturating_sub(1);
        let count = self.values.len();
        let sql = format!(
            "SELECT created_at FROM {} WHERE {} AND created_at < ?{}
             ORDER BY created_at DESC LIMIT 2 OFFSET ?{}",
            R::TABLE,
            self.where_clause::<R>(),
            count + 1,
            count + 2,
        );
        let mut values = std::mem::take(&mut self.values);
        values.extend([&before as &dyn ToSql, &skipped]);
        let mut statement = conn.prepare_cached(&sql)?;
        let rows = statement.query_map(params_from_iter(values), |row| row.get(0))?;
        let found = rows.collect::<rusqlite::Result<Vec<i64>>>()?;
        Ok(match found[..] {
            [nth, _] => Some(Timestamp::from_micros(nth)),
            _ => None,
        })
    }

    pub fn count<R: Table>(self, conn: &Connection) -> Result<i64, StoreError> {
        let sql = format!("SELECT count(*) FROM {} WHERE {}", R::TABLE, self.where_clause::<R>());
        let mut statement = conn.prepare_cached(&sql)?;
        Ok(statement.query_row(params_from_iter(self.values), |row| row.get(0))?)
    }

    /// Counts the rows for each combination of the given columns, which must be in the index.
    /// `read` receives these columns and `count`.
    pub fn count_by<R: Table, T>(
        self,
        conn: &Connection,
        columns: &str,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let sql = format!(
            "SELECT {columns}, count(*) AS count FROM {} WHERE {} GROUP BY {columns}",
            R::TABLE,
            self.where_clause::<R>(),
        );
        let mut statement = conn.prepare_cached(&sql)?;
        let rows = statement.query_map(params_from_iter(self.values), read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn where_clause<R: Table>(&self) -> String {
        format!("{} AND {}", self.conditions, R::LISTED_WHERE)
    }
}
