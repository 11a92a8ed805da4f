//! After a rotation, the pages and the command line show when it is safe to revoke the old key.

use pivotal_server::model::key::{Mode, Tier};
use pivotal_server::settings::Settings;

use crate::support::{Client, InProcess, Server, Visitor};

const HOUR: i64 = 60 * 60 * 1000;
const DAY: i64 = 24 * HOUR;
const SAFE: &str = "Safe to revoke";

/// A key that was rotated on the pages, and its replacement.
struct Rotated {
    server: InProcess,
    visitor: Visitor,
    old: Client,
    replacement: Client,
    id: String,
}

impl Rotated {
    /// Rotates the key after `use_old` has used it.
    fn after(use_old: impl FnOnce(&InProcess, &Client)) -> Self {
        let server = InProcess::start(Settings::default());
        // The newest key comes first in the list.
        let old = server.client(Mode::Test, Tier::Unlimited);
        use_old(&server, &old);
        let visitor = server.visitor();
        visitor.sign_in();
        let row = visitor.get("/admin/api-keys").attribute("tr[id]", "id");
        let id = row.strip_prefix("key-").unwrap().to_owned();
        let once = visitor.get("/admin/api-keys/new").field("once");
        let page = visitor.post(&format!("/admin/api-keys/{id}/rotate"), &[("once", &once)]);
        let replacement = server.client_with(&page.expect(200).attribute("#copyable", "value"));
        Self { server, visitor, old, replacement, id }
    }

    /// Returns the old key's row in the list, after checking that the confirmation page agrees.
    fn advice(&self) -> String {
        // The clock may have advanced past the end of the session.
        if !self.visitor.is_signed_in() {
            self.visitor.sign_in();
        }
        let row = self.visitor.get("/admin/api-keys").text(&format!("#key-{}", self.id));
        let confirmation = self.visitor.get(&format!("/admin/api-keys/{}/revoke", self.id));
        let notice = confirmation.text("p.notice");
        assert_eq!(notice.contains(SAFE), row.contains(SAFE), "{notice} {row}");
        assert_eq!(confirmation.count("p.notice.good") == 1, row.contains(SAFE), "{notice}");
        row
    }

    fn advance(&self, millis: i64) {
        self.server.clock.advance_millis(millis);
    }
}

#[track_caller]
fn assert_says(advice: &str, part: &str) {
    assert!(advice.contains(part), "{advice}");
}

#[test]
fn an_old_key_is_not_safe_to_revoke_right_after_the_rotation() {
    let rotated = Rotated::after(|_, old| drop(old.get("/me").expect(200)));
    assert_says(
        &rotated.advice(),
        "its replacement hasn't been used. This key was last used just now.",
    );
    rotated.replacement.get("/me").expect(200);
    assert_says(
        &rotated.advice(),
        "If this key stays unused, it will be safe to revoke in 24 hours.",
    );
    rotated.advance(DAY - 1);
    assert_says(&rotated.advice(), "last used 23 hours ago");
    assert!(!rotated.advice().contains(SAFE));
    rotated.advance(1);
    assert_says(
        &rotated.advice(),
        "Safe to revoke: it was last used 24 hours ago, and its replacement is in use.",
    );
    // One program still has the old key.
    rotated.old.get("/me").expect(200);
    assert_says(
        &rotated.advice(),
        "last used just now, and its replacement hasn't been used since",
    );
}

#[test]
fn a_rarely_used_old_key_must_be_unused_for_four_of_its_usual_gaps() {
    let rotated = Rotated::after(|server, old| {
        for _ in 0..2 {
            server.clock.advance_millis(4 * DAY);
            old.get("/me").expect(200);
        }
    });
    rotated.replacement.get("/me").expect(200);
    rotated.advance(10 * DAY);
    assert_says(
        &rotated.advice(),
        "last used 10 days ago. Its replacement is in use. If this key stays unused",
    );
    assert_says(&rotated.advice(), "safe to revoke in 6 days");
    rotated.advance(6 * DAY);
    assert_says(&rotated.advice(), SAFE);
}

#[test]
fn an_old_key_that_was_never_used_is_safe_a_day_after_it_was_created() {
    let rotated = Rotated::after(|_, _| ());
    rotated.advance(2 * DAY);
    assert_says(
        &rotated.advice(),
        "its replacement hasn't been used. This key has never been used.",
    );
    rotated.replacement.get("/me").expect(200);
    assert_says(
        &rotated.advice(),
        "Safe to revoke: it has never been used, and its replacement is in use.",
    );
}

#[test]
fn the_command_line_gives_the_same_advice() {
    let server = Server::start();
    let prefix = |key: &str| key[.."pivotal_K8s9X2mP".len()].to_owned();
    let rotation = String::from_utf8(server.run(&["keys", "rotate", &server.live]).stdout).unwrap();
    assert!(
        rotation.contains("When `pivotal-server keys list` says that it is safe"),
        "{rotation}"
    );
    let list = || String::from_utf8(server.run(&["keys", "list"]).stdout).unwrap();
    let advice = format!("{}: Don't revoke it yet: its replacement hasn't", prefix(&server.live));
    assert!(list().lines().any(|line| line.starts_with(&advice)), "{}", list());
    assert!(list().contains("replaced, active"), "{}", list());

    let safe = || {
        let keys = server.json(&["keys", "list"]);
        let old = keys.as_array().unwrap().iter().find(|key| key["prefix"] == prefix(&server.live));
        (old.unwrap()["safe_to_revoke"].clone(), keys[0]["safe_to_revoke"].clone())
    };
    assert_eq!(safe(), (false.into(), serde_json::Value::Null));
    let day = 24 * 60 * 60 * 1_000_000_i64;
    let past = "UPDATE api_keys SET created_at = created_at - ?1, last_used_at = created_at - ?1";
    server.sql().execute(past, [2 * day]).unwrap();
    assert_eq!(safe().0, true);
    server.json(&["keys", "revoke", &server.live]);
    assert!(!list().contains("Don't revoke") && !list().contains(SAFE), "{}", list());
}
