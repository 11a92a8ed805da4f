//! The loads: the requests and the number of connections of each.

pub mod wrk;

use crate::database::{Sample, bodies};

/// The default number of connections.
const CONNECTIONS: u32 = 64;
/// The mean pauses, in milliseconds, with which four readers and eight writers leave about one of
/// two processors idle.
const READ_PAUSE: u64 = 3;
const WRITE_PAUSE: u64 = 5;

/// A kind of traffic to measure.
#[derive(Clone)]
pub struct Load {
    /// The name for `--only`.
    pub name: &'static str,
    /// The description in the table.
    pub title: &'static str,
    /// The number of connections, each with one request at a time.
    pub connections: u32,
    /// The mean pause between a response and the next request on its connection, in milliseconds.
    pub pause: u64,
    /// The requests to choose from, as lines in the format that `load.lua` reads.
    pub requests: Vec<String>,
}

impl Load {
    fn new(name: &'static str, title: &'static str, requests: Vec<String>) -> Self {
        Self { name, title, connections: CONNECTIONS, pause: 0, requests }
    }

    fn with_connections(self, connections: u32) -> Self {
        Self { connections, ..self }
    }

    /// Returns a load with the same requests and another name.
    pub fn renamed(&self, name: &'static str, title: &'static str) -> Self {
        Self { name, title, ..self.clone() }
    }

    /// Whether no request only reads.
    pub fn only_writes(&self) -> bool {
        self.requests.iter().all(|request| !request.starts_with("GET "))
    }

    /// Returns a load with fewer requests per second.
    pub fn paced(self, connections: u32, pause: u64) -> Self {
        Self { connections, pause, ..self }
    }
}

/// All loads.
pub struct Loads {
    pub get_cuid: Load,
    pub get_display_id: Load,
    pub list_first: Load,
    pub list_deep: Load,
    pub list_status: Load,
    pub list_domain: Load,
    pub posts: [Load; 3],
    pub patch: Load,
    pub mix: Load,
    pub get_while_writing: Load,
    pub writers: Load,
    pub get_beside_writers: Load,
    pub paced_writers: Load,
}

impl Loads {
    /// Creates the loads for the database that `sample` was taken from.
    pub fn new(sample: &Sample) -> Self {
        let by_cuid = lines(&sample.cuids, |id| format!("GET /api/v1/customers/{id}"));
        let posts: Vec<String> = (0..bodies::NEW).map(post).collect();
        // Nine reads for each of the bodies.
        let reads = by_cuid.iter().cycle().take(9 * posts.len());
        let mix = reads.chain(&posts).cloned().collect();
        let post = |name, title, connections| {
            Load::new(name, title, posts.clone()).with_connections(connections)
        };
        Self {
            get_display_id: Load::new(
                "get-display-id",
                "GET a customer by display_id",
                lines(&sample.display_ids, |id| format!("GET /api/v1/customers/{id}")),
            ),
            list_first: Load::new("list-first", "GET the first page of 100", vec![page("")]),
            list_deep: Load::new(
                "list-deep",
                "GET a deep page of 100",
                lines(&sample.deep_cursors, |cursor| page(&format!("&cursor={cursor}"))),
            ),
            list_status: Load::new(
                "list-status",
                "GET a deep page of 100, filtered by status",
                lines(&sample.deep_cursors, |cursor| {
                    page(&format!("&status=active&cursor={cursor}"))
                }),
            ),
            list_domain: Load::new(
                "list-domain",
                "GET a list filtered by domain",
                lines(&sample.domains, |domain| page(&format!("&domain={domain}"))),
            ),
            posts: [
                post("post-1", "POST a customer", 1),
                post("post-8", "POST a customer", 8),
                post("post-64", "POST a customer", 64),
            ],
            patch: Load::new("patch", "PATCH a customer", lines(&sample.cuids, |id| patch(id))),
            mix: Load::new("mix", "nine GETs by cuid per POST", mix),
            get_while_writing: Load::new(
                "get-while-writing",
                "GET by cuid with 8 writers",
                by_cuid.clone(),
            )
            // No more than the writers, so that requests wait for writers rather than for each
            // other.
            .with_connections(8),
            writers: post("writers", "the 8 writers: POST a customer", 8),
            get_beside_writers: Load::new(
                "get-beside-writers",
                "GET by cuid beside 8 writers, all with pauses",
                by_cuid.clone(),
            )
            .paced(4, READ_PAUSE),
            paced_writers: post(
                "paced-writers",
                "these 8 writers: POST a customer, with pauses",
                8,
            )
            .paced(8, WRITE_PAUSE),
            get_cuid: Load::new("get-cuid", "GET a customer by cuid", by_cuid),
        }
    }
}

fn lines<T>(items: &[T], line: impl Fn(&T) -> String) -> Vec<String> {
    items.iter().map(line).collect()
}

fn page(query: &str) -> String {
    format!("GET /api/v1/customers?limit=100{query}")
}

fn post(n: u64) -> String {
    format!("POST /api/v1/customers {}", bodies::new_customer(n, "@@@@"))
}

/// Updates one indexed field and one that is not indexed.
fn patch(id: &str) -> String {
    let status = if id.ends_with(|last: char| last < 'i') { "active" } else { "churned" };
    let body = serde_json::json!({ "status": status, "slack_channel_id": "C@@@@" });
    format!("PATCH /api/v1/customers/{id} {body}")
}
