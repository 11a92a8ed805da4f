//! A client of the API, with assertions on its responses.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;

use super::{contract, wait_until};

/// Sends requests with one API key. Paths are below `/api/v1` unless they begin with `/api`.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    address: SocketAddr,
    key: Option<String>,
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub body: String,
}

impl Client {
    pub fn new(address: SocketAddr, key: Option<&str>) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .new_agent();
        Self { agent, address, key: key.map(str::to_owned) }
    }

    pub fn get(&self, path: &str) -> Response {
        self.send("GET", path, &[], None)
    }

    /// Returns the deep health, which must have this status. On a busy machine a check can take
    /// longer than it may, so that the response says nothing about the server.
    #[track_caller]
    pub fn deep_health(&self, status: u16) -> Value {
        let mut response = self.get("/api/health/deep");
        wait_until("no check of the deep health takes too long", || {
            if response.body.contains("no result within") {
                response = self.get("/api/health/deep");
                return false;
            }
            true
        });
        response.expect(status)
    }

    pub fn post(&self, path: &str, body: Value) -> Response {
        self.send("POST", path, &[], Some(body.to_string().as_bytes()))
    }

    pub fn patch(&self, path: &str, body: Value) -> Response {
        self.send("PATCH", path, &[], Some(body.to_string().as_bytes()))
    }

    pub fn delete(&self, path: &str) -> Response {
        self.send("DELETE", path, &[], None)
    }

    /// Sends any request, with headers in addition to the key. The response must match the OpenAPI
    /// document.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Response {
        let result = self.try_send(method, path, headers, body);
        let response = result.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        if !path.starts_with("/api") || path.starts_with("/api/v1") {
            contract::check(method, &contract::Request { path, headers, body }, &response);
        }
        response
    }

    /// Sends a request to a server that may stop before it responds. Checks nothing.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Response, ureq::Error> {
        let base = if path.starts_with("/api") { "" } else { "/api/v1" };
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://{}{base}{path}", self.address));
        if let Some(key) = &self.key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let result = match body {
            Some(body) => {
                let request = request.body(body.to_vec()).unwrap();
                let request =
                    self.agent.configure_request(request).allow_non_standard_methods(true);
                self.agent.run(request.build())
            }
            None => self.agent.run(request.body(()).unwrap()),
        };
        let mut response = result?;
        Ok(Response {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.body_mut().with_config().limit(1 << 30).read_to_string()?,
        })
    }

    /// Creates a customer with this name and returns it.
    pub fn customer(&self, name: &str) -> Value {
        self.post("/customers", serde_json::json!({ "name": name })).expect(201)
    }

    /// Returns the items on the first page of a list.
    #[track_caller]
    pub fn list(&self, path: &str) -> Value {
        self.get(path).expect(200)["data"].clone()
    }

    /// Follows a list to its end and returns all of its items.
    pub fn walk(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let separator = if path.contains('?') { '&' } else { '?' };
            let page = self.get(&format!("{path}{separator}{cursor}")).expect(200);
            items.extend(page["data"].as_array().unwrap().iter().cloned());
            if page["has_more"] == false {
                assert_eq!(page["next_cursor"], Value::Null);
                return items;
            }
            cursor = format!("cursor={}", page["next_cursor"].as_str().unwrap());
        }
    }
}

impl Response {
    /// Parses the body, which must be JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Checks the status and returns the body.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        assert!(self.header("x-request-id").is_some_and(|id| !id.is_empty()));
        self.json()
    }

    /// Checks the envelope of an error: its status, the type that belongs to it, its code, and the
    /// field that it refers to. Returns the error.
    #[track_caller]
    pub fn refused<'f>(&self, status: u16, code: &str, field: impl Into<Option<&'f str>>) -> Value {
        let body = self.expect(status);
        let kind = match status {
            400 | 405 | 413 | 415 | 431 => "invalid_request_error",
            401 => "authentication_error",
            403 => "permission_error",
            404 => "not_found",
            409 => "conflict",
            429 => "rate_limit_error",
            500 | 503 => "internal_error",
            other => panic!("{other} is not an error status"),
        };
        assert_eq!(self.header("content-type"), Some("application/json"));
        let error = &body["error"];
        assert_eq!(error["type"], kind, "{body}");
        assert_eq!(error["code"], code, "{body}");
        assert_eq!(error.get("field").and_then(Value::as_str), field.into(), "{body}");
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()));
        error.clone()
    }
}
