//! Lists of rows, always within one workspace. They leave out deleted rows.

use std::ops::ControlFlow;

use super::document::Document;
use super::resource::{Listed, Resource, Table};
use crate::model::parse::page::{Page, PageRequest, PageText};
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceNo;
use crate::store::engine::{self, Conn, OptionalExtension, Row, Value};
use crate::store::error::StoreError;

/// A query for a list. Every list walks an index from its newest entry. A condition on a column
/// outside that index is tested row by row. It is hidden from SQLite's planner by a unary plus
/// (SQLite manual, "The SQLite Query Optimizer Overview", 4), so that the planner never replaces
/// the walk with a sort.
#[derive(Clone)]
pub struct List<'v> {
    conditions: String,
    values: Vec<Value<'v>>,
    extent: Extent,
}

/// How many rows a page may have to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// No more than it returns, apart from one.
    OnePage,
    /// All of the list, if rows are tested one by one and few match.
    WholeList,
}

impl Extent {
    /// Returns whether the read is a lookup rather than a search: a page is at most 101 lookups by
    /// row number. In a local file, a thread that must not wait can do it.
    pub fn is_fast(self) -> bool {
        self == Self::OnePage
    }
}

impl<'v> List<'v> {
    /// All listed rows of a workspace.
    pub fn in_workspace(workspace: WorkspaceNo) -> Self {
        Self::new("workspace_no = ?1", workspace)
    }

    /// The rows of one parent. Uses an index that starts with the parent's ID.
    pub fn with_parent(workspace: WorkspaceNo, column: &str, parent: &'v str) -> Self {
        let mut list = Self::new("+workspace_no = ?1", workspace);
        list.filter_indexed(column, parent);
        list
    }

    fn new(condition: &str, workspace: WorkspaceNo) -> Self {
        let (conditions, values) = (condition.to_owned(), vec![workspace.0.into()]);
        Self { conditions, values, extent: Extent::OnePage }
    }

    /// Returns how many rows a page of this list may have to read.
    pub fn extent(&self) -> Extent {
        self.extent
    }

    /// Filters by a column of the index.
    pub fn filter_indexed(&mut self, column: &str, value: impl Into<Value<'v>>) {
        self.values.push(value.into());
        self.conditions += &format!(" AND {column} = ?{}", self.values.len());
    }

    /// Filters row by row.
    pub fn filter(&mut self, column: &str, value: impl Into<Value<'v>>) {
        self.filter_indexed(&format!("+{column}"), value);
        self.extent = Extent::WholeList;
    }

    /// Filters row by row: `column` must be one of the values.
    pub fn filter_in(&mut self, column: &str, values: &[&'v str]) {
        let mut placeholders = Vec::with_capacity(values.len());
        for &value in values {
            self.values.push(value.into());
            placeholders.push(format!("?{}", self.values.len()));
        }
        self.conditions += &format!(" AND +{column} IN ({})", placeholders.join(", "));
        self.extent = Extent::WholeList;
    }

    /// Filters row by row: `column` must be less than the value.
    pub fn filter_less_than(&mut self, column: &str, value: i64) {
        self.values.push(value.into());
        self.conditions += &format!(" AND +{column} < ?{}", self.values.len());
        self.extent = Extent::WholeList;
    }

    /// Filters row by row: `column` must contain the text.
    pub fn filter_contains(&mut self, column: &str, part: String) {
        self.values.push(part.into());
        self.conditions += &format!(" AND instr({column}, ?{}) > 0", self.values.len());
        self.extent = Extent::WholeList;
    }

    /// Adds the condition of a partial index, which must match its definition exactly.
    pub fn filter_partial_index(&mut self, condition: &str) {
        self.conditions += &format!(" AND {condition}");
    }

    /// Filters by creation time: at this time, in microseconds, or later.
    pub fn created_since(&mut self, time: i64) {
        self.values.push(time.into());
        self.conditions += &format!(" AND created_at >= ?{}", self.values.len());
    }

    pub fn page<R: Listed>(
        self,
        conn: Conn<'_>,
        page: &PageRequest,
    ) -> Result<Page<R>, StoreError> {
        // One extra row, to find out whether there are older ones.
        self.page_of(conn, page, page.limit + 1, |_| Ok(true))
    }

    /// Returns the rows that a test accepts. Reads all rows until the page is full, so the list
    /// needs a lower bound.
    pub fn page_matching<R: Listed>(
        self,
        conn: Conn<'_>,
        page: &PageRequest,
        matches: impl Fn(&Row<'_>) -> engine::Result<bool>,
    ) -> Result<Page<R>, StoreError> {
        self.page_of(conn, page, u32::MAX, matches)
    }

    /// Returns a page of the first `limit` rows.
    fn page_of<R: Listed>(
        self,
        conn: Conn<'_>,
        page: &PageRequest,
        limit: u32,
        matches: impl Fn(&Row<'_>) -> engine::Result<bool>,
    ) -> Result<Page<R>, StoreError> {
        let (mut data, mut more) = (Vec::new(), false);
        self.newest_first::<R>(conn, page, limit, |row| {
            if !matches(row)? {
                return Ok(ControlFlow::Continue(()));
            }
            more = data.len() >= page.limit as usize;
            if more {
                return Ok(ControlFlow::Break(()));
            }
            data.push(R::from_row(row)?);
            Ok(ControlFlow::Continue(()))
        })?;
        let next = data.last().filter(|_| more).map(R::created_at);
        Ok(Page { data, next })
    }

    /// Returns a page of documents as the text of the response.
    pub fn page_text<R: Resource>(
        self,
        conn: Conn<'_>,
        page: &PageRequest,
    ) -> Result<PageText, StoreError> {
        let mut text = PageText::new(page.limit);
        let (mut count, mut last, mut more) = (0, None, false);
        // One extra row, to find out whether there are older ones.
        self.newest_first::<Document<R>>(conn, page, page.limit + 1, |row| {
            more = count == page.limit;
            if more {
                return Ok(ControlFlow::Break(()));
            }
            Document::<R>::copy_text(row, &mut text)?;
            count += 1;
            if count == page.limit {
                last = Some(Document::<R>::created_at_of(row)?);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        text.set_next(last.filter(|_| more));
        Ok(text)
    }

    /// Passes the first `limit` rows of a page to `read`, until it breaks.
    fn newest_first<R: Listed>(
        mut self,
        conn: Conn<'_>,
        page: &PageRequest,
        limit: u32,
        mut read: impl FnMut(&Row<'_>) -> engine::Result<ControlFlow<()>>,
    ) -> engine::Result<()> {
        let before = page.before.map(Timestamp::as_micros);
        let mut values = std::mem::take(&mut self.values);
        let mut cursor = String::new();
        if let Some(before) = before {
            values.push(before.into());
            cursor = format!(" AND created_at < ?{}", values.len());
        }
        values.push(limit.into());
        let sql = format!(
            "SELECT {}{} FROM {} WHERE {}{cursor} ORDER BY created_at DESC LIMIT ?{}",
            R::COLUMNS,
            R::EXTRA_COLUMNS,
            R::TABLE,
            self.where_clause::<R>(),
            values.len(),
        );
        // Without a limit, only some of the rows end up on the page.
        let mut statement = match limit {
            u32::MAX => conn.prepare_batched(&sql)?,
            _ => conn.prepare_cached(&sql)?,
        };
        let mut rows = statement.query(values)?;
        while let Some(row) = rows.next()? {
            if read(&row)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Returns all rows, oldest first.
    pub fn all<R: Listed>(self, conn: Conn<'_>) -> Result<Vec<R>, StoreError> {
        let sql = format!(
            "SELECT {} FROM {} WHERE {} ORDER BY created_at",
            R::COLUMNS,
            R::TABLE,
            self.where_clause::<R>(),
        );
        let mut statement = conn.prepare_cached(&sql)?;
        let rows = statement.query_map(self.values, R::from_row)?;
        Ok(rows.collect::<engine::Result<_>>()?)
    }

    /// Returns the one row that can exist, if it does.
    pub fn at_most_one<R: Listed>(self, conn: Conn<'_>) -> Result<Option<R>, StoreError> {
        let sql =
            format!("SELECT {} FROM {} WHERE {}", R::COLUMNS, R::TABLE, self.where_clause::<R>());
        let mut statement = conn.prepare_cached(&sql)?;
        Ok(statement.query_row(self.values, R::from_row).optional()?)
    }

    /// Returns when the `nth` newest row was created, if there are more rows after it.
    pub fn nth_created_at<R: Table>(
        mut self,
        conn: Conn<'_>,
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
        values.extend([before.into(), skipped.into()]);
        let mut statement = conn.prepare_cached(&sql)?;
        let rows = statement.query_map(values, |row| row.get(0))?;
        let found = rows.collect::<engine::Result<Vec<i64>>>()?;
        Ok(match found[..] {
            [nth, _] => Some(Timestamp::from_micros(nth)),
            _ => None,
        })
    }

    pub fn count<R: Table>(self, conn: Conn<'_>) -> Result<i64, StoreError> {
        let sql = format!("SELECT count(*) FROM {} WHERE {}", R::TABLE, self.where_clause::<R>());
        let mut statement = conn.prepare_cached(&sql)?;
        Ok(statement.query_row(self.values, |row| row.get(0))?)
    }

    /// Counts the rows for each combination of the given columns, which must be in the index.
    /// `read` receives these columns and `count`.
    pub fn count_by<R: Table, T>(
        self,
        conn: Conn<'_>,
        columns: &str,
        read: impl FnMut(&Row<'_>) -> engine::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let sql = format!(
            "SELECT {columns}, count(*) AS count FROM {} WHERE {} GROUP BY {columns}",
            R::TABLE,
            self.where_clause::<R>(),
        );
        let mut statement = conn.prepare_cached(&sql)?;
        let rows = statement.query_map(self.values, read)?;
        Ok(rows.collect::<engine::Result<_>>()?)
    }

    fn where_clause<R: Table>(&self) -> String {
        format!("{} AND {}", self.conditions, R::LISTED_WHERE)
    }
}

/// A form that a page of resources can be read in.
pub trait PageForm<R>: Sized {
    /// A page without resources.
    fn empty() -> Self;

    fn read(list: List<'_>, conn: Conn<'_>, page: &PageRequest) -> Result<Self, StoreError>;
}

impl<R: Resource> PageForm<R> for Page<R> {
    fn empty() -> Self {
        Self { data: Vec::new(), next: None }
    }

    fn read(list: List<'_>, conn: Conn<'_>, page: &PageRequest) -> Result<Self, StoreError> {
        list.page::<Document<R>>(conn, page)?.read()
    }
}

impl<R: Resource> PageForm<R> for PageText {
    fn empty() -> Self {
        Self::new(0)
    }

    fn read(list: List<'_>, conn: Conn<'_>, page: &PageRequest) -> Result<Self, StoreError> {
        list.page_text::<R>(conn, page)
    }
}

#[cfg(test)]
mod tests {
    use super::Extent::{OnePage, WholeList};
    use crate::model::customer::{CustomerFilter, CustomerStatus};
    use crate::model::event::{EventFilter, EventType, ReadableTypes};
    use crate::model::key::Scopes;
    use crate::model::onboarding::{OnboardingFilter, OwnerFilter, Phase, State};
    use crate::model::values::id::{DisplayId, Ref};

    #[test]
    fn a_page_reads_only_its_rows_unless_a_filter_is_tested_row_by_row() {
        let text = || Some("x".to_owned());
        let none = CustomerFilter::default();
        let status = Some(CustomerStatus::Active);
        for (filter, extent) in [
            (none.clone(), OnePage),
            (CustomerFilter { status, ..none.clone() }, OnePage),
            (CustomerFilter { slug: text(), ..none.clone() }, OnePage),
            (CustomerFilter { slug: text(), status, ..none.clone() }, WholeList),
            (CustomerFilter { q: text(), ..none }, WholeList),
        ] {
            assert_eq!(filter.extent(), extent, "{filter:?}");
        }
        let (phase, state) = (Some(Phase::Review), Some(State::Active));
        let one = OwnerFilter::One(Ref::DisplayId(DisplayId(1)));
        let both = OnboardingFilter { phase, state };
        let neither = OnboardingFilter { phase: None, state: None };
        assert_eq!((both.extent(&OwnerFilter::Any), both.extent(&one)), (OnePage, WholeList));
        assert_eq!((neither.extent(&OwnerFilter::Any), neither.extent(&one)), (OnePage, OnePage));
        let all = EventFilter::default();
        let updates = EventFilter { kind: Some(EventType::CustomerUpdated) };
        assert_eq!(
            (all.extent_of_onboarding(), updates.extent_of_onboarding()),
            (OnePage, WholeList)
        );
        let some = ReadableTypes::from_scopes(&Scopes::from_stored("read:customers"));
        assert_eq!(all.extent_of_customer(ReadableTypes::ALL), OnePage);
        assert_eq!(all.extent_of_customer(some), WholeList);
    }
}
