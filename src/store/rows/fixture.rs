//! An in-memory database for the store's own tests, which write to it through [`WorkspaceTx`] and
//! read from it through [`WorkspaceReader`].

use rusqlite::Connection;
use serde_json::Value;

use crate::model::caller::Caller;
use crate::model::contact::Contact;
use crate::model::customer::Customer;
use crate::model::event::Actor;
use crate::model::onboarding::Onboarding;
use crate::model::parse::fields::{Body, Fields};
use crate::model::values::id::Ref;
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;
use crate::model::values::time::Timestamp;
use crate::model::workspace::{NewWorkspace, Workspace};
use crate::store::engine::sqlite::schema;
use crate::store::reader::{Reader, WorkspaceReader};
use crate::store::tx::{Recording, Tx, WorkspaceTx};

pub(in crate::store) struct Db {
    conn: Connection,
    caller: Caller,
}

/// This many seconds after the start of 2026.
pub(in crate::store) fn time_at(seconds: i64) -> Timestamp {
    Timestamp::parse("2026-01-01").unwrap().plus_millis(seconds * 1000)
}

pub(in crate::store) fn body<B: Body>(json: &Value) -> B {
    Fields::parse(json.as_object().unwrap()).unwrap()
}

impl Db {
    pub fn new() -> Self {
        let mut conn = Connection::open_in_memory().unwrap();
        schema::create(&mut conn).unwrap();
        let caller = caller(make_workspace(&conn, "one"));
        Self { conn, caller }
    }

    pub fn reader(&self) -> WorkspaceReader<'_> {
        self.global().for_workspace(self.caller.workspace.no)
    }

    pub fn tx(&self, seconds: i64) -> WorkspaceTx<'_> {
        self.tx_as(seconds, &self.caller)
    }

    pub fn tx_as<'c>(&'c self, seconds: i64, caller: &'c Caller) -> WorkspaceTx<'c> {
        let recording = Recording::EventsAndDeliveries;
        WorkspaceTx { conn: (&self.conn).into(), now: time_at(seconds), caller, recording }
    }

    pub fn conn(&self) -> &Connection {
        &self.conn
    }

    pub fn global(&self) -> Reader<'_> {
        Reader { conn: (&self.conn).into() }
    }

    pub fn global_tx(&self, seconds: i64) -> Tx<'_> {
        Tx { conn: (&self.conn).into(), now: time_at(seconds) }
    }

    /// The admin, at the command line.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Returns the same database with another workspace as the current one.
    pub fn in_another_workspace(self) -> Self {
        let caller = caller(make_workspace(&self.conn, "two"));
        Self { caller, ..self }
    }

    pub fn customer(&self, seconds: i64, json: &Value) -> Customer {
        self.tx(seconds).create_customer(body(json)).unwrap().resource
    }

    pub fn contact(&self, seconds: i64, customer: &Customer, json: &Value) -> Contact {
        let id_ref = Ref::Id(customer.id.clone());
        self.tx(seconds).create_contact(&id_ref, body(json)).unwrap().resource
    }

    pub fn onboarding(&self, seconds: i64, customer: &Customer, mut json: Value) -> Onboarding {
        json["customer_id"] = customer.id.as_str().into();
        self.tx(seconds).create_onboarding(body(&json)).unwrap().resource
    }
}

fn caller(workspace: Workspace) -> Caller {
    Caller { workspace, actor: Actor::command_line(), livemode: true }
}

fn make_workspace(conn: &Connection, slug: &str) -> Workspace {
    let new = NewWorkspace { slug: Slug::parse(slug).unwrap(), name: Name::parse(slug).unwrap() };
    Tx { conn: conn.into(), now: time_at(0) }.create_workspace(new).unwrap().unwrap()
}
