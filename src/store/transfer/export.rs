//! Exports a workspace, line by line.

use crate::model::contact::Contact;
use crate::model::customer::Customer;
use crate::model::event::Event;
use crate::model::onboarding::Onboarding;
use crate::model::transfer::{
    ExportOptions, Header, Kind, LastAllocated, LastEvent, Lasts, event_line, with_deleted_at,
};
use crate::model::values::id::DisplayId;
use crate::model::values::time::Timestamp;
use crate::model::workspace::{Workspace, WorkspaceNo};
use crate::store::engine::{self, Conn, Row, params};
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::rows::document::Document;
use crate::store::rows::resource::{Listed, Resource, Table};

/// How far an export is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// The type of the line, or `None` for the header.
    pub kind: Option<Kind>,
    /// The number of lines after the header, this one included.
    pub done: u64,
    pub total: u64,
}

/// Where the lines go.
struct Sink<'s, E> {
    write: &'s mut dyn FnMut(&str, Progress) -> Result<(), E>,
    done: u64,
    total: u64,
}

impl<E> Sink<'_, E> {
    fn line(&mut self, kind: Kind, text: &str) -> Result<(), E> {
        self.done += 1;
        let progress = Progress { kind: Some(kind), done: self.done, total: self.total };
        (self.write)(text, progress)
    }
}

impl Reader<'_> {
    /// Passes the lines of an export to `write`, in one read transaction. An error of `write` ends
    /// the export.
    pub fn export<E: From<StoreError>>(
        &self,
        workspace: &Workspace,
        options: ExportOptions,
        exported_at: Timestamp,
        write: &mut dyn FnMut(&str, Progress) -> Result<(), E>,
    ) -> Result<(), E> {
        let _snapshot = self.conn.read_transaction().map_err(StoreError::from)?;
        self.export_in_transaction(workspace, options, exported_at, write)
    }

    /// Like [`Reader::export`], in the transaction that the connection has.
    pub(in crate::store) fn export_in_transaction<E: From<StoreError>>(
        &self,
        workspace: &Workspace,
        options: ExportOptions,
        exported_at: Timestamp,
        write: &mut dyn FnMut(&str, Progress) -> Result<(), E>,
    ) -> Result<(), E> {
        let conn = self.conn;
        let no = workspace.no;
        let queries = Queries::new(options.include_deleted);
        let mut total = 0;
        for query in [&queries.customers, &queries.contacts, &queries.onboardings] {
            total += count(conn, no, query)?;
        }
        if options.events {
            total += count(conn, no, EVENTS)?;
        }
        let mut header = Header::new(workspace.into(), exported_at);
        header.include_deleted = options.include_deleted;
        header.events = options.events;
        header.objects = Some(total);
        header.last = lasts(conn, no)?;
        let header = serde_json::to_string(&header).map_err(StoreError::from)?;
        write(&header, Progress { kind: None, done: 0, total })?;
        let sink = &mut Sink { write, done: 0, total };
        resources::<Customer, _>(conn, no, &queries.customers, Kind::Customer, sink)?;
        resources::<Contact, _>(conn, no, &queries.contacts, Kind::Contact, sink)?;
        resources::<Onboarding, _>(conn, no, &queries.onboardings, Kind::Onboarding, sink)?;
        if options.events {
            events(conn, no, sink)?;
        }
        Ok(())
    }
}

const EVENTS: &str = "events AS r WHERE r.workspace_no = ?1";

/// The rows of each type, from a table with the alias `r`.
struct Queries {
    customers: String,
    contacts: String,
    onboardings: String,
}

impl Queries {
    fn new(include_deleted: bool) -> Self {
        let (customer, contact, onboarding) = (Customer::TABLE, Contact::TABLE, Onboarding::TABLE);
        if include_deleted {
            let all = |table| format!("{table} AS r WHERE r.workspace_no = ?1");
            return Self {
                customers: all(customer),
                contacts: all(contact),
                onboardings: all(onboarding),
            };
        }
        Self {
            customers: format!(
                "{customer} AS r WHERE r.workspace_no = ?1 AND r.deleted_at IS NULL"
            ),
            contacts: format!(
                "{contact} AS r CROSS JOIN {customer} AS c
                 WHERE r.workspace_no = ?1 AND r.deleted_at IS NULL
                     AND c.id = r.customer_id AND c.deleted_at IS NULL"
            ),
            onboardings: format!(
                "{onboarding} AS r WHERE r.workspace_no = ?1 AND r.deleted_at IS NULL
                     AND r.customer_deleted_at IS NULL"
            ),
        }
    }
}

fn count(conn: Conn<'_>, workspace: WorkspaceNo, query: &str) -> Result<u64, StoreError> {
    let sql = format!("SELECT count(*) FROM {query}");
    let count: i64 = conn.prepare_cached(&sql)?.query_row([workspace.0], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// Exports the resources of a type by creation time.
fn resources<R: Resource, E: From<StoreError>>(
    conn: Conn<'_>,
    workspace: WorkspaceNo,
    query: &str,
    kind: Kind,
    sink: &mut Sink<'_, E>,
) -> Result<(), E> {
    let columns = format!("{}, deleted_at", Document::<R>::COLUMNS);
    let sql = conn.by_creation(&columns, R::TABLE, query);
    each(
        conn,
        &sql,
        workspace,
        |row| {
            let document: Document<R> = Document::from_row(row)?;
            let deleted_at: Option<i64> = row.get("deleted_at")?;
            Ok((document, deleted_at.map(Timestamp::from_micros)))
        },
        |(document, deleted_at)| match deleted_at {
            Some(time) => sink.line(kind, &with_deleted_at(document.text(), time)),
            None => sink.line(kind, document.text()),
        },
    )
}

fn events<E: From<StoreError>>(
    conn: Conn<'_>,
    workspace: WorkspaceNo,
    sink: &mut Sink<'_, E>,
) -> Result<(), E> {
    let sql = format!(
        "SELECT {} FROM {} WHERE workspace_no = ?1 ORDER BY created_at",
        Event::COLUMNS,
        Event::TABLE
    );
    each(conn, &sql, workspace, Event::from_row, |event| {
        let line = event_line(&event).map_err(StoreError::from)?;
        sink.line(Kind::Event, &line)
    })
}

/// Calls `write` for each row.
fn each<T, E: From<StoreError>>(
    conn: Conn<'_>,
    sql: &str,
    workspace: WorkspaceNo,
    read: impl Fn(&Row<'_>) -> engine::Result<T>,
    mut write: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let mut statement = conn.prepare_batched(sql).map_err(StoreError::from)?;
    let mut rows = statement.query([workspace.0]).map_err(StoreError::from)?;
    while let Some(row) = rows.next().map_err(StoreError::from)? {
        write(read(&row).map_err(StoreError::from)?)?;
    }
    Ok(())
}

/// Returns the last values that a workspace has allocated.
fn lasts(conn: Conn<'_>, workspace: WorkspaceNo) -> Result<Lasts, StoreError> {
    let mut lasts = Lasts::default();
    let sql = "SELECT resource, display_id, created_at FROM sequences WHERE workspace_no = ?1";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params![workspace.0])?;
    while let Some(row) = rows.next()? {
        let created_at = Timestamp::from_micros(row.get(2)?);
        let last = LastAllocated { display_id: DisplayId(row.get(1)?), created_at };
        match row.get_ref(0)?.as_str().map_err(engine::Error::from)? {
            "customer" => lasts.customer = Some(last),
            "contact" => lasts.contact = Some(last),
            "onboarding" => lasts.onboarding = Some(last),
            _ => lasts.event = Some(LastEvent { created_at }),
        }
    }
    Ok(lasts)
}
