//! A client that blocks, and gives up on a server that doesn't respond.

use std::future::{Future, pending, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, sleep_until, timeout};
use tokio_postgres::error::DbError;
use tokio_postgres::types::ToSql;
use tokio_postgres::{
    AsyncMessage, Config, Error, Row, SimpleQueryMessage, Statement, ToStatement,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::ahead::{Ahead, Request};

/// How long a server may be silent, again and again, before it has to accept another connection.
const SILENCE: Duration = Duration::from_secs(10);
/// How long it may take to accept that connection.
const ACCEPTS_WITHIN: Duration = Duration::from_secs(10);
/// How often to look whether a response is of any use.
const LOOK: Duration = Duration::from_millis(200);
/// How long a connection that is no longer needed may take to say so.
const GOODBYE: Duration = Duration::from_millis(200);

/// How long to wait for a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store::engine::postgres) enum Patience {
    Until(Instant),
    /// As long as the server accepts other connections. A statement can take any time, but a server
    /// that was stopped never responds, while its machine keeps the connection open.
    WhileAlive,
}

impl Patience {
    pub fn of(limit: Option<Duration>) -> Self {
        limit.map_or(Self::WhileAlive, |limit| Self::Until(Instant::now() + limit))
    }
}

/// Why a client could not connect.
#[derive(Debug, thiserror::Error)]
pub(in crate::store::engine::postgres) enum AttemptError {
    #[error("it does not answer")]
    NoAnswer,
    #[error("no runtime can be started ({0})")]
    NoRuntime(#[from] io::Error),
    #[error(transparent)]
    Postgres(#[from] Error),
}

/// A connection. Never use it on a thread of an asynchronous runtime: it blocks on a runtime of its
/// own and panics.
pub(in crate::store) struct Client {
    /// Is dropped first.
    client: tokio_postgres::Client,
    link: Link,
    ahead: Ahead,
}

/// What carries requests and responses.
struct Link {
    runtime: Runtime,
    /// `None` once the connection is closed.
    driver: Option<Driver>,
    config: Arc<Config>,
    tls: MakeRustlsConnect,
    is_useless: Option<IsUseless>,
    /// How often a response was waited for.
    #[cfg(test)]
    round_trips: u32,
}

/// Says whether responses of this server are no longer of any use.
pub(super) type IsUseless = Box<dyn Fn() -> bool + Send>;
type Driver = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

impl Client {
    /// Connects within `limit`, which holds for all of it. The configuration's limit holds only for
    /// the connection itself, and a server that hangs accepts those.
    pub fn connect(
        config: Config,
        tls: MakeRustlsConnect,
        on_notice: impl Fn(DbError) + Send + 'static,
        limit: Duration,
    ) -> Result<Self, AttemptError> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let connected =
            runtime.block_on(async { timeout(limit, config.connect(tls.clone())).await });
        match connected {
            Ok(connected) => {
                let (client, connection) = connected?;
                let driver: Option<Driver> = Some(Box::pin(drive(connection, on_notice)));
                let config = Arc::new(config);
                let link = Link {
                    runtime,
                    driver,
                    config,
                    tls,
                    is_useless: None,
                    #[cfg(test)]
                    round_trips: 0,
                };
                Ok(Self { client, link, ahead: Ahead::default() })
            }
            Err(_) => {
                // Without waiting for the resolver of host names.
                runtime.shutdown_background();
                Err(AttemptError::NoAnswer)
            }
        }
    }

    /// From now on, the connection is closed if a response is missing when `is_useless` is true.
    pub fn close_if(&mut self, is_useless: IsUseless) {
        self.link.is_useless = Some(is_useless);
    }

    #[cfg(test)]
    pub fn round_trips(&self) -> u32 {
        self.link.round_trips
    }

    pub fn is_closed(&self) -> bool {
        self.link.driver.is_none() || self.client.is_closed()
    }

    pub fn prepare(&mut self, sql: &str, patience: Patience) -> Result<Statement, Error> {
        self.run(patience, |client| client.prepare(sql))
    }

    pub fn query(
        &mut self,
        statement: &(impl ?Sized + ToStatement),
        values: &[&(dyn ToSql + Sync)],
        patience: Patience,
    ) -> Result<Vec<Row>, Error> {
        self.run(patience, |client| client.query(statement, values))
    }

    pub fn execute(
        &mut self,
        statement: &(impl ?Sized + ToStatement),
        values: &[&(dyn ToSql + Sync)],
        patience: Patience,
    ) -> Result<u64, Error> {
        self.run(patience, |client| client.execute(statement, values))
    }

    pub fn simple_query(
        &mut self,
        sql: &str,
        patience: Patience,
    ) -> Result<Vec<SimpleQueryMessage>, Error> {
        self.run(patience, |client| client.simple_query(sql))
    }

    /// Waits for a request, and for the one that is sent ahead.
    fn run<'c, T, F: Future<Output = Result<T, Error>>>(
        &'c mut self,
        patience: Patience,
        request: impl FnOnce(&'c tokio_postgres::Client) -> F,
    ) -> Result<T, Error> {
        let Self { client, link, ahead } = self;
        link.run(patience, ahead.and(client, request(client)))
    }

    /// Sends a request together with the next one.
    pub fn send_ahead(&mut self, request: Request) {
        self.ahead = Ahead::Waiting(request);
    }

    /// Returns the response to what was sent ahead. Sends it now if there was no other request.
    pub fn finish_ahead(&mut self, patience: Patience) -> Result<Vec<Row>, Error> {
        match std::mem::take(&mut self.ahead) {
            Ahead::None => Ok(Vec::new()),
            Ahead::Answered(answer) => answer,
            Ahead::Waiting(request) => self.link.run(patience, request.send(&self.client)),
        }
    }

    /// Forgets what was sent ahead, or was to be.
    pub fn forget_ahead(&mut self) {
        self.ahead = Ahead::default();
    }

    /// Like [`Client::simple_query`], but leaves the connection and the statements as they are if
    /// there is no response within `limit`, and returns `None`. The responses to what comes later
    /// follow that one.
    pub fn try_simple_query(
        &mut self,
        sql: &str,
        limit: Duration,
    ) -> Option<Result<Vec<SimpleQueryMessage>, Error>> {
        let request = async { timeout(limit, self.client.simple_query(sql)).await.ok() };
        let request = async { request.await.map_or(Ok(None), |result| result.map(Some)) };
        self.link.run(Patience::WhileAlive, request).transpose()
    }
}

impl Link {
    /// Waits for a request. If patience is over, the connection is closed, which ends the request.
    fn run<T>(
        &mut self,
        patience: Patience,
        request: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        #[cfg(test)]
        {
            self.round_trips += 1;
        }
        let Self { runtime, driver, config, tls, is_useless, .. } = self;
        let mut request = pin!(request);
        let mut is_over = pin!(is_over(patience, config, tls));
        let mut is_useless = pin!(is_true(is_useless.as_deref()));
        runtime.block_on(poll_fn(|cx| {
            if let Some(Poll::Ready(ended)) = driver.as_mut().map(|driver| driver.as_mut().poll(cx))
            {
                *driver = None;
                if let Err(error) = ended {
                    return Poll::Ready(Err(error));
                }
            }
            if let Poll::Ready(result) = request.as_mut().poll(cx) {
                return Poll::Ready(result);
            }
            let gives_up =
                is_over.as_mut().poll(cx).is_ready() || is_useless.as_mut().poll(cx).is_ready();
            if driver.is_some() && gives_up {
                log::warn!("closed a connection to PostgreSQL, which does not respond");
                *driver = None;
                return request.as_mut().poll(cx);
            }
            Poll::Pending
        }))
    }
}

impl Drop for Link {
    /// Says goodbye: the client has been dropped before.
    fn drop(&mut self) {
        let Some(driver) = self.driver.take() else { return };
        let _ = self.runtime.block_on(async { timeout(GOODBYE, driver).await });
    }
}

/// Runs a connection until it is closed.
async fn drive<S, T>(
    mut connection: tokio_postgres::Connection<S, T>,
    on_notice: impl Fn(DbError),
) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
        if let AsyncMessage::Notice(notice) = message? {
            on_notice(notice);
        }
    }
    Ok(())
}

/// Returns when patience is over.
async fn is_over(patience: Patience, config: &Config, tls: &MakeRustlsConnect) {
    if let Patience::Until(deadline) = patience {
        return sleep_until(deadline.into()).await;
    }
    loop {
        sleep(SILENCE).await;
        // Whatever it responds, also that it can't accept more.
        if timeout(ACCEPTS_WITHIN, config.connect(tls.clone())).await.is_err() {
            return;
        }
    }
}

/// Returns when the condition is true.
async fn is_true(condition: Option<&(dyn Fn() -> bool + Send)>) {
    let Some(condition) = condition else { return pending().await };
    loop {
        sleep(LOOK).await;
        if condition() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::model::database_url::Tls;
    use crate::store::engine::postgres::connect::session::Session;
    use crate::store::engine::postgres::connect::tls::connector;
    use crate::store::engine::postgres::test_database::TestDatabase;
    use crate::store::engine::read_limit::ReadLimit;

    #[test]
    fn a_server_that_accepts_connections_but_hangs_is_given_up() {
        let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut config = Config::new();
        config.host("127.0.0.1").port(hanging.local_addr().unwrap().port());
        let tls = connector(&Tls::Disable).unwrap();
        let refused = Client::connect(config, tls, |_| {}, Duration::from_millis(10)).err();
        assert!(matches!(refused, Some(AttemptError::NoAnswer)), "{refused:?}");
    }

    #[test]
    fn a_response_that_takes_too_long_closes_the_connection() {
        let Some(database) = TestDatabase::create() else { return };
        let connection = database.connect_as_server(Session::unlimited());
        let (limit, _waiting) = ReadLimit::new(Duration::from_millis(10));
        let _limited = connection.limit(limit);
        let error = connection.batch_execute("SELECT pg_sleep(600)").unwrap_err();
        assert!(error.is_closed() && connection.is_closed(), "{error:?}");
    }
}
