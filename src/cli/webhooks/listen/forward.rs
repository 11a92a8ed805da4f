//! Forwards a request to the receiver that is being developed.

use std::io;
use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use reqwest::{Client, retry};

use super::super::request::Request;
use super::http::Response;
use crate::http::outgoing::cause::root_cause;
use crate::model::webhook::delivery::KEPT_RESPONSE;
use crate::model::webhook::url::EndpointUrl;
use crate::tls;

/// How long the receiver may take to send its whole response.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Sends requests to a URL.
pub struct Forwarder {
    client: Client,
    url: EndpointUrl,
}

impl Forwarder {
    /// # Errors
    /// If there is no TLS configuration.
    pub fn new(url: EndpointUrl) -> io::Result<Self> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls::config()?)
            .redirect(Policy::none())
            .retry(retry::never())
            .no_proxy()
            .timeout(TIMEOUT)
            // A connection can't outlive the runtime of its request.
            .pool_max_idle_per_host(0)
            .build()
            .map_err(io::Error::other)?;
        Ok(Self { client, url })
    }

    /// Sends the body unchanged, with the headers that belong to a delivery. Returns the
    /// receiver's response.
    ///
    /// # Errors
    /// A human-readable reason if there is no response.
    pub fn forward(&self, request: &Request<'_>) -> Result<Response, String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        let result = runtime.block_on(self.send(request)).map_err(|error| explain(&error));
        // The DNS lookup may hang.
        runtime.shutdown_background();
        result
    }

    async fn send(&self, request: &Request<'_>) -> reqwest::Result<Response> {
        let mut forwarded = self.client.post(self.url.as_url().clone());
        for (name, value) in request.headers().filter(|(name, _)| is_forwarded(name)) {
            forwarded = forwarded.header(name, value);
        }
        let mut received = forwarded.body(request.body.to_vec()).send().await?;
        let retry_after = received.headers().get(RETRY_AFTER);
        let mut response = Response {
            retry_after: retry_after.and_then(|value| value.to_str().ok()).map(str::to_owned),
            ..Response::new(received.status().as_u16(), Vec::new())
        };
        // The server keeps no more than this.
        while response.body.len() < KEPT_RESPONSE
            && let Some(chunk) = received.chunk().await?
        {
            response.body.extend_from_slice(&chunk);
        }
        response.body.truncate(KEPT_RESPONSE);
        Ok(response)
    }
}

fn is_forwarded(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    matches!(&*name, "content-type" | "user-agent")
        || name.starts_with("svix-")
        || name.starts_with("webhook-")
}

fn explain(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no response within {}", humantime::format_duration(TIMEOUT));
    }
    root_cause(error)
}
