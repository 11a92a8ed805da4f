//! Statements on the database of a server, in the SQL that both engines understand.

use std::cell::RefCell;

use postgres::types::{ToSql, Type};
use postgres::{Client, NoTls, Statement};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};

/// A connection to the database of a server. Parameters are `?1`, `?2`, and so on.
pub struct Sql(Engine);

enum Engine {
    Sqlite(rusqlite::Connection),
    Postgres(RefCell<Client>),
}

/// A value in a row, or a parameter.
#[derive(Clone, Debug)]
pub enum Cell {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

pub struct Row(Vec<Cell>);

impl Sql {
    pub fn sqlite(conn: rusqlite::Connection) -> Self {
        Self(Engine::Sqlite(conn))
    }

    pub fn postgres(url: &str) -> Self {
        Self(Engine::Postgres(RefCell::new(Client::connect(url, NoTls).unwrap())))
    }

    /// Executes a statement and returns the number of rows that it changed.
    pub fn execute(&self, sql: &str, params: impl Params) -> Result<u64, String> {
        let params = params.cells();
        match &self.0 {
            Engine::Sqlite(conn) => conn
                .execute(sql, rusqlite::params_from_iter(params))
                .map(|changed| changed as u64)
                .map_err(|error| error.to_string()),
            Engine::Postgres(client) => {
                let mut client = client.borrow_mut();
                let statement = client.prepare(&numbered(sql)).unwrap();
                let params = for_postgres(&statement, &params);
                client
                    .execute(&statement, &references(&params))
                    .map_err(|error| error.as_db_error().unwrap().message().to_owned())
            }
        }
    }

    /// Executes a query and converts its rows.
    pub fn query<T>(&self, sql: &str, params: impl Params, read: impl Fn(&Row) -> T) -> Vec<T> {
        let params = params.cells();
        let rows: Vec<Row> = match &self.0 {
            Engine::Sqlite(conn) => {
                let mut statement = conn.prepare(sql).unwrap();
                let rows = statement.query_map(rusqlite::params_from_iter(params), from_sqlite);
                rows.unwrap().map(Result::unwrap).collect()
            }
            Engine::Postgres(client) => {
                let mut client = client.borrow_mut();
                let statement = client.prepare(&numbered(sql)).unwrap();
                let params = for_postgres(&statement, &params);
                let rows = client.query(&statement, &references(&params)).unwrap();
                rows.iter().map(from_postgres).collect()
            }
        };
        rows.iter().map(read).collect()
    }

    /// Returns the only value of the only row.
    pub fn value<T: From<Cell>>(&self, sql: &str, params: impl Params) -> T {
        let mut values = self.query(sql, params, |row| row.get(0));
        assert_eq!(values.len(), 1, "{sql}");
        values.remove(0)
    }

    /// Updates the statistics of PostgreSQL's query planner, which it does by itself within a minute.
    /// SQLite has none.
    pub fn analyze(&self) {
        if let Engine::Postgres(client) = &self.0 {
            client.borrow_mut().batch_execute("ANALYZE").unwrap();
        }
    }

    /// Removes the trigger that only lets a purge delete events.
    pub fn permit_deletion_of_events(&self) {
        let sql = match &self.0 {
            Engine::Sqlite(_) => "DROP TRIGGER events_are_not_deleted",
            Engine::Postgres(_) => "DROP TRIGGER events_are_not_deleted ON events",
        };
        self.execute(sql, []).unwrap();
    }

    /// The tables that contain a text, in whatever case.
    pub fn tables_with(&self, text: &[u8]) -> Vec<String> {
        let all = "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()";
        let mut tables: Vec<String> = self.query(all, [], |row| row.get(0));
        assert!(!tables.is_empty());
        tables.retain(|table| {
            let has_text = |row: &Row| row.0.iter().any(|cell| cell.contains(text));
            self.query(&format!("SELECT * FROM {table}"), [], has_text).contains(&true)
        });
        tables
    }

    /// Keeps all others from changing what belongs to any workspace until this connection is
    /// dropped.
    pub fn hold_writes(self) -> Self {
        match &self.0 {
            Engine::Sqlite(conn) => conn.execute_batch("BEGIN IMMEDIATE").unwrap(),
            Engine::Postgres(client) => {
                let sql = "BEGIN; SELECT no FROM workspaces ORDER BY no FOR UPDATE";
                client.borrow_mut().batch_execute(sql).unwrap();
            }
        }
        self
    }
}

impl Row {
    pub fn get<T: From<Cell>>(&self, column: usize) -> T {
        self.0[column].clone().into()
    }
}

impl Cell {
    fn contains(&self, text: &[u8]) -> bool {
        match self {
            Self::Null | Self::Int(_) => false,
            Self::Text(value) => super::contains(value.clone().into_bytes(), text),
            Self::Bytes(value) => super::contains(value.clone(), text),
        }
    }
}

/// The parameters of a statement: `[]`, or an array of values of one type.
pub trait Params {
    fn cells(self) -> Vec<Cell>;
}

impl Params for [Cell; 0] {
    fn cells(self) -> Vec<Cell> {
        Vec::new()
    }
}

macro_rules! params {
    ($($count:literal)+) => {
        $(impl<T: Into<Cell>> Params for [T; $count] {
            fn cells(self) -> Vec<Cell> {
                self.into_iter().map(Into::into).collect()
            }
        })+
    };
}
params!(1 2);

impl From<i64> for Cell {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u32> for Cell {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

impl From<&str> for Cell {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<&String> for Cell {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

macro_rules! read {
    ($($cell:ident($kind:ty))+) => {
        $(impl From<Cell> for $kind {
            #[track_caller]
            fn from(cell: Cell) -> Self {
                match cell {
                    Cell::$cell(value) => value.try_into().unwrap(),
                    other => panic!("not a {}: {other:?}", stringify!($kind)),
                }
            }
        }

        impl From<Cell> for Option<$kind> {
            #[track_caller]
            fn from(cell: Cell) -> Self {
                (!matches!(cell, Cell::Null)).then(|| cell.into())
            }
        })+
    };
}
read!(Int(i64) Int(u32) Text(String) Bytes(Vec<u8>));

impl From<Cell> for bool {
    #[track_caller]
    fn from(cell: Cell) -> Self {
        i64::from(cell) != 0
    }
}

/// Replaces the placeholders with those of PostgreSQL. Texts in statements contain no `?`.
fn numbered(sql: &str) -> String {
    sql.replace('?', "$")
}

/// The parameters of a statement in the types that PostgreSQL expects.
fn for_postgres(statement: &Statement, params: &[Cell]) -> Vec<Box<dyn ToSql + Sync>> {
    let typed = |(cell, of): (&Cell, &Type)| -> Box<dyn ToSql + Sync> {
        match cell.clone() {
            Cell::Null => panic!("a parameter can't be null"),
            Cell::Int(value) if *of == Type::INT4 => Box::new(i32::try_from(value).unwrap()),
            Cell::Int(value) => Box::new(value),
            Cell::Text(value) => Box::new(value),
            Cell::Bytes(value) => Box::new(value),
        }
    };
    params.iter().zip(statement.params()).map(typed).collect()
}

fn references(params: &[Box<dyn ToSql + Sync>]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|param| &**param).collect()
}

fn from_sqlite(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let cell = |column| {
        Ok(match row.get_ref(column)? {
            ValueRef::Null => Cell::Null,
            ValueRef::Integer(value) => Cell::Int(value),
            ValueRef::Text(value) => Cell::Text(str::from_utf8(value).unwrap().to_owned()),
            ValueRef::Blob(value) => Cell::Bytes(value.to_owned()),
            ValueRef::Real(value) => panic!("column {column} is a float: {value}"),
        })
    };
    (0..row.as_ref().column_count()).map(cell).collect::<Result<_, _>>().map(Row)
}

fn from_postgres(row: &postgres::Row) -> Row {
    let cell = |column: usize| {
        let cell = match *row.columns()[column].type_() {
            Type::BOOL => row.get::<_, Option<bool>>(column).map(|value| Cell::Int(value.into())),
            Type::INT4 => row.get::<_, Option<i32>>(column).map(|value| Cell::Int(value.into())),
            Type::INT8 => row.get::<_, Option<i64>>(column).map(Cell::Int),
            Type::BYTEA => row.get::<_, Option<Vec<u8>>>(column).map(Cell::Bytes),
            _ => row.get::<_, Option<String>>(column).map(Cell::Text),
        };
        cell.unwrap_or(Cell::Null)
    };
    Row((0..row.len()).map(cell).collect())
}

impl rusqlite::ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Value::Null),
            Self::Int(value) => (*value).into(),
            Self::Text(value) => value.as_str().into(),
            Self::Bytes(value) => value.as_slice().into(),
        })
    }
}
