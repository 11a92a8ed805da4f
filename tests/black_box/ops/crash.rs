//! The server is killed while many clients write, repeatedly: after each restart, everything that
//! it acknowledged is there, and no change is half done.
//!
//! A kill loses what a process holds in memory. That a commit also survives a power failure depends
//! on a pragma, which `store/engine/sqlite/connection.rs` tests.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::mpsc::{Sender, channel};

use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::support::database::Sql;
use crate::support::{Client, Response, Server};

const CONNECTIONS: u64 = 8;
const RESOURCES: [&str; 3] = ["customer", "contact", "onboarding"];

#[test]
fn data_survives_a_restart_and_display_ids_continue() {
    let mut server = Server::start_new();
    let aurora = server.client().customer("Aurora");
    assert_eq!(server.stop(), Some(0));
    let leftovers = ["pivotal.db-wal", "pivotal.db-shm", "pivotal.db.new"];
    assert!(leftovers.iter().all(|name| !server.dir().join(name).exists()));
    let server = server.restart();
    assert_eq!(server.client().get("/customers/1").expect(200), aurora);
    assert_eq!(server.client().customer("Borealis")["display_id"], 2);
}

#[test]
fn twenty_kills_lose_nothing_that_was_acknowledged() {
    let mut rng = seeded_rng();
    let mut server = Server::start_new();
    let mut authors: Vec<Author> = (0..CONNECTIONS).map(|_| Author::new(&mut rng)).collect();
    for _ in 0..20 {
        let acknowledged = rng.random_range(1..=150);
        (server, authors) = kill_after(acknowledged, server, authors);
    }
    let client = server.client();
    let responses: usize = authors.iter().map(|author| author.saved.len()).sum();
    assert!(responses > 100, "the kills came too early for a meaningful test");
    for author in &mut authors {
        author.touched = author.histories.keys().cloned().collect();
        author.verify(&client, &server.sql());
        author.saved.iter().for_each(|saved| saved.verify(&client));
    }
}

#[test]
fn a_server_killed_during_its_first_changes_starts_again() {
    let mut rng = seeded_rng();
    for acknowledged in 1..=5 {
        let authors = (0..CONNECTIONS).map(|_| Author::new(&mut rng)).collect();
        kill_after(acknowledged, Server::start_new(), authors);
    }
}

/// A generator with a new seed, or with that in `CRASH_SEED`: the same seed leads to the same
/// requests, but not to the same race between them and the kill.
fn seeded_rng() -> Xoshiro256PlusPlus {
    let given = std::env::var("CRASH_SEED").ok().map(|seed| seed.parse().unwrap());
    let seed = given.unwrap_or_else(|| RandomState::new().hash_one(()));
    // The test harness shows this if the test fails.
    #[expect(clippy::print_stdout, reason = "the test prints its seed")]
    {
        println!("to send the same requests again: CRASH_SEED={seed}");
    }
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

/// Lets the authors write until they have received this many responses in total, kills the server
/// while others are in flight, restarts it, and compares its data with what the authors know.
fn kill_after(
    acknowledged: usize,
    mut server: Server,
    authors: Vec<Author>,
) -> (Server, Vec<Author>) {
    let (acknowledge, acknowledgements) = channel();
    let writing: Vec<_> = authors
        .into_iter()
        .map(|mut author| {
            let (client, acknowledge) = (server.client(), acknowledge.clone());
            std::thread::spawn(move || {
                author.write_until_cut_off(&client, &acknowledge);
                author
            })
        })
        .collect();
    // If an author fails, the channel closes and the assertion below notices.
    drop(acknowledge);
    assert_eq!(acknowledgements.iter().take(acknowledged).count(), acknowledged);
    server.kill();
    let mut authors: Vec<Author> =
        writing.into_iter().map(|author| author.join().unwrap()).collect();

    let server = server.restart();
    let (client, sql) = (server.client(), server.sql());
    for author in &mut authors {
        author.settle_interrupted(&client, &sql);
        author.verify(&client, &sql);
    }
    server.expect_sound();
    verify_rows(&sql, &authors);
    (server, authors)
}

/// A client that remembers every response. Nothing else changes what it created.
struct Author {
    rng: Xoshiro256PlusPlus,
    name: String,
    requests: u32,
    /// The resources that it created, by path.
    histories: BTreeMap<String, History>,
    /// Responses that the server must have saved for replay.
    saved: Vec<Exchange>,
    /// The request that was interrupted; it is unknown whether it was carried out.
    interrupted: Option<Request>,
    /// The resources that it changed since they were last verified.
    touched: BTreeSet<String>,
}

/// The acknowledged history of a resource.
struct History {
    /// Its states as returned, oldest first.
    states: Vec<String>,
    deleted: bool,
}

#[derive(Clone)]
struct Request {
    method: &'static str,
    path: String,
    body: Option<Value>,
    retry: Option<String>,
}

struct Exchange {
    request: Request,
    reply: Response,
}

impl Author {
    fn new(rng: &mut Xoshiro256PlusPlus) -> Self {
        Self {
            name: format!("{:016x}", rng.random::<u64>()),
            rng: Xoshiro256PlusPlus::from_rng(rng),
            requests: 0,
            histories: BTreeMap::new(),
            saved: Vec::new(),
            interrupted: None,
            touched: BTreeSet::new(),
        }
    }

    fn write_until_cut_off(&mut self, client: &Client, acknowledge: &Sender<()>) {
        loop {
            let request = self.next_request();
            let Ok(reply) = request.send(client) else {
                self.interrupted = Some(request);
                return;
            };
            self.record(request, reply);
            // After the kill, nothing receives these any more.
            let _ = acknowledge.send(());
        }
    }

    /// A random change: mostly a new resource, otherwise a change to an existing one.
    fn next_request(&mut self) -> Request {
        self.requests += 1;
        let name = format!("{} {}", self.name, self.requests);
        let live: Vec<String> = self
            .histories
            .iter()
            .filter(|(_, h)| !h.deleted)
            .map(|(path, _)| path.clone())
            .collect();
        let customers: Vec<&String> =
            live.iter().filter(|path| path.contains("/customers/")).collect();
        let retry = self.rng.random_bool(0.6).then(|| name.clone());
        let post = |path: String, body| Request { method: "POST", path, body: Some(body), retry };
        let (Some(customer), Some(any)) =
            (customers.choose(&mut self.rng), live.choose(&mut self.rng))
        else {
            return post("/customers".to_owned(), json!({ "name": name }));
        };
        match self.rng.random_range(0..100) {
            0..40 => post("/customers".to_owned(), json!({ "name": name })),
            40..55 => {
                let email = format!("{}@{}.example", self.requests, self.name);
                post(format!("{customer}/contacts"), json!({ "name": name, "email": email }))
            }
            55..70 => {
                let id = customer.rsplit('/').next();
                post("/onboardings".to_owned(), json!({ "customer_id": id, "name": name }))
            }
            70..92 => {
                let mut patch = json!({ "name": name });
                if any.contains("/onboardings/") {
                    // A phase change records two events.
                    let phases = ["review", "launch", "completed"];
                    patch["phase"] = json!(phases.choose(&mut self.rng));
                }
                Request { method: "PATCH", path: any.clone(), body: Some(patch), retry: None }
            }
            _ => Request { method: "DELETE", path: any.clone(), body: None, retry: None },
        }
    }

    fn record(&mut self, request: Request, reply: Response) {
        match request.method {
            "POST" => {
                reply.expect(201);
                let path = reply.header("location").unwrap().to_owned();
                self.record_state(path, reply.body.clone());
                if request.retry.is_some() {
                    self.saved.push(Exchange { request, reply });
                }
            }
            "PATCH" => {
                reply.expect(200);
                self.record_state(request.path, reply.body);
            }
            _ => {
                reply.expect(200);
                self.record_deletion(request.path);
            }
        }
    }

    fn record_state(&mut self, path: String, state: String) {
        let history = self.histories.entry(path.clone());
        let history = history.or_insert(History { states: Vec::new(), deleted: false });
        history.states.push(state);
        self.touched.insert(path);
    }

    fn record_deletion(&mut self, path: String) {
        self.histories.get_mut(&path).unwrap().deleted = true;
        self.touched.insert(path);
    }

    /// Finds out whether the interrupted request was carried out. It must have been carried out
    /// completely or not at all; `verify` checks the rest.
    fn settle_interrupted(&mut self, client: &Client, sql: &Sql) {
        let Some(request) = self.interrupted.take() else { return };
        match (request.method, &request.retry) {
            ("POST", Some(_)) => {
                let reply = request.send(client).unwrap();
                self.record(request, reply);
            }
            ("POST", None) => {
                let name = request.body.as_ref().unwrap()["name"].as_str().unwrap();
                for resource in RESOURCES {
                    let named = format!("SELECT id FROM {resource}s WHERE doc ->> 'name' = ?1");
                    for id in sql.query(&named, [name], |row| row.get::<String>(0)) {
                        let path = format!("/api/v1/{resource}s/{id}");
                        let state = client.get(&path);
                        state.expect(200);
                        self.record_state(path, state.body);
                    }
                }
            }
            ("PATCH", _) => {
                let now = client.get(&request.path);
                let changed = request.body.unwrap();
                let state = now.expect(200);
                if changed.as_object().unwrap().iter().all(|(name, value)| state[name] == *value) {
                    self.record_state(request.path, now.body);
                }
            }
            _ => {
                if client.get(&request.path).status == 404 {
                    self.record_deletion(request.path);
                }
            }
        }
    }

    /// Compares the touched resources with the API and with the events: one event for every
    /// acknowledged state, in order, and no others. Saved responses must still be replayed.
    fn verify(&mut self, client: &Client, sql: &Sql) {
        let states = "SELECT object FROM events WHERE resource_id = ?1 AND type NOT IN
                       ('customer.archived', 'contact.deleted', 'onboarding.deleted')
                   GROUP BY object ORDER BY min(created_at)";
        for path in std::mem::take(&mut self.touched) {
            let history = &self.histories[&path];
            let now = client.get(&path);
            if history.deleted {
                assert_eq!(now.status, 404, "{path}: {}", now.body);
            } else {
                assert_eq!(Some(&now.body), history.states.last(), "{path}");
            }
            let id = path.rsplit('/').next().unwrap();
            let recorded: Vec<String> = sql.query(states, [id], |row| row.get(0));
            assert_eq!(recorded, history.states, "{path}");
            for saved in &self.saved {
                if saved.reply.header("location") == Some(&path) {
                    saved.verify(client);
                }
            }
        }
    }
}

impl Request {
    fn send(&self, client: &Client) -> Result<Response, ureq::Error> {
        let body = self.body.as_ref().map(Value::to_string);
        let header: Vec<_> = self.retry.iter().map(|key| ("Idempotency-Key", &**key)).collect();
        client.try_send(self.method, &self.path, &header, body.as_ref().map(String::as_bytes))
    }
}

impl Exchange {
    /// Checks that the same request gets the same response again, without being carried out twice.
    fn verify(&self, client: &Client) {
        let again = self.request.send(client).unwrap();
        assert_eq!(again.header("idempotent-replayed"), Some("true"), "{}", again.body);
        assert_eq!((again.status, &again.body), (self.reply.status, &self.reply.body));
        assert_eq!(again.header("location"), self.reply.header("location"));
    }
}

/// Checks that there is exactly what the authors know, and that every row is complete.
#[track_caller]
fn verify_rows(sql: &Sql, authors: &[Author]) {
    let count = |query: &str| sql.value::<i64>(query, []) as usize;
    for resource in RESOURCES {
        let known = authors.iter().flat_map(|author| author.histories.keys());
        let known = known.filter(|path| path.contains(&format!("/{resource}s/"))).count();
        let rows = count(&format!("SELECT count(*) FROM {resource}s"));
        assert_eq!(rows, known, "every {resource} must be acknowledged and present");
        let last = format!("SELECT coalesce(max(display_id), 0) FROM {resource}s");
        assert_eq!(count(&last), rows, "no display_id of a {resource} may be missing");
        let given = "SELECT coalesce(max(display_id), 0) FROM sequences WHERE resource =";
        assert_eq!(count(&format!("{given} '{resource}'")), rows);
        let deleted = if resource == "customer" { "archived" } else { "deleted" };
        let incomplete = format!(
            "SELECT count(*) FROM {resource}s AS r WHERE
                 1 <> (SELECT count(*) FROM events
                       WHERE resource_id = r.id AND type = '{resource}.created')
                 OR (CASE WHEN r.deleted_at IS NULL THEN 0 ELSE 1 END) <> (SELECT count(*) FROM events
                       WHERE resource_id = r.id AND type = '{resource}.{deleted}')"
        );
        assert_eq!(count(&incomplete), 0, "every {resource} must have its events");
        let stray = format!(
            "SELECT count(*) FROM events WHERE resource = '{resource}'
             AND resource_id NOT IN (SELECT id FROM {resource}s)"
        );
        assert_eq!(count(&stray), 0, "every event must have its {resource}");
    }
    let events = count("SELECT count(*) FROM events");
    assert_eq!(events, count("SELECT display_id FROM sequences WHERE resource = 'event'"));
    let saved: usize = authors.iter().map(|author| author.saved.len()).sum();
    assert_eq!(count("SELECT count(*) FROM idempotency_keys"), saved);
}
