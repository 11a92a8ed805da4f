//! Finds everything that the database contains about a record.

use std::collections::HashSet;

use super::responses::{ResponseKey, SavedResponses};
use crate::model::contact::Contact;
use crate::model::customer::Customer;
use crate::model::onboarding::Onboarding;
use crate::model::purge::{PurgeCounts, PurgedRecord};
use crate::model::values::id::{Id, Ref};
use crate::model::workspace::WorkspaceNo;
use crate::store::engine::{Conn, params};
use crate::store::error::StoreError;
use crate::store::reader::WorkspaceReader;
use crate::store::rows::live;
use crate::store::rows::resource::{Resource, Table};

/// A type of record that can be purged.
pub trait Purgeable: Resource {
    /// The condition for the events about a record, whose ID is parameter 1.
    const EVENTS: &'static str = "resource_id = ?1 AND type NOT LIKE '%.purged'";
    /// Whether contacts and onboardings belong to it.
    const HAS_RECORDS: bool = false;
}

impl Purgeable for Customer {
    const EVENTS: &'static str = "customer_id = ?1";
    const HAS_RECORDS: bool = true;
}

impl Purgeable for Contact {}

impl Purgeable for Onboarding {}

/// A record that can be purged, and what would be erased with it.
#[derive(Debug)]
pub struct PurgePreview {
    pub record: PurgedRecord,
    /// The email addresses that the record and its events contain.
    pub emails: Vec<String>,
    /// Makes the purge faster.
    pub responses: SavedResponses,
}

/// The rows about a record. Its events and their deliveries can be many, so they are only counted.
pub(super) struct Traces {
    pub contacts: Vec<String>,
    pub onboardings: Vec<String>,
    /// The keys of saved responses.
    pub responses: Vec<ResponseKey>,
    pub counts: PurgeCounts,
}

impl Traces {
    pub fn find<R: Purgeable>(
        conn: Conn<'_>,
        workspace: WorkspaceNo,
        id: &Id<R>,
        responses: &SavedResponses,
    ) -> Result<Self, StoreError> {
        let (contacts, onboardings) = belongings(conn, id)?;
        let all = [id.as_str()].into_iter();
        let all = all.chain(contacts.iter().chain(&onboardings).map(String::as_str)).collect();
        let responses = responses.of(conn, workspace, &all)?;
        let count = |sql: String| -> Result<u64, StoreError> {
            let count: i64 = conn.prepare_cached(&sql)?.query_row([id], |row| row.get(0))?;
            Ok(u64::try_from(count).unwrap_or(0))
        };
        let counts = PurgeCounts {
            contacts: contacts.len() as u64,
            onboardings: onboardings.len() as u64,
            events: count(format!("SELECT count(*) FROM events WHERE {}", R::EVENTS))?,
            deliveries: count(format!(
                "SELECT count(*) FROM webhook_deliveries WHERE event_id IN ({})",
                event_ids::<R>()
            ))?,
            saved_responses: responses.len() as u64,
        };
        Ok(Self { contacts, onboardings, responses, counts })
    }
}

/// The query for the IDs of the events about a record, whose ID is parameter 1.
pub(super) fn event_ids<R: Purgeable>() -> String {
    format!("SELECT id FROM events WHERE {}", R::EVENTS)
}

/// Returns the IDs of the contacts and onboardings that belong to a record.
fn belongings<R: Purgeable>(
    conn: Conn<'_>,
    id: &Id<R>,
) -> Result<(Vec<String>, Vec<String>), StoreError> {
    if !R::HAS_RECORDS {
        return Ok((Vec::new(), Vec::new()));
    }
    Ok((
        live::ids_including_deleted::<Contact>(conn, id.as_str())?,
        live::ids_including_deleted::<Onboarding>(conn, id.as_str())?,
    ))
}

/// Returns the ID of a record and those of its contacts and onboardings.
pub(super) fn with_belongings<R: Purgeable>(
    conn: Conn<'_>,
    id: &Id<R>,
) -> Result<Vec<String>, StoreError> {
    let (mut all, onboardings) = belongings(conn, id)?;
    all.extend(onboardings);
    all.push(id.as_str().to_owned());
    Ok(all)
}

impl WorkspaceReader<'_> {
    /// Returns what purging a record would erase.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if it never existed or was purged.
    pub fn purge_preview<R: Purgeable>(&self, id_ref: &Ref<R>) -> Result<PurgePreview, StoreError> {
        let found = live::find_including_deleted(self.conn, self.workspace, id_ref)?;
        let responses = SavedResponses::search(self.conn, with_belongings(self.conn, &found.id)?)?;
        let Traces { contacts, counts, .. } =
            Traces::find(self.conn, self.workspace, &found.id, &responses)?;
        let emails = self.emails(&contacts, &found.id)?;
        let record = PurgedRecord {
            resource: R::TYPE,
            id: Id::from_stored(found.id.as_str().to_owned()),
            display_id: found.display_id,
            deleted_at: found.deleted_at,
            counts,
        };
        Ok(PurgePreview { record, emails, responses })
    }

    /// Returns the email addresses of contacts, and those in the events about a record.
    fn emails<R: Purgeable>(
        &self,
        contacts: &[String],
        id: &Id<R>,
    ) -> Result<Vec<String>, StoreError> {
        let mut emails = HashSet::new();
        let contact = format!("SELECT doc ->> 'email' FROM {} WHERE id = ?1", Contact::TABLE);
        let mut statement = self.conn.prepare_cached(&contact)?;
        for id in contacts.iter().map(String::as_str).chain([id.as_str()]) {
            for email in statement.query_map(params![id], |row| row.get::<_, Option<String>>(0))? {
                emails.extend(email?);
            }
        }
        let events = format!(
            "SELECT object ->> 'email', previous ->> 'email'
             FROM events WHERE {}",
            R::EVENTS
        );
        let mut statement = self.conn.prepare_cached(&events)?;
        let mut rows = statement.query([id])?;
        while let Some(row) = rows.next()? {
            emails.extend(row.get::<_, Option<String>>(0)?);
            emails.extend(row.get::<_, Option<String>>(1)?);
        }
        let mut emails: Vec<String> = emails.into_iter().collect();
        emails.sort();
        Ok(emails)
    }
}
