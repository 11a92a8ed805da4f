//! A database in memory for the store's own tests, which fill it through [`Tx`] and look at it
//! through [`Reader`].

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
use crate::store::engine::schema;
use crate::store::{Reader, Tx};

pub(in crate::store) struct Db {
    conn: Connection,
    pub workspace: Workspace,
}

/// So many seconds after the beginning.
pub(in crate::store) fn at(seconds: i64) -> Timestamp {
    Timestamp::parse("2026-01-01").unwrap().plus_millis(seconds * 1000)
}

pub(in crate::store) fn body<B: Body>(json: &Value) -> B {
    Fields::parse(json.as_object().unwrap()).unwrap()
}

impl Db {
    pub fn new() -> Self {
        let mut conn = Connection::open_in_memory().unwrap();
        schema::create(&mut conn).unwrap();
        let workspace = make_workspace(&conn, "one");
        Self { conn, workspace }
    }

    pub fn reader(&self) -> Reader<'_> {
        Reader { conn: &self.conn }
    }

    pub fn tx(&self, seconds: i64) -> Tx<'_> {
        Tx { conn: &self.conn, now: at(seconds) }
    }

    /// The admin at the command line.
    pub fn caller(&self) -> Caller {
        let workspace = self.workspace.clone();
        Caller { workspace, actor: Actor::command_line(), livemode: true }
    }

    /// The same database with another workspace.
    pub fn elsewhere(self) -> Self {
        let workspace = make_workspace(&self.conn, "two");
        Self { workspace, ..self }
    }

    pub fn customer(&self, seconds: i64, json: &Value) -> Customer {
        self.tx(seconds).create_customer(&self.caller(), body(json)).unwrap()
    }

    pub fn contact(&self, seconds: i64, customer: &Customer, json: &Value) -> Contact {
        let of = Ref::Id(customer.id.clone());
        self.tx(seconds).create_contact(&self.caller(), &of, body(json)).unwrap()
    }

    pub fn onboarding(&self, seconds: i64, customer: &Customer, mut json: Value) -> Onboarding {
        json["customer_id"] = customer.id.as_str().into();
        self.tx(seconds).create_onboarding(&self.caller(), body(&json)).unwrap()
    }
}

fn make_workspace(conn: &Connection, slug: &str) -> Workspace {
    let new = NewWorkspace { slug: Slug::parse(slug).unwrap(), name: Name::parse(slug).unwrap() };
    Tx { conn, now: at(0) }.create_workspace(new).unwrap().unwrap()
}
