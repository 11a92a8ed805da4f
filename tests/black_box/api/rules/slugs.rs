//! Slugs of customers: derived from names, unique among live customers, and reusable.

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::{Client, Server};

fn slug_of(client: &Client, name: &str) -> String {
    client.customer(name)["slug"].as_str().unwrap().to_owned()
}

fn is_slug(text: &str) -> bool {
    let group =
        |g: &str| !g.is_empty() && g.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    (1..=100).contains(&text.len()) && text.split('-').all(group)
}

#[test]
fn a_slug_is_derived_from_the_name() {
    let server = Server::start();
    let client = server.client();
    for (name, slug) in [
        ("Aurora", "aurora"),
        ("  Été & Co. ", "ete-co"),
        ("ACME -- Übersee/2026", "acme-ubersee-2026"),
        ("Мир", "mir"),
        ("!!!", "customer"),
        ("???", "customer-2"),
        ("Customer", "customer-3"),
    ] {
        assert_eq!(slug_of(&client, name), slug, "{name}");
    }
    for name in ["東京 株式会社", "😀", "a\u{301}", "\u{202e}x", "ǅ", "ﬁne", "٣"] {
        assert!(is_slug(&slug_of(&client, name)), "{name}");
    }
}

#[test]
fn equal_names_are_numbered_and_gaps_are_filled_first() {
    let server = Server::start();
    let client = server.client();
    for slug in ["aurora", "aurora-2", "aurora-3", "aurora-4"] {
        assert_eq!(slug_of(&client, "Aurora"), slug);
    }
    client.delete("/customers/2").expect(200);
    assert_eq!(slug_of(&client, "AURORA"), "aurora-2");
    assert_eq!(slug_of(&client, "Aurora!"), "aurora-5");
    client.delete("/customers/1").expect(200);
    assert_eq!(slug_of(&client, "Aurora"), "aurora");
    client.patch("/customers/3", json!({"slug": "moved"})).expect(200);
    assert_eq!(slug_of(&client, "Aurora"), "aurora-3");
    assert_eq!(slug_of(&client, "Aurora 2"), "aurora-2-2");
}

#[test]
fn slugs_that_only_look_numbered_do_not_count() {
    let server = Server::start();
    let client = server.client();
    for slug in ["aurora", "aurora-02", "aurora-x", "aurora-2-3", "auroras-2", "aurora2"] {
        client.post("/customers", json!({"name": "Taken", "slug": slug})).expect(201);
    }
    assert_eq!(slug_of(&client, "Aurora"), "aurora-2");
    client.post("/customers", json!({"name": "Chosen", "slug": "aurora-3"})).expect(201);
    assert_eq!(slug_of(&client, "Aurora"), "aurora-4");
}

#[test]
fn the_numbered_slug_of_a_long_name_is_a_valid_slug() {
    let server = Server::start();
    let client = server.client();
    // A word of nine letters and its hyphen end where a slug could be cut off.
    let words = "aaaaaaaaa ".repeat(25);
    for name in ["x".repeat(255), words, format!("{} b", "y".repeat(99)), "щ".repeat(255)] {
        let slugs: BTreeSet<String> = (0..12).map(|_| slug_of(&client, &name)).collect();
        assert_eq!(slugs.len(), 12, "{slugs:?}");
        assert!(slugs.iter().all(|slug| is_slug(slug)), "{slugs:?}");
        assert!(slugs.iter().any(|slug| slug.ends_with("-12")), "{slugs:?}");
    }
}

#[test]
fn a_chosen_slug_is_never_numbered() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    client.customer("Borealis");
    let taken = json!({"name": "Other", "slug": "aurora"});
    client.post("/customers", taken).refused(409, "slug_taken", "slug");
    let patch = client.patch("/customers/2", json!({"slug": "aurora", "plan": "x"}));
    patch.refused(409, "slug_taken", "slug");
    let untouched = client.get("/customers/2").expect(200);
    assert_eq!((&untouched["slug"], &untouched["plan"]), (&json!("borealis"), &json!(null)));
    // A customer can keep its own slug.
    client.patch("/customers/1", json!({"slug": "aurora"})).expect(200);
}

#[test]
fn a_changed_or_deleted_slug_can_be_reused_and_slugs_do_not_follow_the_name() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    let renamed = client.patch("/customers/1", json!({"name": "Borealis"})).expect(200);
    assert_eq!(renamed["slug"], "aurora");
    client.patch("/customers/1", json!({"slug": "north"})).expect(200);
    let other = json!({"name": "Other", "slug": "aurora"});
    assert_eq!(client.post("/customers", other).expect(201)["slug"], "aurora");
    // An archived customer still holds its slug.
    client.patch("/customers/1", json!({"status": "archived"})).expect(200);
    let taken = json!({"name": "Other", "slug": "north"});
    client.post("/customers", taken.clone()).refused(409, "slug_taken", "slug");
    client.delete("/customers/1").expect(200);
    assert_eq!(client.post("/customers", taken).expect(201)["slug"], "north");
}

#[test]
fn customers_created_concurrently_get_different_slugs() {
    let server = Server::start();
    let create = || {
        let client = server.client();
        (0..8).map(|_| slug_of(&client, "Aurora")).collect::<Vec<_>>()
    };
    let slugs: BTreeSet<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(create)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let expected: BTreeSet<String> =
        (2..=48).map(|n| format!("aurora-{n}")).chain(["aurora".to_owned()]).collect();
    assert_eq!(slugs, expected);
}
