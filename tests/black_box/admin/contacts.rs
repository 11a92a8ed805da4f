//! Contacts on the admin pages: listing, adding, editing, and deleting them.

use pivotal_server::model::key::{Mode, Tier};
use pivotal_server::settings::Settings;
use serde_json::{Value, json};

use crate::support::{Client, InProcess, Page, Visitor};

const HOSTILE: &str = "<b>Maya</b>\"\u{202e}";

/// Starts a server with a customer and a signed-in visitor.
fn start() -> (InProcess, Visitor, Client) {
    let server = InProcess::start(Settings::default());
    let visitor = server.visitor();
    visitor.sign_in();
    let client = server.client(Mode::Live, Tier::Unlimited);
    client.customer("Aurora");
    (server, visitor, client)
}

fn contact(client: &Client, name: &str, is_primary: bool) -> Value {
    let email = format!("{}@aurora.example", name.to_lowercase());
    let body = json!({"name": name, "email": email, "is_primary": is_primary});
    client.post("/customers/1/contacts", body).expect(201)
}

/// Returns the names of the contacts on a page, in order.
fn names(page: &Page) -> Vec<String> {
    page.texts("[aria-labelledby=contacts] th[scope=row] > bdi")
}

#[test]
fn every_page_of_contacts_starts_with_the_primary_one() {
    let (_server, visitor, client) = start();
    visitor.get("/customers/1").expect(200).shows("No contacts yet.");
    contact(&client, "Boss", true);
    for i in 0..30 {
        contact(&client, &format!("P{i:02}"), false);
    }
    let first = visitor.get("/customers/1");
    let shown = names(first.expect(200));
    assert_eq!((shown.len(), &shown[0][..], &shown[1][..]), (26, "Boss", "P29"));
    let second = visitor.get(&first.attribute("[aria-labelledby=contacts] a[rel=next]", "href"));
    assert_eq!(names(second.expect(200)), ["Boss", "P04", "P03", "P02", "P01", "P00"]);
    assert_eq!(second.link("Newest"), "/customers/1-aurora#contacts");
}

#[test]
fn adding_a_contact_records_the_admin_as_actor() {
    let (_server, visitor, client) = start();
    contact(&client, "Boss", true);
    let form = visitor.get("/customers/1/contacts/new");
    assert_eq!(form.expect(200).attribute("form.card", "action"), "/customers/1/contacts");
    let fields = [
        ("name", HOSTILE),
        ("email", " Maya@Aurora.Example "),
        ("title", "COO"),
        ("labels", "decides\r\npays"),
        ("is_primary", "true"),
    ];
    let added = visitor.post("/customers/1/contacts", &fields);
    assert_eq!(added.expect(303).location(), "/customers/1-aurora");
    let page = visitor.follow(added);
    page.expect(200).shows("Contact added as the primary contact.").shows("decides").shows("COO");
    page.hides("<b>Maya").says(HOSTILE);
    let maya = client.get("/contacts/2").expect(200);
    assert_eq!(
        (&maya["email"], &maya["is_primary"]),
        (&json!("maya@aurora.example"), &json!(true))
    );
    assert_eq!(maya["labels"], json!(["decides", "pays"]));
    assert_eq!(client.get("/contacts/1").expect(200)["is_primary"], false);
    page.shows("No longer the primary contact").hides("Contact saved without changes");
    let events = client.list("/customers/1/activity?limit=2");
    for (event, kind) in
        events.as_array().unwrap().iter().zip(["contact.created", "contact.updated"])
    {
        assert_eq!((&event["type"], &event["actor"]["id"]), (&json!(kind), &json!("page")));
    }
}

#[test]
fn the_first_contact_that_is_added_on_a_page_is_the_primary_one() {
    let (_server, visitor, client) = start();
    let form = visitor.get("/customers/1/contacts/new");
    form.expect(200).says("becomes the primary contact");
    assert_eq!(form.count("[name=is_primary]"), 0);
    let add = |name: &str| {
        visitor.get("/customers/1/contacts/new").expect(200);
        let email = format!("{}@aurora.example", name.to_lowercase());
        visitor.post("/customers/1/contacts", &[("name", name), ("email", &email)])
    };
    let wrong = add("");
    wrong.expect(400).says("becomes the primary contact");
    let added = add("Maya");
    visitor.follow(added).expect(200).shows("Contact added as the primary contact.");
    add("Noah").expect(303);
    let is_primary =
        |number: i64| client.get(&format!("/contacts/{number}")).expect(200)["is_primary"].clone();
    assert_eq!((is_primary(1), is_primary(2)), (json!(true), json!(false)));
    let form = visitor.get("/customers/1/contacts/new");
    assert_eq!(form.expect(200).hides("becomes the primary contact").count("[name=is_primary]"), 1);

    // The API leaves it to its clients.
    client.customer("Borealis");
    let body = json!({"name": "Ann", "email": "ann@borealis.example"});
    let ann = client.post("/customers/2/contacts", body).expect(201);
    assert_eq!(ann["is_primary"], false);
    // A customer whose contacts were all deleted starts over.
    for number in [1, 2] {
        client.delete(&format!("/contacts/{number}")).expect(200);
    }
    add("Zoe").expect(303);
    assert_eq!(is_primary(4), true);
}

#[test]
fn problems_with_a_contact_are_shown_at_the_fields() {
    let (_server, visitor, client) = start();
    contact(&client, "Maya", false);
    contact(&client, "Noah", false);
    visitor.get("/customers/1/contacts/new").expect(200);
    let add = |fields: &[(&str, &str)]| visitor.post("/customers/1/contacts", fields);
    let wrong = add(&[("name", ""), ("email", "nobody"), ("title", "COO"), ("is_primary", "true")]);
    assert_eq!(wrong.expect(400).error("name"), "Must not be empty.");
    assert!(!wrong.error("email").is_empty());
    for (name, typed) in [("email", "nobody"), ("title", "COO"), ("is_primary", "true")] {
        assert_eq!(wrong.field(name), typed);
    }
    let taken = add(&[("name", "Other"), ("email", "MAYA@aurora.example")]);
    assert_eq!(
        taken.expect(400).error("email"),
        "Another contact of this customer already has this email address."
    );
    assert_eq!(taken.field("name"), "Other");
    let taken = [
        ("name", "Noah"),
        ("was-name", "Noah"),
        ("email", "maya@aurora.example"),
        ("was-email", "noah@aurora.example"),
    ];
    let taken = visitor.post("/contacts/2/edit", &taken);
    assert_eq!(
        taken.expect(400).error("email"),
        "Another contact of this customer already has this email address."
    );
    assert_eq!(taken.field("email"), "maya@aurora.example");
    assert_eq!(client.get("/contacts/2").expect(200)["email"], "noah@aurora.example");
}

#[test]
fn editing_a_contact_changes_only_the_edited_fields() {
    let (_server, visitor, client) = start();
    contact(&client, "Maya", true);
    let form = visitor.get("/contacts/1/edit");
    assert_eq!(form.expect(200).field("was-is_primary"), "true");
    assert_eq!(form.field("is_primary"), "true");
    client.patch("/contacts/1", json!({"title": "CEO", "labels": ["x"]})).expect(200);
    let loaded = [
        ("was-name", "Maya"),
        ("was-email", "maya@aurora.example"),
        ("was-title", ""),
        ("was-is_primary", "true"),
        ("was-labels", ""),
        ("email", "maya@aurora.example"),
        ("labels", ""),
    ];
    let send =
        |fields: &[(&str, &str)]| visitor.post("/contacts/1/edit", &[&loaded[..], fields].concat());
    // The checkbox is no longer checked.
    let saved = send(&[("name", "Maya B"), ("title", "")]);
    assert_eq!(saved.expect(303).location(), "/customers/1-aurora");
    let maya = client.get("/contacts/1").expect(200);
    assert_eq!((&maya["name"], &maya["title"]), (&json!("Maya B"), &json!("CEO")));
    assert_eq!((&maya["labels"], &maya["is_primary"]), (&json!(["x"]), &json!(false)));
    let conflict = send(&[("name", "Maya C"), ("title", "COO"), ("is_primary", "true")]);
    conflict.expect(400).shows("Someone else changed this to “Maya B” in the meantime.");
    assert_eq!(
        conflict.shows("Someone else changed this to “CEO” in the meantime.").field("title"),
        "COO"
    );
    assert_eq!(client.get("/contacts/1").expect(200)["title"], "CEO");
}

#[test]
fn a_button_makes_another_contact_the_primary_one() {
    let (_server, visitor, client) = start();
    contact(&client, "Boss", true);
    contact(&client, "Maya", false);
    let page = visitor.get("/customers/1");
    page.expect(200).says("Make primary Maya");
    assert!(!page.text("body").contains("Make primary Boss"));
    let done = visitor.post("/contacts/2/edit", &[("is_primary", "true")]);
    let page = visitor.follow(done);
    assert_eq!(names(page.expect(200)), ["Maya", "Boss"]);
    page.shows("Became the primary contact").shows("No longer the primary contact");
    let maya = client.get("/contacts/2").expect(200);
    assert_eq!((&maya["name"], &maya["is_primary"]), (&json!("Maya"), &json!(true)));
}

#[test]
fn a_contact_is_deleted_after_a_confirmation() {
    let (_server, visitor, client) = start();
    contact(&client, "Maya", true);
    let confirmation = visitor.get("/contacts/1/delete");
    confirmation.expect(200).says("Maya").says("has no primary contact until");
    client.get("/contacts/1").expect(200);
    let deleted = visitor.post("/contacts/1/delete", &[]);
    let page = visitor.follow(deleted);
    page.expect(200).shows("Contact deleted.").shows("No contacts yet.");
    page.shows("Contact deleted");
    client.get("/contacts/1").refused(404, "contact_not_found", None);
    for path in ["/contacts/1/edit", "/contacts/1/delete", "/contacts/x/edit"] {
        visitor.get(path).expect(404).says("This contact doesn't exist.");
    }
}

#[test]
fn contacts_of_a_deleted_customer_are_hidden() {
    let (_server, visitor, client) = start();
    contact(&client, "Maya", true);
    client.delete("/customers/1").expect(200);
    visitor.get("/contacts/1/edit").expect(404).hides("Maya");
    visitor.get("/contacts/1/delete").expect(404).hides("Maya");
}
