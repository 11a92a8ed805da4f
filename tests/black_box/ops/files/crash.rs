//! The server is killed in the midst of many clients' changes, again and again: whatever it had
//! acknowledged is there when it is back, and nothing is half there.
//!
//! A kill loses what a process holds in memory. That a commit also outlives the machine is a
//! pragma, which `store/engine/sqlite.rs` tests.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::mpsc::{Sender, channel};

use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::support::{Client, Reply, Server};

const CONNECTIONS: u64 = 8;
const RESOURCES: [&str; 3] = ["customer", "contact", "onboarding"];

#[test]
fn twenty_kills_lose_nothing_that_was_acknowledged() {
    let mut dice = dice();
    let mut server = Server::start_new();
    let mut authors: Vec<Author> = (0..CONNECTIONS).map(|_| Author::new(&mut dice)).collect();
    for _ in 0..20 {
        let acknowledged = dice.random_range(1..=150);
        (server, authors) = kill_after(acknowledged, server, authors);
    }
    let client = server.client();
    let answers: usize = authors.iter().map(|author| author.kept.len()).sum();
    assert!(answers > 100, "the kills came too early to tell anything");
    for author in &mut authors {
        author.touched = author.histories.keys().cloned().collect();
        author.verify(&client, &server.sql());
        author.kept.iter().for_each(|kept| kept.verify(&client));
    }
}

#[test]
fn a_server_that_is_killed_at_its_first_changes_starts_again() {
    let mut dice = dice();
    for acknowledged in 1..=5 {
        let authors = (0..CONNECTIONS).map(|_| Author::new(&mut dice)).collect();
        kill_after(acknowledged, Server::start_new(), authors);
    }
}

/// Dice of a new seed, or of that in `CRASH_SEED`: the same seed makes the same requests, though
/// not the same race between them and the kill.
fn dice() -> Xoshiro256PlusPlus {
    let given = std::env::var("CRASH_SEED").ok().map(|seed| seed.parse().unwrap());
    let seed = given.unwrap_or_else(|| RandomState::new().hash_one(()));
    // The harness shows it when the test fails.
    #[expect(clippy::print_stdout, reason = "it is the test's own message")]
    {
        println!("to send the same requests again: CRASH_SEED={seed}");
    }
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

/// Lets the authors write until together they have had this many answers, kills the server in the
/// midst of the others, starts it again, and compares what it has with what the authors know.
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
    // An author that fails ends the wait too, and is noticed below.
    drop(acknowledge);
    assert_eq!(acknowledgements.iter().take(acknowledged).count(), acknowledged);
    server.kill();
    let mut authors: Vec<Author> =
        writing.into_iter().map(|author| author.join().unwrap()).collect();

    let server = server.restart();
    let (client, conn) = (server.client(), server.sql());
    for author in &mut authors {
        author.settle_doubt(&client, &conn);
        author.verify(&client, &conn);
    }
    verify_file(&conn, &authors);
    (server, authors)
}

/// A client that remembers all that it was told. Nobody else changes what it created.
struct Author {
    dice: Xoshiro256PlusPlus,
    name: String,
    requests: u32,
    /// What it created, by path.
    histories: BTreeMap<String, History>,
    /// Answers that the server has to have kept.
    kept: Vec<Exchange>,
    /// The request that was cut off, of which it is not known whether it was carried out.
    doubt: Option<Request>,
    /// The resources that it changed since they were last verified.
    touched: BTreeSet<String>,
}

/// What was acknowledged of a resource.
struct History {
    /// Its states as they were answered, oldest first.
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
    reply: Reply,
}

impl Author {
    fn new(dice: &mut Xoshiro256PlusPlus) -> Self {
        Self {
            name: format!("{:016x}", dice.random::<u64>()),
            dice: Xoshiro256PlusPlus::from_rng(dice),
            requests: 0,
            histories: BTreeMap::new(),
            kept: Vec::new(),
            doubt: None,
            touched: BTreeSet::new(),
        }
    }

    fn write_until_cut_off(&mut self, client: &Client, acknowledge: &Sender<()>) {
        loop {
            let request = self.next();
            let Ok(reply) = request.send(client) else {
                self.doubt = Some(request);
                return;
            };
            self.note(request, reply);
            // Nobody counts any more once the kill is under way.
            let _ = acknowledge.send(());
        }
    }

    /// Some change: mostly something new, else to something that is there.
    fn next(&mut self) -> Request {
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
        let retry = self.dice.random_bool(0.6).then(|| name.clone());
        let post = |path: String, body| Request { method: "POST", path, body: Some(body), retry };
        let (Some(customer), Some(any)) =
            (customers.choose(&mut self.dice), live.choose(&mut self.dice))
        else {
            return post("/customers".to_owned(), json!({ "name": name }));
        };
        match self.dice.random_range(0..100) {
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
                    // Two events at once.
                    let phases = ["review", "launch", "completed"];
                    patch["phase"] = json!(phases.choose(&mut self.dice));
                }
                Request { method: "PATCH", path: any.clone(), body: Some(patch), retry: None }
            }
            _ => Request { method: "DELETE", path: any.clone(), body: None, retry: None },
        }
    }

    fn note(&mut self, request: Request, reply: Reply) {
        match request.method {
            "POST" => {
                reply.expect(201);
                let path = reply.header("location").unwrap().to_owned();
                self.adopt(path, reply.body.clone());
                if request.retry.is_some() {
                    self.kept.push(Exchange { request, reply });
                }
            }
            "PATCH" => {
                reply.expect(200);
                self.adopt(request.path, reply.body);
            }
            _ => {
                reply.expect(200);
                self.forget(request.path);
            }
        }
    }

    fn adopt(&mut self, path: String, state: String) {
        let history = self.histories.entry(path.clone());
        let history = history.or_insert(History { states: Vec::new(), deleted: false });
        history.states.push(state);
        self.touched.insert(path);
    }

    fn forget(&mut self, path: String) {
        self.histories.get_mut(&path).unwrap().deleted = true;
        self.touched.insert(path);
    }

    /// Finds out whether the request that was cut off was carried out. It must have been wholly
    /// or not at all; which of the two is compared with all the rest afterwards.
    fn settle_doubt(&mut self, client: &Client, conn: &rusqlite::Connection) {
        let Some(request) = self.doubt.take() else { return };
        match (request.method, &request.retry) {
            ("POST", Some(_)) => {
                let reply = request.send(client).unwrap();
                self.note(request, reply);
            }
            ("POST", None) => {
                let name = request.body.as_ref().map(|body| body["name"].as_str());
                for resource in RESOURCES {
                    let sql = format!("SELECT id FROM {resource}s WHERE doc ->> 'name' = ?1");
                    let mut found = conn.prepare(&sql).unwrap();
                    let ids = found.query_map([&name], |row| row.get::<_, String>(0)).unwrap();
                    for id in ids {
                        let path = format!("/api/v1/{resource}s/{}", id.unwrap());
                        let state = client.get(&path);
                        state.expect(200);
                        self.adopt(path, state.body);
                    }
                }
            }
            ("PATCH", _) => {
                let now = client.get(&request.path);
                let changed = request.body.unwrap();
                let state = now.expect(200);
                if changed.as_object().unwrap().iter().all(|(name, value)| state[name] == *value) {
                    self.adopt(request.path, now.body);
                }
            }
            _ => {
                if client.get(&request.path).status == 404 {
                    self.forget(request.path);
                }
            }
        }
    }

    /// Compares what was touched with what the API says, and with the events: one for every state
    /// that was acknowledged, in their order, and none beside them. Kept answers are kept.
    fn verify(&mut self, client: &Client, conn: &rusqlite::Connection) {
        let sql = "SELECT object FROM events WHERE resource_id = ?1 AND type NOT IN
                       ('customer.archived', 'contact.deleted', 'onboarding.deleted')
                   GROUP BY object ORDER BY min(created_at)";
        let mut events = conn.prepare_cached(sql).unwrap();
        for path in std::mem::take(&mut self.touched) {
            let history = &self.histories[&path];
            let now = client.get(&path);
            if history.deleted {
                assert_eq!(now.status, 404, "{path}: {}", now.body);
            } else {
                assert_eq!(Some(&now.body), history.states.last(), "{path}");
            }
            let id = path.rsplit('/').next();
            let recorded = events.query_map([id], |row| row.get::<_, String>(0)).unwrap();
            let recorded: Vec<String> = recorded.map(Result::unwrap).collect();
            assert_eq!(recorded, history.states, "{path}");
            for kept in &self.kept {
                if kept.reply.header("location") == Some(&path) {
                    kept.verify(client);
                }
            }
        }
    }
}

impl Request {
    fn send(&self, client: &Client) -> Result<Reply, ureq::Error> {
        let body = self.body.as_ref().map(Value::to_string);
        let header: Vec<_> = self.retry.iter().map(|key| ("Idempotency-Key", &**key)).collect();
        client.try_send(self.method, &self.path, &header, body.as_ref().map(String::as_bytes))
    }
}

impl Exchange {
    /// The same request gets the same answer, without being carried out again.
    fn verify(&self, client: &Client) {
        let again = self.request.send(client).unwrap();
        assert_eq!(again.header("idempotent-replayed"), Some("true"), "{}", again.body);
        assert_eq!((again.status, &again.body), (self.reply.status, &self.reply.body));
        assert_eq!(again.header("location"), self.reply.header("location"));
    }
}

/// The file holds what the authors know and nothing else, and every row has what belongs to it.
#[track_caller]
fn verify_file(conn: &rusqlite::Connection, authors: &[Author]) {
    let text = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    let count = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() as usize;
    assert_eq!(text("PRAGMA integrity_check"), "ok");
    assert!(!conn.prepare("PRAGMA foreign_key_check").unwrap().exists([]).unwrap());

    for resource in RESOURCES {
        let known = authors.iter().flat_map(|author| author.histories.keys());
        let known = known.filter(|path| path.contains(&format!("/{resource}s/"))).count();
        let rows = count(&format!("SELECT count(*) FROM {resource}s"));
        assert_eq!(rows, known, "every {resource} was acknowledged, and is there");
        let last = format!("SELECT coalesce(max(display_id), 0) FROM {resource}s");
        assert_eq!(count(&last), rows, "no display_id of a {resource} is missing");
        let given = "SELECT coalesce(max(display_id), 0) FROM sequences WHERE resource =";
        assert_eq!(count(&format!("{given} '{resource}'")), rows);
        let deleted = if resource == "customer" { "archived" } else { "deleted" };
        let incomplete = format!(
            "SELECT count(*) FROM {resource}s AS r WHERE
                 1 <> (SELECT count(*) FROM events
                       WHERE resource_id = r.id AND type = '{resource}.created')
                 OR (r.deleted_at IS NOT NULL) <> (SELECT count(*) FROM events
                       WHERE resource_id = r.id AND type = '{resource}.{deleted}')"
        );
        assert_eq!(count(&incomplete), 0, "every {resource} has its events");
        let stray = format!(
            "SELECT count(*) FROM events WHERE resource = '{resource}'
             AND resource_id NOT IN (SELECT id FROM {resource}s)"
        );
        assert_eq!(count(&stray), 0, "every event has its {resource}");
    }
    let events = count("SELECT count(*) FROM events");
    assert_eq!(events, count("SELECT display_id FROM sequences WHERE resource = 'event'"));
    let kept: usize = authors.iter().map(|author| author.kept.len()).sum();
    assert_eq!(count("SELECT count(*) FROM idempotency_keys"), kept);
}
