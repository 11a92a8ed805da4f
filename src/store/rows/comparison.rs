//! The columns in which texts compare (`model::comparison`): filling them in when an older database
//! is upgraded. For the store's own use.

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

use crate::model::values::comparison::{email_key, host_key};
use crate::store::customers::search_text;

/// Lines about emails that compare equal; a broken import has more than anybody reads.
const MOST: usize = 100;

/// Lets the statements of an upgrade call the functions that the columns are made with.
pub(in crate::store) fn register(conn: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_DIRECTONLY;
    conn.create_scalar_function("host_key", 1, flags, |call| {
        Ok(call.get::<Option<String>>(0)?.map(|host| host_key(&host)))
    })?;
    conn.create_scalar_function("email_key", 1, flags, |call| {
        Ok(email_key(&call.get::<String>(0)?))
    })?;
    conn.create_scalar_function("search_text", 3, flags, |call| {
        let (name, slug): (String, String) = (call.get(0)?, call.get(1)?);
        Ok(search_text(&name, &slug, call.get::<Option<String>>(2)?.as_deref()))
    })
}

/// Logs which contacts of a customer have emails that compare equal. All of them were kept.
pub(in crate::store) fn log_equal_emails(conn: &Connection) -> rusqlite::Result<()> {
    let mut statement = conn.prepare(
        "SELECT w.slug, of.display_id, contact.display_id
         FROM contacts AS contact
             JOIN customers AS of ON of.id = contact.customer_id
             JOIN workspaces AS w ON w.no = contact.workspace_no
         WHERE contact.email_repeat > 0 AND contact.deleted_at IS NULL",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let found = rows.collect::<rusqlite::Result<Vec<(String, i64, i64)>>>()?;
    for (workspace, customer, contact) in found.iter().take(MOST) {
        log::warn!(
            "workspace `{workspace}`, customer {customer}: the email of contact {contact} is another spelling of that of an earlier contact; both are kept"
        );
    }
    if found.len() > MOST {
        log::warn!("{} more contacts have such emails", found.len() - MOST);
    }
    Ok(())
}
