//! Test control: the routes under `/_test`.

mod clock;
mod concurrency;
mod drain;
mod expiring_keys;
mod faults;
mod guard;
mod mode;
mod requests;
mod workspaces;

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Response, Server};

/// A client of the routes under `/_test`.
pub struct Control {
    agent: ureq::Agent,
    address: SocketAddr,
}

impl Control {
    pub fn new(server: &Server) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .new_agent();
        Self { agent, address: server.address() }
    }

    /// Sends a request; `path` is below `/_test`.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Response {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://{}/_test{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or(String::new(), |body| body.to_string());
        let request = self.agent.configure_request(request.body(body).unwrap());
        let mut response =
            self.agent.run(request.allow_non_standard_methods(true).build()).unwrap();
        Response {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.body_mut().read_to_string().unwrap(),
        }
    }

    pub fn get(&self, path: &str) -> Response {
        self.send("GET", path, &[], None)
    }

    pub fn post(&self, path: &str, body: Value) -> Response {
        self.send("POST", path, &[], Some(body))
    }

    pub fn put(&self, path: &str, body: Value) -> Response {
        self.send("PUT", path, &[], Some(body))
    }

    /// Sends a DELETE that must succeed.
    #[track_caller]
    pub fn delete(&self, path: &str) {
        assert_eq!(self.send("DELETE", path, &[], None).status, 204);
    }

    /// Sets the clock and stops it.
    #[track_caller]
    pub fn freeze(&self, now: &str) {
        self.put("/clock", json!({"now": now, "frozen": true})).expect(200);
    }

    #[track_caller]
    pub fn advance(&self, by: &str) {
        self.put("/clock", json!({ "advance": by })).expect(200);
    }

    /// Adds a fault and returns its ID.
    #[track_caller]
    pub fn fault(&self, fault: Value) -> String {
        self.post("/faults", fault).expect(201)["id"].as_str().unwrap().to_owned()
    }

    /// Waits until all webhooks that are due have been delivered.
    #[track_caller]
    pub fn drain(&self) {
        let drained = self.post("/drain", json!({"timeout_ms": 60_000}));
        assert_eq!(drained.status, 204, "{}", drained.body);
    }

    /// The requests that the API got.
    pub fn requests(&self, query: &str) -> Vec<Value> {
        let found = self.get(&format!("/requests{query}")).expect(200);
        found["data"].as_array().unwrap().clone()
    }
}

/// A server with test control and without rate limits, and a client of its routes.
pub fn start() -> (Server, Control) {
    let server = Server::start_with_test_control(&[], &[]);
    let control = Control::new(&server);
    (server, control)
}
