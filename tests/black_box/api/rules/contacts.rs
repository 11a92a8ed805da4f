//! The properties of a contact, and the one primary contact of a customer.

use serde_json::{Value, json};

use crate::api::rules::{Rules, assert_changed};
use crate::support::{Client, Server};

/// Creates a contact of the customer with this display id.
fn create(client: &Client, customer: i64, email: &str, is_primary: bool) -> Value {
    let body = json!({"name": "N", "email": email, "is_primary": is_primary});
    client.post(&format!("/customers/{customer}/contacts"), body).expect(201)
}

/// The addresses of a customer's primary contacts.
fn primaries(client: &Client, customer: i64) -> Vec<String> {
    let all = client.walk(&format!("/customers/{customer}/contacts"));
    let primary = all.iter().filter(|contact| contact["is_primary"] == true);
    primary.map(|contact| contact["email"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_name_has_1_to_255_characters() {
    let server = Server::start();
    let rules = Rules::of_contacts(&server);
    rules.hold_name("name", 255);
}

#[test]
fn the_title_has_at_most_255_characters() {
    let server = Server::start();
    let rules = Rules::of_contacts(&server);
    rules.hold_text("title", 255);
    rules.clear("title", json!("COO"));
}

#[test]
fn an_address_has_one_at_sign_and_a_dotted_domain() {
    let server = Server::start();
    let rules = Rules::of_contacts(&server);
    rules.keep("email", json!(" Maya.Lind@Aurora.EXAMPLE\n"), json!("maya.lind@aurora.example"));
    rules.keep("email", json!("maya@aurora.example."), json!("maya@aurora.example"));
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
        rules.keep_as_is("email", json!(good));
    }
    let label = |letter: &str, length| letter.repeat(length);
    let domain = [label("b", 63), label("c", 63), label("d", 57)].join(".");
    let longest = format!("{}@{domain}.example", label("a", 60));
    assert_eq!(longest.len(), 254);
    rules.keep_as_is("email", json!(longest));
    rules.refuse("email", json!(format!("a{longest}")), "too_big");
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
        rules.refuse("email", json!(bad), "invalid_string");
    }
    rules.refuse_all_but("email", &["string"]);
}

#[test]
fn labels_are_50_different_texts_at_most() {
    let server = Server::start();
    Rules::of_contacts(&server).hold_labels("labels");
}

#[test]
fn primary_is_yes_or_no() {
    let server = Server::start();
    let rules = Rules::of_contacts(&server);
    rules.keep_as_is("is_primary", json!(false));
    rules.refuse_all_but("is_primary", &["boolean"]);
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
    assert_eq!(primaries(&client, 1), ["b@x.example"]);
    create(&client, 1, "c@x.example", true);
    assert_eq!(primaries(&client, 1), ["c@x.example"]);
    let demoted = client.get(&format!("/contacts/{}", b["id"].as_str().unwrap())).expect(200);
    assert_changed(&b, &demoted, &["is_primary"]);

    let c = client.get("/contacts/4").expect(200);
    let promoted = client.patch("/contacts/1", json!({"is_primary": true})).expect(200);
    assert_eq!(promoted["is_primary"], true);
    assert_eq!(primaries(&client, 1), ["a@x.example"]);
    assert_changed(&c, &client.get("/contacts/4").expect(200), &["is_primary"]);
    // The primary contact of another customer is not touched.
    assert_eq!(primaries(&client, 2), ["z@x.example"]);
    client.patch("/contacts/1", json!({"is_primary": true})).expect(200);
    assert_eq!(primaries(&client, 1), ["a@x.example"]);
    client.patch("/contacts/1", json!({"is_primary": false})).expect(200);
    assert_eq!(primaries(&client, 1), [""; 0]);
}

#[test]
fn nobody_takes_the_place_of_a_deleted_primary_contact() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    create(&client, 1, "a@x.example", true);
    create(&client, 1, "b@x.example", false);
    client.delete("/contacts/1").expect(200);
    assert_eq!(primaries(&client, 1), [""; 0]);
    client.patch("/contacts/2", json!({"is_primary": true})).expect(200);
    assert_eq!(primaries(&client, 1), ["b@x.example"]);
}

#[test]
fn a_refused_promotion_demotes_nobody() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    let a = create(&client, 1, "a@x.example", true);
    create(&client, 1, "b@x.example", false);
    let taken = json!({"name": "N", "email": "a@x.example", "is_primary": true});
    client.post("/customers/1/contacts", taken.clone()).refused(409, "email_taken", "email");
    client.patch("/contacts/2", taken).refused(409, "email_taken", "email");
    assert_eq!(client.get("/contacts/1").expect(200), a);
    assert_eq!(primaries(&client, 1), ["a@x.example"]);
}

#[test]
fn promotions_at_the_same_time_leave_one_primary_contact() {
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
    assert_eq!(primaries(&client, 1).len(), 1);
}
