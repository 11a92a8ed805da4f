//! The first page of customers through plain rusqlite: runs the statement of a list and copies the
//! documents.

use pivotal_server::store::DataDir;

use super::connection;
use super::timing::{Measurement, repeat};
use crate::Outcome;

/// The number of customers on a page.
const LIMIT: usize = 100;
/// Same as in `src/store/rows/list.rs`.
const PAGE: &str = "SELECT doc, shape, created_at, updated_at FROM customers
    WHERE workspace_no = ?1 AND deleted_at IS NULL ORDER BY created_at DESC LIMIT ?2";

/// Reads pages for this many seconds.
pub fn measure(dir: &DataDir, seconds: u64) -> Outcome<Measurement> {
    let conn = connection::open_reader(dir)?;
    let workspace = connection::workspace(&conn)?;
    let mut page = String::new();
    repeat(seconds, 1, || {
        page.clear();
        let mut statement = conn.prepare_cached(PAGE)?;
        // One extra row, like the server, to find out whether there is a next page.
        let mut rows = statement.query((workspace, LIMIT as i64 + 1))?;
        let mut read = 0;
        while let Some(row) = rows.next()? {
            read += 1;
            if read <= LIMIT {
                page.push_str(row.get_ref(0)?.as_str()?);
            }
        }
        if read > LIMIT { Ok(()) } else { Err("the page is not full".into()) }
    })
}
