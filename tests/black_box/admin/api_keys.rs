//! API keys and workspaces on the admin pages: creating, rotating, and revoking keys, and when it is
//! safe to revoke an old one.

use std::sync::Arc;

use serde_json::json;

use crate::support::{Page, Server, Visitor, wait_until};

const FORM: [(&str, &str); 5] = [
    ("workspace", "default"),
    ("name", "Night sync"),
    ("mode", "live"),
    ("tier", "standard"),
    ("scopes", "read:customers"),
];

/// Returns the secret on the page of a new key.
fn secret(page: &Page) -> String {
    page.expect(200);
    assert_eq!(page.header("cache-control"), Some("no-store"));
    page.attribute("#copyable", "value")
}

fn create(visitor: &Visitor, fields: &[(&str, &str)]) -> Page {
    let once = visitor.get("/admin/api-keys/new").field("once");
    visitor.post("/admin/api-keys", &[&[("once", once.as_str())], fields].concat())
}

fn rotate(visitor: &Visitor, id: &str) -> Page {
    let once = visitor.get("/admin/api-keys/new").field("once");
    visitor.post(&format!("/admin/api-keys/{id}/rotate"), &[("once", &once)])
}

/// Returns the ID of the newest key.
fn newest(server: &Server) -> String {
    server.json(&["keys", "list"])[0]["id"].as_str().unwrap().to_owned()
}

/// Returns the text of a key's row in the list.
fn row(visitor: &Visitor, id: &str) -> String {
    visitor.get("/admin/api-keys").text(&format!("#key-{id}"))
}

/// Returns the request count of a key in the list.
fn requests(visitor: &Visitor, id: &str) -> String {
    visitor.get("/admin/api-keys").text(&format!("#key-{id} [data-label=Requests]"))
}

#[test]
fn a_new_key_is_shown_once_and_is_limited_to_its_scopes() {
    let server = Server::start();
    let visitor = server.signed_in();
    let key = secret(&create(&visitor, &FORM));
    let client = server.client_with(&key);
    client.get("/customers").expect(200);
    client.post("/customers", json!({"name": "Aurora"})).refused(403, "insufficient_scope", None);

    let id = newest(&server);
    let list = visitor.get("/admin/api-keys");
    list.expect(200).shows("Night sync").shows("Read customers").hides(&key);
    visitor.get(&format!("/admin/api-keys/{id}/revoke")).expect(200).hides(&key);
    wait_until("all requests are logged", || server.log().contains(&format!("{id}/revoke")));
    assert!(!server.log().contains(&key[20..]));
    let sql = "SELECT type || ' by ' || actor_id FROM events WHERE resource_id = ?1";
    let event: String = server.sql().value(sql, [&id]);
    assert_eq!(event, "api_key.created by page");
}

#[test]
fn submitting_a_form_again_creates_no_second_key() {
    let server = Server::start();
    let visitor = server.signed_in();
    let once = visitor.get("/admin/api-keys/new").field("once");
    let form = [&[("once", once.as_str())], &FORM[..]].concat();
    let refused = visitor.post("/admin/api-keys", &[&form[..1], &FORM[1..]].concat());
    refused.expect(400);
    let key = secret(&visitor.post("/admin/api-keys", &form));
    let count = || server.json(&["keys", "list"]).as_array().unwrap().len();
    let before = count();
    visitor.post("/admin/api-keys", &form).expect(409).shows("already submitted").hides(&key);
    visitor.post("/admin/api-keys", &FORM).expect(403);
    assert_eq!(count(), before);

    let id = newest(&server);
    let path = format!("/admin/api-keys/{id}/rotate");
    secret(&visitor.post(&path, &[("once", &once)]));
    visitor.post(&path, &[("once", &once)]).expect(409).shows("already submitted");
    assert_eq!(count(), before + 1);
}

#[test]
fn problems_are_shown_at_their_fields_and_the_input_is_kept() {
    let server = Server::start();
    let visitor = server.signed_in();
    let chosen = "[value='write:contacts'][checked]";
    assert_eq!(visitor.get("/admin/api-keys/new").count(chosen), 1);
    let wrong = create(&visitor, &[("workspace", "gone"), ("name", " "), ("mode", "test")]);
    wrong.expect(400).shows("Must not be empty.").shows("Must include at least one scope.");
    assert_eq!((wrong.field("mode").as_str(), wrong.count(chosen)), ("test", 0));
    let mut form = FORM.to_vec();
    form[0].1 = "gone";
    create(&visitor, &form).expect(400).shows("Must be one that exists.");
    form[0].1 = "default";
    form[4].1 = "read:everything";
    create(&visitor, &form).expect(400).shows("must be one of: read:customers");
}

#[test]
fn hostile_names_are_shown_as_text() {
    let server = Server::start();
    let visitor = server.signed_in();
    let mut form = FORM.to_vec();
    form[1].1 = "<script>alert(\"1\")</script> \u{202e}gnp";
    create(&visitor, &form).expect(200).hides("<script>alert");
    let id = newest(&server);
    visitor.get("/admin/api-keys").says(form[1].1).hides("<script>alert");
    let path = format!("/admin/api-keys/{id}/revoke");
    let confirmation = visitor.get(&path);
    confirmation.expect(200).hides("<script>alert");
    assert!(confirmation.texts("bdi").contains(&form[1].1.to_owned()));
    visitor.follow(visitor.post(&path, &[])).shows("\u{202e}gnp\u{2069}").hides("<script>alert");
    visitor.get("/admin/logs").hides("<script>alert");
}

#[test]
fn a_replacement_key_copies_everything_but_the_secret() {
    let server = Server::start();
    let visitor = server.signed_in();
    let old_secret = server.create_key(&["--test", "--tier", "paid", "--scope", "read:customers"]);
    let old = newest(&server);
    let page = rotate(&visitor, &old);
    let new_secret = secret(&page);
    page.shows("The old key still works");
    let keys = server.json(&["keys", "list"]);
    let (replacement, first) = (&keys[0], &keys[1]);
    for field in ["name", "mode", "tier", "scopes", "workspace"] {
        assert_eq!(replacement[field], first[field], "{field}");
    }
    assert_eq!(replacement["replaces"], old);
    for secret in [&old_secret, &new_secret] {
        server.client_with(secret).get("/customers").expect(200);
    }
    rotate(&visitor, &old).expect(409).shows("already has a replacement");
    let replaced = visitor.get("/admin/api-keys?state=replaced");
    assert_eq!(replaced.attributes("tr[id]", "id"), [format!("key-{old}")]);
}

#[test]
fn the_list_shows_whether_an_old_key_is_still_in_use() {
    let server = Server::start();
    let visitor = server.signed_in();
    let secret_of_old = server.create_key(&[]);
    let old = newest(&server);
    assert!(row(&visitor, &old).contains("Never"));
    server.client_with(&secret_of_old).get("/me").expect(200);
    // Immediately, although uses are written to the database only every few seconds.
    assert!(row(&visitor, &old).contains("just now from 127.0.0.1"));
    let replacement = secret(&rotate(&visitor, &old));
    assert!(row(&visitor, &old).contains("its replacement hasn't been used"));
    server.client_with(&replacement).get("/me").expect(200);
    let text = row(&visitor, &old);
    assert!(text.contains("safe to revoke in 24 hours"), "{text}");
    server.client_with(&secret_of_old).get("/me").expect(200);
    let text = row(&visitor, &old);
    assert!(
        text.contains("last used just now, and its replacement hasn't been used since"),
        "{text}"
    );
    assert_eq!(requests(&visitor, &old), "2");
    let written = || server.json(&["keys", "list"])[1]["request_count"] == 2;
    wait_until("the uses are written", written);
    assert_eq!(requests(&visitor, &old), "2");
}

#[test]
fn a_revoked_key_is_rejected_at_its_next_request_and_stays_revoked() {
    let server = Server::start();
    let visitor = server.signed_in();
    let key = server.create_key(&[]);
    let client = server.client_with(&key);
    client.get("/me").expect(200);
    client.get("/me").expect(200);
    let id = newest(&server);
    let path = format!("/admin/api-keys/{id}/revoke");
    let confirmation = visitor.get(&path);
    confirmation
        .expect(200)
        .says("just now from 127.0.0.1")
        .says("Requests 2")
        .says("stops working");
    client.get("/me").expect(200);
    let list = visitor.follow(visitor.post(&path, &[]));
    list.expect(200).shows("Its next request is rejected.");
    client.get("/me").expect(401);
    assert!(row(&visitor, &id).contains("Revoked"));
    assert_eq!(visitor.get("/admin/api-keys").count(&format!("#key-{id} [href$='/revoke']")), 0);
    visitor.get(&path).expect(409).shows("was already revoked");
    visitor.post(&path, &[]).expect(409).shows("was already revoked");
    rotate(&visitor, &id).expect(409).says("is revoked and can't be rotated");
    visitor.get("/admin/api-keys?state=revoked").shows(&id);
    visitor.get("/admin/api-keys?state=active").hides(&id);
}

#[test]
fn the_list_shows_keys_of_all_workspaces_or_of_one() {
    let server = Server::start();
    let visitor = server.signed_in();
    server.other_workspace("acme");
    let acme = newest(&server);
    let both = visitor.get("/admin/api-keys?workspace=&state=");
    let workspaces = |page: &Page| page.texts("[data-label=Workspace]");
    assert_eq!(workspaces(both.expect(200).shows(&acme)), ["acme", "Default", "Default"]);
    let one = visitor.get("/admin/api-keys?workspace=acme");
    assert_eq!(workspaces(one.shows(&acme)), ["acme"]);
    visitor.get("/admin/api-keys?workspace=default").hides(&acme);
    visitor
        .get("/admin/api-keys?workspace=acme&state=revoked")
        .expect(200)
        .shows("No matching keys");
    visitor.get("/admin/api-keys?state=lost").expect(400).shows("Must be one of: active");
    for path in ["1", "c12345678901234567890123456"] {
        visitor.get(&format!("/admin/api-keys/{path}/revoke")).expect(404);
        visitor.post(&format!("/admin/api-keys/{path}/revoke"), &[]).expect(404);
        rotate(&visitor, path).expect(404);
    }
}

#[test]
fn a_workspace_is_created_on_a_page() {
    let server = Server::start();
    let visitor = server.signed_in();
    visitor.get("/admin/workspaces").expect(200).shows("Default");
    let new = [("name", "Acme <& Co>"), ("slug", "acme")];
    let page = visitor.follow(visitor.post("/admin/workspaces", &new));
    page.expect(200).says("Acme <& Co>").says("It has no API keys yet.");
    let again = visitor.post("/admin/workspaces", &new);
    assert_eq!(again.expect(400).error("slug"), "Another workspace already has this slug.");
    assert_eq!(again.field("slug"), "acme");
    let wrong = visitor.post("/admin/workspaces", &[("name", ""), ("slug", "A B")]);
    wrong.expect(400).shows("Must not be empty.").shows("Must contain only lowercase letters");
    let mut form = FORM.to_vec();
    form[0].1 = "acme";
    let key = secret(&create(&visitor, &form));
    let me = server.client_with(&key).get("/me").expect(200);
    assert!(me.to_string().contains("acme"), "{me}");
}

#[test]
fn without_workspaces_the_pages_lead_to_creating_one() {
    let wrapper = ["sh", "-c", "exec \"$@\" --no-bootstrap", "sh"].map(str::to_owned);
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let server = Server::start_under(&wrapper, dir, &[]).unwrap();
    let visitor = server.signed_in();
    for path in ["/admin/api-keys", "/admin/logs"] {
        visitor.get(path).expect(200).shows("/admin/workspaces").shows("No workspace yet");
    }
    visitor.get("/admin/api-keys/new").expect(404).shows("/admin/workspaces");
    visitor.get("/admin/logs.csv").expect(404).shows("/admin/workspaces");
    visitor.get("/admin/workspaces").expect(200).shows("There is no workspace yet");
    let new = [("name", "First"), ("slug", "first")];
    visitor.follow(visitor.post("/admin/workspaces", &new)).expect(200).shows("First");
    visitor.get("/admin/api-keys").expect(200).shows("No API keys yet");
    visitor.get("/admin/logs").expect(200).shows("No events yet");
}
