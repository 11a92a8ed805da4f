//! Guessing keys and passwords is limited, and doesn't lock anyone else out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;

use pivotal_server::model::values::password::Password;
use serde_json::Value;

use crate::support::{PASSWORD, Server, Visitor, command, wait_until};

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Puts the server behind a trusted local proxy, so that a test can use any client IP address.
const BEHIND_PROXY: &[(&str, &str)] =
    &[("PIVOTAL_TRUSTED_PROXIES", "127.0.0.1"), ("PIVOTAL_RATE_LIMITS_ENABLED", "false")];

/// The checksum that keys had before it became a MAC.
fn crc(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut digits = Vec::new();
    for _ in 0..6 {
        digits.insert(0, BASE62[(rest % 62) as usize]);
        rest /= 62;
    }
    String::from_utf8(digits).unwrap()
}

/// A forged key that anyone can make from a prefix: an old checksum, and a secret of one repeated
/// letter.
fn forge(key: &str, letter: &str) -> String {
    let body = format!("{}{}", &key[..key.len() - 38], letter.repeat(32));
    format!("{body}{}", crc(&body))
}

/// Turns a key into one that was issued before the checksum was a MAC.
fn make_old_key(server: &Server, key: &str) -> String {
    let old = forge(key, "o");
    // Passwords and keys are hashed in the same way.
    let hash = Password::parse(&old).unwrap().hash().unwrap();
    let lookup = &key[key.len() - 46..key.len() - 38];
    let sql = "UPDATE api_keys SET hash = ?1 WHERE lookup = ?2";
    assert_eq!(server.sql().execute(sql, [hash.as_str(), lookup]).unwrap(), 1);
    old
}

/// Clients that send wrong passwords, each request from another IP address, until it is dropped.
struct Flood {
    stop: Arc<AtomicBool>,
    /// The number of guesses refused because the queue was full or the limit was reached.
    refused: Arc<AtomicU32>,
    /// The number of guesses that were checked.
    failed: Arc<AtomicU32>,
    crowd: Vec<JoinHandle<()>>,
}

impl Flood {
    /// Starts guessing from these addresses.
    fn start(server: &Server, address: fn(u32) -> String) -> Self {
        let [refused, failed, no] = [(); 3].map(|()| Arc::new(AtomicU32::new(0)));
        let stop = Arc::new(AtomicBool::new(false));
        let visitor = server.visitor();
        visitor.get("/admin/sign-in").expect(200);
        let guess = |_| {
            let (visitor, no, stop) = (visitor.clone_session(), Arc::clone(&no), Arc::clone(&stop));
            let (refused, failed) = (Arc::clone(&refused), Arc::clone(&failed));
            std::thread::spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    let from = address(no.fetch_add(1, Ordering::SeqCst));
                    let guesser = visitor.clone_session().with_header("X-Forwarded-For", &from);
                    let shown = guesser.post("/admin/sign-in", &[("password", "a wrong guess")]);
                    let count = if shown.status == 403 { &failed } else { &refused };
                    count.fetch_add(1, Ordering::SeqCst);
                }
            })
        };
        let crowd = (0..72).map(guess).collect();
        Self { stop, refused, failed, crowd }
    }

    /// Waits until guesses are both checked and refused.
    fn wait_until_saturated(&self) {
        wait_until("guesses are checked", || self.failed.load(Ordering::SeqCst) > 2);
        wait_until("guesses are refused", || self.refused.load(Ordering::SeqCst) > 10);
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        for guesser in self.crowd.drain(..) {
            // A guesser whose request timed out has panicked, which proves nothing.
            let _ = guesser.join();
        }
    }
}

fn sign_in_from(server: &Server, address: &str) -> Visitor {
    let visitor = server.visitor().with_header("X-Forwarded-For", address);
    visitor.sign_in();
    visitor
}

#[test]
fn keys_from_every_source_have_a_checksum_that_cannot_be_forged() {
    let server = Server::start();
    let created = server.create_key(&[]);
    let secret = |key: &Value| key["key"].as_str().unwrap().to_owned();
    let rotated = secret(&server.json(&["keys", "rotate", &created[..created.len() - 38]]));
    let demo = secret(&server.json(&["demo"])["key"]);
    let visitor = server.signed_in();
    visitor.get("/admin/api-keys/new").expect(200);
    let fields = [
        ("workspace", "default"),
        ("name", "Page"),
        ("mode", "live"),
        ("tier", "standard"),
        ("scopes", "read:customers"),
    ];
    let page = visitor.post("/admin/api-keys", &fields);
    let on_page = page.expect(200).attribute("#copyable", "value");
    for key in [&server.live, &server.test, &created, &rotated, &demo, &on_page] {
        let (body, checksum) = key.split_at(key.len() - 6);
        assert_ne!(crc(body), checksum, "{key}");
        server.client_with(key).get("/me").expect(200);
    }
}

#[test]
fn a_key_with_the_old_checksum_stays_valid() {
    let server = Server::start();
    let old = make_old_key(&server, &server.create_key(&[]));
    server.client_with(&old).get("/me").expect(200);
    server.client_with(&old).get("/me").expect(200);
    let server = server.restart();
    server.client_with(&old).get("/me").expect(200);
    server.json(&["keys", "revoke", &old[..old.len() - 38]]);
    server.client_with(&old).get("/me").refused(401, "api_key_revoked", None);
}

#[test]
fn a_restored_database_recognizes_its_keys() {
    let mut server = Server::start();
    let copy = server.dir().join("copy.db");
    server.json(&["backup", copy.to_str().unwrap()]);
    server.stop();
    let elsewhere = Arc::new(tempfile::tempdir().unwrap());
    let restore = ["restore", copy.to_str().unwrap()];
    let restored = command(elsewhere.path()).args(restore).output().unwrap();
    assert!(restored.status.success(), "{restored:?}");
    let there = Server::start_in(elsewhere, &[]);
    there.client_with(&server.live).get("/me").expect(200);
}

#[test]
fn guesses_at_one_key_do_not_affect_other_keys_from_the_same_address() {
    let server = Server::start();
    let guessed = server.create_key(&[]);
    let fresh = server.create_key(&[]);
    let old = make_old_key(&server, &server.create_key(&[]));
    let guesser = server.client_with(&forge(&guessed, "a"));
    for _ in 0..10 {
        guesser.get("/me").refused(401, "invalid_api_key", None);
    }
    let refused = guesser.get("/me");
    refused.refused(429, "rate_limited", None);
    assert!(refused.header("retry-after").is_some());
    for key in [&fresh, &old, &guessed] {
        server.client_with(key).get("/me").expect(200);
    }
    // The server now knows the real key, so it rejects any other key with this prefix without
    // hashing.
    guesser.get("/me").refused(401, "invalid_api_key", None);
}

#[test]
fn guesses_at_known_and_unknown_keys_are_refused_without_counting() {
    let server = Server::start();
    server.client().get("/me").expect(200);
    let guesser = server.client_with(&forge(&server.live, "a"));
    // A key that does not exist is rejected just as cheaply.
    let unknown =
        server.client_with(&forge(&server.live.replace("pivotal_", "pivotal_test_"), "a"));
    for _ in 0..70 {
        guesser.get("/me").refused(401, "invalid_api_key", None);
        unknown.get("/me").refused(401, "invalid_api_key", None);
    }
    server.client_with(&server.create_key(&[])).get("/me").expect(200);
}

#[test]
fn guesses_at_many_keys_from_one_address_share_a_total_limit() {
    let server = Server::start();
    let keys: Vec<String> = (0..7).map(|_| server.create_key(&[])).collect();
    for key in &keys[..6] {
        let guesser = server.client_with(&forge(key, "a"));
        for _ in 0..10 {
            guesser.get("/me").refused(401, "invalid_api_key", None);
        }
    }
    server.client_with(&forge(&keys[6], "a")).get("/me").refused(429, "rate_limited", None);
    // A key that only the server can have issued is not affected.
    server.client_with(&keys[6]).get("/me").expect(200);
}

/// Signs in from addresses that the server has never seen, and uses keys for the first time, during
/// a flood of guesses.
fn assert_newcomers_succeed(guesser: fn(u32) -> String) {
    let server = Server::start_with(BEHIND_PROXY);
    assert!(server.set_password(PASSWORD).status.success());
    let fresh: Vec<String> = (0..3).map(|_| server.create_key(&[])).collect();
    let flood = Flood::start(&server, guesser);
    flood.wait_until_saturated();
    let from = [("X-Forwarded-For", "192.0.2.7")];
    for (no, key) in fresh.iter().enumerate() {
        server.client_with(key).send("GET", "/me", &from, None).expect(200);
        sign_in_from(&server, &format!("192.0.2.{no}"));
    }
    drop(flood);
}

#[test]
fn an_admin_can_sign_in_while_one_site_guesses_the_password() {
    assert_newcomers_succeed(|no| format!("2001:db8:1:{:x}::1", no & 0xffff));
}

#[test]
fn an_admin_can_sign_in_while_a_whole_provider_guesses_the_password() {
    assert_newcomers_succeed(|no| format!("2001:db8:{:x}::1", no & 0xffff));
}

#[test]
fn an_admin_who_signed_in_before_is_not_locked_out_by_guesses_from_everywhere() {
    let server = Server::start_with(BEHIND_PROXY);
    assert!(server.set_password(PASSWORD).status.success());
    let fresh: Vec<String> = (0..3).map(|_| server.create_key(&[])).collect();
    let admin = "192.0.2.7";
    sign_in_from(&server, admin);
    let flood = Flood::start(&server, |no| {
        let [_, a, b, c] = no.to_be_bytes();
        format!("{}.{b}.{c}.9", 11 + a)
    });
    flood.wait_until_saturated();
    let from = [("X-Forwarded-For", "198.51.100.1")];
    for key in &fresh {
        server.client_with(key).send("GET", "/me", &from, None).expect(200);
        sign_in_from(&server, admin);
    }
    drop(flood);
}

/// A hashing thread frees its memory, so memory depends on how many threads hash at the same time,
/// not on how many ever did.
#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_number_of_threads_that_checked_guesses() {
    let variables = [BEHIND_PROXY, &[("PIVOTAL_WORKERS", "16")]].concat();
    let server = Server::start_with(&variables);
    let before = server.memory();
    for no in 0..128 {
        let letter = char::from(BASE62[no % 62]).to_string();
        let guesser = server.client_with(&forge(&server.live, &letter));
        let from = format!("11.{no}.0.1");
        guesser.send("GET", "/me", &[("X-Forwarded-For", &from)], None).expect(401);
    }
    let taken = server.memory().saturating_sub(before);
    assert!(taken < 150, "{taken} MiB");
}
