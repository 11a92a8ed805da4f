//! Equivalent emails of one customer. Versions before 5 allowed them. All of them are kept: those
//! after the first get a repeat number.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;

use crate::model::values::normalize::email_key;

/// The maximum number of warnings. A bad import can cause more than anyone reads.
const MAX_WARNINGS: usize = 100;

/// Returns the repeat numbers of contacts whose email is equivalent to that of an earlier one, by
/// contact ID.
pub(super) fn repeats(old: &Connection) -> rusqlite::Result<HashMap<String, i64>> {
    let mut statement = old.prepare(
        "SELECT id, customer_id, email, created_at FROM contacts WHERE deleted_at IS NULL",
    )?;
    // Emails were unique as they were written, so of two equivalent ones, at least one differs from
    // its key.
    let mut unusual = HashSet::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let Ok(email) = row.get_ref(2)?.as_str() else { continue };
        let key = email_key(email);
        if key != email {
            unusual.insert((row.get::<_, String>(1)?, key));
        }
    }
    drop(rows);
    let mut repeats = HashMap::new();
    if unusual.is_empty() {
        return Ok(repeats);
    }
    let mut equal: HashMap<(String, String), Vec<(i64, String)>> = HashMap::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let Ok(email) = row.get_ref(2)?.as_str() else { continue };
        let pair = (row.get(1)?, email_key(email));
        if unusual.contains(&pair) {
            equal.entry(pair).or_default().push((row.get(3)?, row.get(0)?));
        }
    }
    for contacts in equal.values_mut() {
        contacts.sort_unstable();
        let later = contacts.drain(..).map(|(_, id)| id).zip(0..).skip(1);
        repeats.extend(later);
    }
    Ok(repeats)
}

/// Returns a warning for each of these contacts.
pub(super) fn warnings(new: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = new.prepare(
        "SELECT w.slug, customer.display_id, contact.display_id
         FROM contacts AS contact
             JOIN customers AS customer ON customer.id = contact.customer_id
             JOIN workspaces AS w ON w.no = contact.workspace_no
         WHERE contact.email_repeat > 0 AND contact.deleted_at IS NULL",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let found = rows.collect::<rusqlite::Result<Vec<(String, i64, i64)>>>()?;
    let mut warnings: Vec<String> = found
        .iter()
        .take(MAX_WARNINGS)
        .map(|(workspace, customer, contact)| {
            format!(
                "workspace `{workspace}`, customer {customer}: the email of contact {contact} is equivalent to that of an earlier contact; both are kept"
            )
        })
        .collect();
    if found.len() > MAX_WARNINGS {
        warnings.push(format!("{} more contacts have such emails", found.len() - MAX_WARNINGS));
    }
    Ok(warnings)
}
