//! A client of the API that says what it expects.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;

use super::contract;

/// Sends requests with one key. Paths are those below `/api/v1`, unless they begin with `/api`.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    address: SocketAddr,
    key: Option<String>,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
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

    pub fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], None)
    }

    pub fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, &[], Some(body.to_string().as_bytes()))
    }

    pub fn patch(&self, path: &str, body: Value) -> Reply {
        self.send("PATCH", path, &[], Some(body.to_string().as_bytes()))
    }

    pub fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, &[], None)
    }

    /// Any request, with headers beside the key's. It has to be answered as the document promises.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Reply {
        let sent = self.try_send(method, path, headers, body);
        let reply = sent.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        if !path.starts_with("/api") || path.starts_with("/api/v1") {
            contract::check(method, &contract::Sent { path, headers, body }, &reply);
        }
        reply
    }

    /// The same for a server that may end before it has answered.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Reply, ureq::Error> {
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
        let sent = match body {
            Some(body) => {
                let request = request.body(body.to_vec()).unwrap();
                let request =
                    self.agent.configure_request(request).allow_non_standard_methods(true);
                self.agent.run(request.build())
            }
            None => self.agent.run(request.body(()).unwrap()),
        };
        let mut response = sent?;
        Ok(Reply {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.body_mut().with_config().limit(1 << 30).read_to_string()?,
        })
    }

    /// Creates a customer with this name and returns it.
    pub fn customer(&self, name: &str) -> Value {
        self.post("/customers", serde_json::json!({ "name": name })).expect(201)
    }

    /// The items on a page of a list.
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

impl Reply {
    /// The body, which has to be JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The body of an answer that has this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        assert!(self.header("x-request-id").is_some_and(|id| !id.is_empty()));
        self.json()
    }

    /// Checks the whole envelope of an error: its status, the type that goes with it, its code
    /// and the property at fault.
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
            other => panic!("{other} is no status of an error"),
        };
        assert_eq!(self.header("content-type"), Some("application/json"));
        let error = &body["error"];
        assert_eq!(error["type"], kind, "{body}");
        assert_eq!(error["code"], code, "{body}");
        assert_eq!(error.get("field").and_then(Value::as_str), field.into(), "{body}");
        assert!(error["message"].as_str().is_some_and(|said| !said.is_empty()));
        error.clone()
    }
}
