//! Sends requests to the other server, one at a time: waits for its rate limit and repeats what
//! failed.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, LOCATION, USER_AGENT};
use reqwest::redirect::Policy;
use reqwest::{Method, retry};
use tokio::runtime::Runtime;
use url::Url;

use super::base_url::BaseUrl;
use super::error::RemoteError;
use super::exchange::{Broken, exchange};
use super::key::RemoteKey;
use super::message::printable;
use super::pace::Pace;
use super::reply::Reply;
use super::retry::{
    MAX_FAILURES, MAX_FIRST_FAILURES, MAX_REFUSALS, MAX_WAIT, Verdict, backoff, judge,
};
use super::watch::{RemoteWatch, WaitReason};
use crate::http::outgoing::retry_after::retry_after;
use crate::model::clock::Clock;
use crate::tls;

/// How long a connection may take, and a request with its whole response.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_secs(60);
/// How often a waiting transfer checks whether it should stop.
const POLL: Duration = Duration::from_millis(100);
const AGENT: &str = concat!("pivotal-server/", env!("CARGO_PKG_VERSION"));

/// A client for one server and key.
pub struct Client {
    http: reqwest::Client,
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    base: BaseUrl,
    key: RemoteKey,
    clock: Arc<dyn Clock>,
    watch: Arc<dyn RemoteWatch>,
    pace: Pace,
    /// Whether the server has ever responded.
    was_reached: bool,
}

/// A request, which can be sent more than once.
struct Request<'r> {
    method: Method,
    path: &'r str,
    query: &'r [(&'r str, &'r str)],
    /// A JSON body and its idempotency key.
    body: Option<(&'r str, &'r str)>,
}

impl Client {
    /// # Errors
    /// If the system doesn't provide what a client needs.
    pub fn new(
        base: BaseUrl,
        key: RemoteKey,
        clock: Arc<dyn Clock>,
        watch: Arc<dyn RemoteWatch>,
    ) -> Result<Self, RemoteError> {
        let build = || -> io::Result<_> {
            let http = reqwest::Client::builder()
                .tls_backend_preconfigured(tls::config()?)
                // A redirect would carry the key to another server.
                .redirect(Policy::none())
                .retry(retry::never())
                .referer(false)
                .tcp_nodelay(true)
                .connect_timeout(CONNECT_TIMEOUT)
                .timeout(TIMEOUT)
                .build()
                .map_err(io::Error::other)?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            Ok((http, runtime))
        };
        let (http, runtime) = build().map_err(RemoteError::Client)?;
        let pace = Pace::default();
        Ok(Self { http, runtime: Some(runtime), base, key, clock, watch, pace, was_reached: false })
    }

    pub fn base(&self) -> &BaseUrl {
        &self.base
    }

    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Returns the number of requests per minute that the server allows, if it has a limit.
    pub fn requests_per_minute(&self) -> Option<u64> {
        self.pace.limit()
    }

    /// Sends a GET. The response is successful or says that the request can't succeed.
    ///
    /// # Errors
    /// If there is no such response.
    pub fn get(&mut self, path: &str, query: &[(&str, &str)]) -> Result<Reply, RemoteError> {
        self.send(&Request { method: Method::GET, path, query, body: None })
    }

    /// Sends a POST. The response is successful or says that the request can't succeed.
    ///
    /// # Errors
    /// If there is no such response. The request may have been carried out; it can be sent again
    /// with the same idempotency key.
    pub fn post(
        &mut self,
        path: &str,
        body: &str,
        idempotency_key: &str,
    ) -> Result<Reply, RemoteError> {
        let body = Some((body, idempotency_key));
        self.send(&Request { method: Method::POST, path, query: &[], body })
    }

    fn send(&mut self, request: &Request<'_>) -> Result<Reply, RemoteError> {
        let (mut failures, mut refusals) = (0, 0);
        loop {
            let delay = self.pace.delay(self.clock.monotonic());
            self.wait(delay, &WaitReason::RateLimit)?;
            let (reply, headers) = match self.attempt(request)? {
                Ok(received) => received,
                Err(Broken { cause, can_retry }) => {
                    failures += 1;
                    let limit = if self.was_reached { MAX_FAILURES } else { MAX_FIRST_FAILURES };
                    if !can_retry || failures > limit {
                        return Err(RemoteError::Unreachable { url: self.base.clone(), cause });
                    }
                    self.wait(backoff(failures), &WaitReason::Failure(cause))?;
                    continue;
                }
            };
            self.was_reached = true;
            let requested = retry_after(&headers, self.clock.now());
            match judge(&reply) {
                Verdict::Done => return Ok(reply),
                Verdict::Limited => {
                    refusals += 1;
                    if refusals > MAX_REFUSALS {
                        return Err(RemoteError::StillLimited);
                    }
                    let wait = requested.unwrap_or_else(|| backoff(refusals));
                    self.wait(wait, &WaitReason::RateLimit)?;
                }
                Verdict::Retry => {
                    failures += 1;
                    if failures > MAX_FAILURES {
                        return Err(failed(request, &reply));
                    }
                    let wait = requested.unwrap_or_default().max(backoff(failures));
                    let cause = format!("status {}", reply.status);
                    self.wait(wait, &WaitReason::Failure(cause))?;
                }
                Verdict::Redirected => return Err(self.redirected(&headers)),
                Verdict::KeyRejected => {
                    let message = describe(&reply);
                    return Err(RemoteError::KeyRejected { url: self.base.clone(), message });
                }
                Verdict::Forbidden => {
                    let (request, message) = (request.name(), describe(&reply));
                    return Err(RemoteError::Forbidden { request, message });
                }
            }
        }
    }

    /// Sends a request once. The outer error is that the transfer was stopped.
    fn attempt(
        &mut self,
        request: &Request<'_>,
    ) -> Result<Result<(Reply, HeaderMap), Broken>, RemoteError> {
        let url: Url = self.base.join(request.path, request.query);
        let mut builder = self
            .http
            .request(request.method.clone(), url)
            .header(AUTHORIZATION, self.key.authorization())
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, AGENT);
        if let Some((body, key)) = request.body {
            builder = builder
                .header(CONTENT_TYPE, "application/json")
                .header("Idempotency-Key", key)
                .body(body.to_owned());
        }
        let received = self.run(exchange(builder))?;
        if let Ok((_, headers)) = &received {
            self.pace.record(headers, self.clock.now(), self.clock.monotonic());
        }
        Ok(received)
    }

    fn wait(&self, wait: Duration, reason: &WaitReason) -> Result<(), RemoteError> {
        if wait.is_zero() {
            return Ok(());
        }
        if wait > MAX_WAIT {
            // Whole seconds: nobody wants to know the rest.
            return Err(RemoteError::LongWait(Duration::from_secs(wait.as_secs())));
        }
        let deadline = self.clock.monotonic().plus(wait);
        self.watch.on_wait(reason, wait);
        // Created inside the runtime, which has the timer.
        self.run(async { self.clock.sleep_until(deadline).await })?;
        self.watch.on_resume();
        Ok(())
    }

    /// Runs a future until it is ready or the transfer is to stop.
    fn run<T>(&self, work: impl Future<Output = T>) -> Result<T, RemoteError> {
        let stopped = async {
            while !self.watch.should_stop() {
                // Signals don't follow a clock that a test controls.
                tokio::time::sleep(POLL).await;
            }
        };
        let Some(runtime) = &self.runtime else { return Err(RemoteError::Stopped) };
        if self.watch.should_stop() {
            return Err(RemoteError::Stopped);
        }
        runtime.block_on(async {
            match select(pin!(work), pin!(stopped)).await {
                Either::Left((done, _)) => Ok(done),
                Either::Right(_) => Err(RemoteError::Stopped),
            }
        })
    }

    fn redirected(&self, headers: &HeaderMap) -> RemoteError {
        let to = headers.get(LOCATION).and_then(|to| to.to_str().ok());
        let to = to.map_or_else(|| "an unknown URL".to_owned(), printable);
        RemoteError::Redirect { url: self.base.clone(), to }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A DNS lookup may hang.
            runtime.shutdown_background();
        }
    }
}

impl Request<'_> {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

fn failed(request: &Request<'_>, reply: &Reply) -> RemoteError {
    let fault = reply.fault();
    let message =
        if fault.code.is_empty() { String::new() } else { format!(", {}", fault.message) };
    RemoteError::Failed { request: request.name(), status: reply.status, message }
}

/// Returns the message of an error response.
fn describe(reply: &Reply) -> String {
    let message = reply.fault().message;
    message.trim_end_matches('.').to_owned()
}
