//! The properties of a contact, and the one primary contact of a customer.

use serde_json::{Value, json};

use crate::api::rules::{Rules, all_errors, assert_changed};
use crate::support::{Client, Server};

fn rules(server: &Server) -> Rules {
    let client = server.client();
    client.customer("Aurora");
    let existing = json!({"name": "Existing", "email": "existing@aurora.example"});
    client.post("/customers/1/contacts", existing).expect(201);
    Rules {
        client,
        create: "/customers/1/contacts".to_owned(),
        smallest: json!({"name": "New", "email": "new@aurora.example"}),
        existing: "/contacts/1".to_owned(),
    }
}

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
    let rules = rules(&server);
    rules.hold_text("name", 255);
    rules.refuse("name", json!(""), "too_small");
    rules.refuse("name", json!(" \n"), "too_small");
    rules.refuse("name", json!(null), "invalid_type");
}

#[test]
fn the_title_has_at_most_255_characters() {
    let server = Server::start();
    let rules = rules(&server);
    rules.hold_text("title", 255);
    rules.clear("title", json!("COO"));
}

#[test]
fn an_address_has_one_at_sign_and_a_dotted_domain() {
    let server = Server::start();
    let rules = rules(&server);
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
    rules.refuse_types("email", &[json!(null), json!(1), json!(true), json!([]), json!({})]);
}

#[test]
fn labels_are_50_different_texts_at_most() {
    let server = Server::start();
    rules(&server).hold_labels("labels");
}

#[test]
fn primary_is_yes_or_no() {
    let server = Server::start();
    let rules = rules(&server);
    rules.keep_as_is("is_primary", json!(false));
    rules.refuse_types(
        "is_primary",
        &[json!(null), json!("true"), json!(1), json!(0), json!([]), json!({})],
    );
}

#[test]
fn properties_that_are_not_the_clients_are_ignored() {
    let server = Server::start();
    let rules = rules(&server);
    let other = rules.client.customer("Other");
    let ignored = json!({
        "id": "c0000000000000000000000000", "display_id": 77, "object": "customer",
        "customer_id": other["id"], "created_at": "2020-01-01T00:00:00.000Z",
        "updated_at": "2020-01-01T00:00:00.000Z", "deleted_at": "2020-01-01", "tags": ["x"],
    });
    rules.ignore(ignored, ("title", json!("COO")));
}

#[test]
fn a_patch_can_change_every_property_at_once() {
    let server = Server::start();
    let rules = rules(&server);
    let before = rules.client.get("/contacts/1").expect(200);
    let patch = json!({
        "name": "Maya", "email": "maya@aurora.example", "title": "COO", "is_primary": true,
        "labels": ["a", "b"],
    });
    let after = rules.client.patch("/contacts/1", patch.clone()).expect(200);
    assert_changed(&before, &after, &["name", "email", "title", "is_primary", "labels"]);
    for (name, value) in patch.as_object().unwrap() {
        assert_eq!(&after[name], value, "{name}");
    }
    assert_eq!(rules.client.get("/contacts/1").expect(200), after);
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_properties() {
    let server = Server::start();
    let rules = rules(&server);
    let wrong = json!({"labels": [1], "is_primary": 1, "title": 1, "email": "maya", "name": "\0"});
    let expected = [
        ("invalid_string", "name"),
        ("invalid_string", "email"),
        ("invalid_type", "title"),
        ("invalid_type", "is_primary"),
        ("invalid_type", "labels.0"),
    ];
    let post = rules.client.post("/customers/1/contacts", wrong.clone());
    for reply in [post, rules.client.patch("/contacts/1", wrong)] {
        assert_eq!(all_errors(&reply.refused(400, "invalid_string", "name")), expected);
    }
    let missing = rules.client.post("/customers/1/contacts", json!({}));
    let missing = missing.refused(400, "missing_field", "name");
    assert_eq!(all_errors(&missing), [("missing_field", "name"), ("missing_field", "email")]);
    assert_eq!(missing["errors"][1]["message"], "email is required");
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
