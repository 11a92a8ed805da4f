//! Reads and overwrites pages through SQLite's own page access, so that the locks of the process
//! and its caches stay as they are (SQLite manual, "The SQLITE_DBPAGE Virtual Table").

use rusqlite::{Connection, OptionalExtension, params};

use super::layout::Layout;
use super::page::{MAX_PAGES, Malformed};
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::tx::Tx;

fn page(conn: &Connection, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "SELECT data FROM sqlite_dbpage WHERE pgno = ?1";
    Ok(conn.prepare_cached(sql)?.query_row([number], |row| row.get(0)).optional()?)
}

/// Finds the free pages among some, in a transaction.
fn layout(conn: &Connection, is_wanted: impl Fn(u32) -> bool) -> Result<Layout, StoreError> {
    Layout::read(|number| page(conn, number).map_err(Unreadable::Store), is_wanted).map_err(
        |unreadable| match unreadable {
            Unreadable::Store(error) => error,
            Unreadable::Malformed => {
                StoreError::Damaged("the list of free pages is invalid".to_owned())
            }
        },
    )
}

enum Unreadable {
    Store(StoreError),
    Malformed,
}

impl From<Malformed> for Unreadable {
    fn from(Malformed: Malformed) -> Self {
        Self::Malformed
    }
}

/// Returns the page with its unused space overwritten, if anything was in that.
fn cleared(conn: &Connection, layout: &Layout, number: u32) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(mut data) = page(conn, number)? else { return Ok(None) };
    match layout.clear(number, &mut data) {
        Ok(changed) => Ok(changed.then_some(data)),
        Err(Malformed) => {
            Err(StoreError::Damaged(format!("page {number} has an invalid structure")))
        }
    }
}

impl Reader<'_> {
    /// Returns the number of pages, or `None` if the pages of this file can't be accessed.
    pub(super) fn accessible_pages(&self) -> Result<Option<u32>, StoreError> {
        let conn = self.conn.sqlite()?;
        let sql = "SELECT 1 FROM pragma_module_list WHERE name = 'sqlite_dbpage'";
        if !conn.prepare_cached(sql)?.exists([])? {
            return Ok(None);
        }
        let pages: u32 = conn.pragma_query_value(None, "page_count", |row| row.get(0))?;
        Ok((pages < MAX_PAGES).then_some(pages))
    }

    /// Returns the pages of a range whose unused space is not empty.
    pub(super) fn pages_with_remains(&self, from: u32, to: u32) -> Result<Vec<u32>, StoreError> {
        let conn = self.conn.sqlite()?;
        let layout = layout(conn, |number| (from..=to).contains(&number))?;
        let mut found = Vec::new();
        for number in from..=to {
            if cleared(conn, &layout, number)?.is_some() {
                found.push(number);
            }
        }
        Ok(found)
    }

    /// Counts the pages of a range that contain one of these texts, in whatever case.
    pub(super) fn count_pages_with(
        &self,
        texts: &[String],
        from: u32,
        to: u32,
    ) -> Result<u32, StoreError> {
        let conn = self.conn.sqlite()?;
        let mut count = 0;
        for number in from..=to {
            let Some(mut data) = page(conn, number)? else { continue };
            data.make_ascii_lowercase();
            let contains = |text: &String| {
                let text = text.as_bytes();
                !text.is_empty() && data.windows(text.len()).any(|window| window == text)
            };
            count += u32::from(texts.iter().any(contains));
        }
        Ok(count)
    }
}

impl Tx<'_> {
    /// Overwrites the unused space of pages with zeros. Returns how many were changed.
    pub(super) fn overwrite_unused_space(&self, pages: &[u32]) -> Result<u32, StoreError> {
        let conn = self.conn.sqlite()?;
        let layout = layout(conn, |number| pages.contains(&number))?;
        let sql = "UPDATE sqlite_dbpage SET data = ?2 WHERE pgno = ?1";
        let mut statement = conn.prepare_cached(sql)?;
        let mut changed = 0;
        for &number in pages {
            if let Some(data) = cleared(conn, &layout, number)? {
                statement.execute(params![number, data])?;
                changed += 1;
            }
        }
        Ok(changed)
    }
}
