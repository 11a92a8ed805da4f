//! The fields of a contact, and the rule that a customer has one primary contact.

use serde_json::{Value, json};

use crate::api::rules::{Rules, assert_changed};
use crate::support::{Client, Server};

/// Creates a contact for the customer with this display ID.
fn create(client: &Client, customer: i64, email: &str, is_primary: bool) -> Value {
    let body = json!({"name": "N", "email": email, "is_primary": is_primary});
    client.post(&format!("/customers/{customer}/contacts"), body).expect(201)
}

/// The emails of a customer's primary contacts.
fn primary_emails(client: &Client, customer: i64) -> Vec<String> {
    let all = client.walk(&format!("/customers/{customer}/contacts"));
    let primary = all.iter().filter(|contact| contact["is_primary"] == true);
    primary.map(|contact| contact["email"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_name_has_1_to_255_characters() {
    let server = Server::start();
    let rules = Rules::for_contacts(&server);
    rules.check_required_text("name", 255);
}

#[test]
fn the_title_has_at_most_255_characters() {
    let server = Server::start();
    let rules = Rules::for_contacts(&server);
    rules.check_text("title", 255);
    rules.can_be_cleared("title", json!("COO"));
}

#[test]
fn an_email_has_one_at_sign_and_a_dotted_domain() {
    let server = Server::start();
    let rules = Rules::for_contacts(&server);
    rules.accepts_as(
        "email",
        json!(" Maya.Lind@Aurora.EXAMPLE\n"),
        json!("maya.lind@aurora.example"),
    );
    rules.accepts_as("email", json!("maya@aurora.example."), json!("maya@aurora.example"));
    for good in [
        "a@b.io",
        "a+b@x.co.uk",
        "o'hara@a-b.example",
        "1@2.example",
        "k..t@docomo.example",
        "k.t.@ezweb.example",
        ".k@ezweb.example",
        "k@my_team.example",
        "k@paral·lel.example",
        "k@نامه\u{200c}ای.example",
    ] {
        rules.accepts("email", json!(good));
    }
    let label = |letter: &str, length| letter.repeat(length);
    let domain = [label("b", 63), label("c", 63), label("d", 57)].join(".");
    let longest = format!("{}@{domain}.example", label("a", 60));
    assert_eq!(longest.len(), 254);
    rules.accepts("email", json!(longest));
    rules.refuses("email", json!(format!("a{longest}")), "too_big");
    for bad in [
        "",
        "maya",
        "maya@aurora",
        "maya@@aurora.example",
        "maya@lind@aurora.example",
        "@aurora.example",
        "maya@",
        "maya@.example",
        "maya@aurora..example",
        "maya@aurora.example..",
        "maya@aurora.",
        "ma ya@aurora.example",
        "maya@aur ora.example",
        "maya@aurora.example\0",
        "Maya <maya@aurora.example>",
    ] {
        rules.refuses("email", json!(bad), "invalid_string");
    }
    rules.accepts_only_types("email", &["string"]);
}

#[test]
fn labels_are_at_most_50_different_strings() {
    let server = Server::start();
    Rules::for_contacts(&server).check_labels("labels");
}

#[test]
fn is_primary_is_a_boolean() {
    let server = Server::start();
    let rules = Rules::for_contacts(&server);
    rules.accepts("is_primary", json!(false));
    rules.accepts_only_types("is_primary", &["boolean"]);
}

#[test]
fn a_new_primary_contact_demotes_the_other() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    client.customer("Borealis");
    assert_eq!(create(&client, 1, "a@x.example", false)["is_primary"], false);
    create(&client, 2, "z@x.example", true);
    let b = create(&client, 1, "b@x.example", true);
    assert_eq!(primary_emails(&client, 1), ["b@x.example"]);
    create(&client, 1, "c@x.example", true);
    assert_eq!(primary_emails(&client, 1), ["c@x.example"]);
    let demoted = client.get(&format!("/contacts/{}", b["id"].as_str().unwrap())).expect(200);
    assert_changed(&b, &demoted, &["is_primary"]);

    let c = client.get("/contacts/4").expect(200);
    let promoted = client.patch("/contacts/1", json!({"is_primary": true})).expect(200);
    assert_eq!(promoted["is_primary"], true);
    assert_eq!(primary_emails(&client, 1), ["a@x.example"]);
    assert_changed(&c, &client.get("/contacts/4").expect(200), &["is_primary"]);
    // The primary contact of another customer is unaffected.
    assert_eq!(primary_emails(&client, 2), ["z@x.example"]);
    client.patch("/contacts/1", json!({"is_primary": true})).expect(200);
    assert_eq!(primary_emails(&client, 1), ["a@x.example"]);
    client.patch("/contacts/1", json!({"is_primary": false})).expect(200);
    assert_eq!(primary_emails(&client, 1), [""; 0]);
}

#[test]
fn deleting_the_primary_contact_promotes_no_other() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    create(&client, 1, "a@x.example", true);
    create(&client, 1, "b@x.example", false);
    client.delete("/contacts/1").expect(200);
    assert_eq!(primary_emails(&client, 1), [""; 0]);
    client.patch("/contacts/2", json!({"is_primary": true})).expect(200);
    assert_eq!(primary_emails(&client, 1), ["b@x.example"]);
}

#[test]
fn a_refused_promotion_demotes_no_contact() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    let a = create(&client, 1, "a@x.example", true);
    create(&client, 1, "b@x.example", false);
    let taken = json!({"name": "N", "email": "a@x.example", "is_primary": true});
    client.post("/customers/1/contacts", taken.clone()).refused(409, "email_taken", "email");
    client.patch("/contacts/2", taken).refused(409, "email_taken", "email");
    assert_eq!(client.get("/contacts/1").expect(200), a);
    assert_eq!(primary_emails(&client, 1), ["a@x.example"]);
}

#[test]
fn concurrent_promotions_leave_one_primary_contact() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    for i in 1..=6 {
        create(&client, 1, &format!("c{i}@x.example"), false);
    }
    std::thread::scope(|scope| {
        for i in 1..=6 {
            let client = client.clone();
            scope.spawn(move || {
                for _ in 0..10 {
                    let path = format!("/contacts/{i}");
                    let promoted = client.patch(&path, json!({"is_primary": true})).expect(200);
                    assert_eq!(promoted["is_primary"], true);
                }
            });
        }
    });
    assert_eq!(primary_emails(&client, 1).len(), 1);
}
