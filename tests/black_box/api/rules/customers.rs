//! The fields of a customer: what each accepts, refuses, and returns.

use serde_json::json;

use crate::api::rules::Rules;
use crate::support::Server;

const LINES: [&str; 5] = [
    "hubspot_company_id",
    "hubspot_deal_id",
    "stripe_customer_id",
    "intercom_company_id",
    "slack_channel_id",
];

#[test]
fn the_name_has_1_to_255_characters() {
    let server = Server::start();
    let rules = Rules::for_customers(&server);
    rules.check_required_text("name", 255);
}

#[test]
fn the_plan_has_at_most_100_characters() {
    let server = Server::start();
    let rules = Rules::for_customers(&server);
    rules.check_text("plan", 100);
    rules.can_be_cleared("plan", json!("Scale"));
}

#[test]
fn ids_from_other_systems_have_at_most_255_characters() {
    let server = Server::start();
    let rules = Rules::for_customers(&server);
    for property in LINES {
        rules.check_text(property, 255);
        rules.can_be_cleared(property, json!("cus_Q1"));
    }
}

#[test]
fn a_slug_is_groups_of_lowercase_letters_and_digits() {
    let server = Server::start();
    let rules = Rules::for_customers(&server);
    for good in ["a", "7", "aurora", "a-1-b", "2026-q1"] {
        rules.accepts("slug", json!(good));
    }
    rules.accepts_as("slug", json!(" aurora\n"), json!("aurora"));
    rules.accepts("slug", json!("x".repeat(100)));
    rules.refuses("slug", json!("x".repeat(101)), "too_big");
    rules.refuses("slug", json!(""), "too_small");
    rules.refuses("slug", json!("  "), "too_small");
    for bad in ["A", "auRora", "a--b", "-a", "a-", "-", "a_b", "a b", "a.b", "é", "a\0b", "a/b"] {
        rules.refuses("slug", json!(bad), "invalid_string");
    }
    rules.accepts_only_types("slug", &["string"]);
}

#[test]
fn a_domain_is_a_lowercase_host_name() {
    let server = Server::start();
    let rules = Rules::for_customers(&server);
    rules.accepts_as("domain", json!(" Aurora.EXAMPLE "), json!("aurora.example"));
    rules.accepts_as("domain", json!("Aurora.example."), json!("aurora.example"));
    for good in [
        "aurora.example",
        "a-b.co.uk",
        "1.aurora.example",
        "paral·lel.example",
        "نامه\u{200c}ای.example",
        "xn--mnchen-3ya.example",
    ] {
        rules.accepts("domain", json!(good));
    }
    let label = |letter: &str, length| letter.repeat(length);
    let longest = [label("a", 63), label("b", 63), label("c", 63), label("d", 61)].join(".");
    assert_eq!(longest.len(), 253);
    rules.accepts("domain", json!(longest));
    rules.accepts_as("domain", json!(format!("{longest}.")), json!(longest));
    rules.refuses("domain", json!(format!("{longest}d")), "too_big");
    for bad in [
        "",
        "https://aurora.example",
        "aurora.example/about",
        "aurora.example:443",
        "aurora..example",
        "aurora.example..",
        ".",
        ".aurora.example",
        "-aurora.example",
        "aurora example",
        "maya@aurora.example",
        "aurora.\0example",
    ] {
        rules.refuses("domain", json!(bad), "invalid_string");
    }
    rules.accepts_only_types("domain", &["string", "null"]);
    rules.can_be_cleared("domain", json!("aurora.example"));
    let twin = json!({"name": "Twin", "domain": "twin.example"});
    rules.client.post("/customers", twin.clone()).expect(201);
    rules.client.post("/customers", twin).expect(201);
}

#[test]
fn a_status_is_one_of_five() {
    let server = Server::start();
    let rules = Rules::for_customers(&server);
    for status in ["active", "at_risk", "churned", "archived", "onboarding"] {
        rules.accepts("status", json!(status));
    }
    rules.refuses_names("status", &["Active", "deleted", "at risk", "AtRisk"]);
}

#[test]
fn amounts_are_whole_numbers_that_every_client_can_represent() {
    let server = Server::start();
    let rules = Rules::for_customers(&server);
    for property in ["mrr", "monthly_orders"] {
        rules.accepts(property, json!(0));
        rules.accepts(property, json!(9_007_199_254_740_991_i64));
        rules.refuses(property, json!(9_007_199_254_740_992_i64), "too_big");
        rules.refuses(property, json!(u64::MAX), "too_big");
        rules.refuses(property, json!(-1), "too_small");
        rules.refuses(property, json!(i64::MIN), "too_small");
        rules.accepts_only_types(property, &["integer", "null"]);
        rules.can_be_cleared(property, json!(129_900));
    }
}

#[test]
fn tags_are_at_most_50_different_strings() {
    let server = Server::start();
    Rules::for_customers(&server).check_labels("tags");
}

#[test]
fn metadata_is_any_object_of_up_to_16_kib_and_16_levels() {
    let server = Server::start();
    let rules = Rules::for_customers(&server);
    rules.accepts("metadata", json!({"a": [1, {"b": null}], "": " kept ", "é": true}));
    rules.accepts("metadata", json!({}));
    let sized = |bytes: usize| json!({"a": "x".repeat(bytes - r#"{"a":""}"#.len())});
    assert_eq!(sized(16_384).to_string().len(), 16_384);
    rules.accepts("metadata", sized(16_384));
    rules.refuses("metadata", sized(16_385), "too_big");
    let objects = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!({"a": inner}));
    rules.accepts("metadata", objects(16));
    rules.refuses("metadata", objects(17), "too_big");
    let arrays = |levels: usize| (0..levels).fold(json!("x"), |inner, _| json!([inner]));
    rules.accepts("metadata", json!({"a": arrays(15)}));
    rules.refuses("metadata", json!({"a": arrays(16)}), "too_big");
    rules.accepts_only_types("metadata", &["object"]);
}

#[test]
fn metadata_keeps_its_digits_and_its_order() {
    let server = Server::start();
    let client = server.client();
    let odd = concat!(
        r#"{"z":1,"a":1.0,"m":123456789012345678901234567890,"k":{"y":[],"x":{}},"#,
        r#""s":"\"\\/é😀\n","n":null,"b":[true,false,-0.5]}"#
    );
    let metadata = |body: &str| {
        let start = body.find(r#""metadata":"#).unwrap() + r#""metadata":"#.len();
        body[start..body.find(r#","created_at""#).unwrap()].to_owned()
    };
    let new = format!(r#"{{"name": "Odd", "metadata": {odd}}}"#);
    let created = client.send("POST", "/customers", &[], Some(new.as_bytes()));
    created.expect(201);
    // A slash can be escaped with a backslash or not; it was sent without one.
    assert_eq!(metadata(&created.body), odd);
    assert_eq!(metadata(&client.get("/customers/1").body), odd);
    assert_eq!(metadata(&client.get("/customers").body), odd);
}

#[test]
fn a_patch_replaces_the_whole_metadata() {
    let server = Server::start();
    let client = server.client();
    let new = json!({"name": "Aurora", "metadata": {"a": 1, "b": {"c": 2}}});
    client.post("/customers", new).expect(201);
    let patched = client.patch("/customers/1", json!({"metadata": {"b": {"d": 3}}})).expect(200);
    assert_eq!(patched["metadata"], json!({"b": {"d": 3}}));
    let patched = client.patch("/customers/1", json!({"name": "Borealis"})).expect(200);
    assert_eq!(patched["metadata"], json!({"b": {"d": 3}}));
    assert_eq!(client.get("/customers/1").expect(200), patched);
}

#[test]
fn a_patch_can_change_only_the_order_of_the_metadata() {
    let server = Server::start();
    let client = server.client();
    let new = json!({"name": "Aurora", "metadata": {"a": 1, "b": {"c": 2, "d": 3}}});
    client.post("/customers", new).expect(201);
    for metadata in [r#"{"b":{"c":2,"d":3},"a":1}"#, r#"{"b":{"d":3,"c":2},"a":1}"#] {
        let patch = format!(r#"{{"metadata":{metadata}}}"#);
        let reply = client.send("PATCH", "/customers/1", &[], Some(patch.as_bytes()));
        reply.expect(200);
        let written = format!(r#""metadata":{metadata}"#);
        assert!(reply.body.contains(&written), "{}", reply.body);
        let read = client.get("/customers/1");
        assert!(read.body.contains(&written), "{}", read.body);
    }
}
