//! A request that is sent together with the next one, without waiting for its response in between.

use std::future::Future;

use futures_util::future::join;
use tokio_postgres::{Client, Error, Row, Statement};

use super::{PgConnection, parameters};
use crate::store::engine::value::Value;

/// What can be sent ahead.
pub enum Request {
    /// Statements in PostgreSQL's spelling, separated by semicolons. They return no rows.
    Batch(&'static str),
    Query(Statement, Vec<Value<'static>>),
}

impl Request {
    pub fn query(statement: Statement, values: &[Value<'_>]) -> Self {
        Self::Query(statement, values.iter().cloned().map(Value::into_owned).collect())
    }

    pub(super) async fn send(&self, client: &Client) -> Result<Vec<Row>, Error> {
        match self {
            Self::Batch(sql) => client.batch_execute(sql).await.map(|()| Vec::new()),
            Self::Query(statement, values) => client.query(statement, &parameters(values)).await,
        }
    }
}

/// The request of a connection that is sent ahead, if there is one.
#[derive(Default)]
pub(super) enum Ahead {
    #[default]
    None,
    Waiting(Request),
    Answered(Result<Vec<Row>, Error>),
}

impl Ahead {
    /// Runs a request, together with the one that waits.
    pub async fn and<T>(
        &mut self,
        client: &Client,
        request: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let Self::Waiting(first) = self else { return request.await };
        // Each is sent when it is first polled, in this order.
        let (answer, result) = join(first.send(client), request).await;
        *self = Self::Answered(answer);
        result
    }
}

/// Something that is sent ahead. If this is dropped, nothing is left of it on the connection.
#[must_use]
pub struct SentAhead<'c>(&'c PgConnection);

impl<'c> SentAhead<'c> {
    pub(super) fn of(connection: &'c PgConnection) -> Self {
        Self(connection)
    }

    /// Returns the rows. Sends the request alone if no other was sent since.
    pub fn finish(self) -> Result<Vec<Row>, Error> {
        self.0.run(|client, patience| client.finish_ahead(patience))
    }
}

impl Drop for SentAhead<'_> {
    fn drop(&mut self) {
        self.0.client.borrow_mut().forget_ahead();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::engine::postgres::connect::session::Session;
    use crate::store::engine::postgres::test_database::TestDatabase;
    use crate::store::engine::{Conn, params};

    const NUMBER: &str = "SELECT CAST(?1 AS BIGINT)";

    fn number(conn: Conn<'_>, value: i64) -> i64 {
        conn.query_row(NUMBER, params![value], |row| row.get(0)).unwrap()
    }

    #[test]
    fn two_queries_take_one_round_trip_if_one_is_sent_ahead() {
        let Some(database) = TestDatabase::create() else { return };
        let connection = database.connect_as_server(Session::unlimited());
        let conn = Conn::from(&connection);
        let prepared = number(conn, 0);
        let before = connection.round_trips();
        let both = conn.query_ahead(NUMBER, params![1], |row| row.get(0), || number(conn, 2));
        assert_eq!(both.unwrap(), (Some(1_i64), 2));
        assert_eq!(connection.round_trips(), before + 1);
        // With nothing to be sent with, it is sent alone.
        let alone = conn.query_ahead(NUMBER, params![3], |row| row.get(0), || prepared);
        assert_eq!(alone.unwrap(), (Some(3_i64), 0));
        assert_eq!(connection.round_trips(), before + 2);
    }

    #[test]
    fn the_server_answers_what_is_sent_ahead_first() {
        let Some(database) = TestDatabase::create() else { return };
        let connection = database.connect_as_server(Session::unlimited());
        connection.begin("BEGIN").unwrap();
        let sent = connection.send_ahead(Request::Batch("SAVEPOINT one; SELECT 1 / 0"));
        assert!(connection.batch_execute("SELECT 1").is_err());
        let code = sent.finish().unwrap_err().code().cloned();
        assert_eq!(code, Some(tokio_postgres::error::SqlState::DIVISION_BY_ZERO));
        connection.end("ROLLBACK").unwrap();
    }

    #[test]
    fn what_was_to_be_sent_ahead_is_forgotten_if_nobody_waits_for_it() {
        let Some(database) = TestDatabase::create() else { return };
        let connection = database.connect_as_server(Session::unlimited());
        drop(connection.send_ahead(Request::Batch("SELECT 1 / 0")));
        connection.begin("BEGIN").unwrap();
        assert_eq!(number(Conn::from(&connection), 1), 1);
        connection.end("COMMIT").unwrap();
    }
}
