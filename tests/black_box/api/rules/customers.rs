//! The properties of a customer: what each takes, refuses and shows.

use serde_json::{Value, json};

use crate::api::rules::{Rules, all_errors, assert_changed};
use crate::support::Server;

const LINES: [&str; 5] = [
    "hubspot_company_id",
    "hubspot_deal_id",
    "stripe_customer_id",
    "intercom_company_id",
    "slack_channel_id",
];

fn rules(server: &Server) -> Rules {
    let client = server.client();
    client.customer("Existing");
    Rules {
        client,
        create: "/customers".to_owned(),
        smallest: json!({"name": "New"}),
        existing: "/customers/1".to_owned(),
    }
}

#[test]
fn the_name_has_1_to_255_characters() {
    let server = Server::start();
    let rules = rules(&server);
    rules.hold_text("name", 255);
    rules.keep_as_is("name", json!("x"));
    rules.refuse("name", json!(""), "too_small");
    rules.refuse("name", json!(" \u{2003}\n"), "too_small");
    rules.refuse("name", json!(null), "invalid_type");
    let missing = rules.client.post("/customers", json!({"slug": "x"}));
    let missing = missing.refused(400, "missing_field", "name");
    assert_eq!(missing["message"], "name is required");
}

#[test]
fn the_plan_has_at_most_100_characters() {
    let server = Server::start();
    let rules = rules(&server);
    rules.hold_text("plan", 100);
    rules.clear("plan", json!("Scale"));
}

#[test]
fn ids_of_other_systems_have_at_most_255_characters() {
    let server = Server::start();
    let rules = rules(&server);
    for property in LINES {
        rules.hold_text(property, 255);
        rules.clear(property, json!("cus_Q1"));
    }
}

#[test]
fn a_slug_is_groups_of_small_letters_and_digits() {
    let server = Server::start();
    let rules = rules(&server);
    for good in ["a", "7", "aurora", "a-1-b", "2026-q1"] {
        rules.keep_as_is("slug", json!(good));
    }
    rules.keep("slug", json!(" aurora\n"), json!("aurora"));
    rules.keep_as_is("slug", json!("x".repeat(100)));
    rules.refuse("slug", json!("x".repeat(101)), "too_big");
    rules.refuse("slug", json!(""), "too_small");
    for bad in ["A", "auRora", "a--b", "-a", "a-", "-", "a_b", "a b", "a.b", "é", "a\0b", "a/b"] {
        rules.refuse("slug", json!(bad), "invalid_string");
    }
    rules.refuse_types("slug", &[json!(null), json!(1), json!(true), json!([]), json!({})]);
}

#[test]
fn a_domain_is_a_host_name_in_small_letters() {
    let server = Server::start();
    let rules = rules(&server);
    rules.keep("domain", json!(" Aurora.EXAMPLE "), json!("aurora.example"));
    rules.keep("domain", json!("Aurora.example."), json!("aurora.example"));
    for good in [
        "aurora.example",
        "a-b.co.uk",
        "1.aurora.example",
        "paral·lel.example",
        "نامه\u{200c}ای.example",
        "xn--mnchen-3ya.example",
    ] {
        rules.keep_as_is("domain", json!(good));
    }
    let label = |letter: &str, length| letter.repeat(length);
    let longest = [label("a", 63), label("b", 63), label("c", 63), label("d", 61)].join(".");
    assert_eq!(longest.len(), 253);
    rules.keep_as_is("domain", json!(longest));
    rules.keep("domain", json!(format!("{longest}.")), json!(longest));
    rules.refuse("domain", json!(format!("{longest}d")), "too_big");
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
        rules.refuse("domain", json!(bad), "invalid_string");
    }
    rules.refuse_types("domain", &[json!(1), json!(false), json!([]), json!({})]);
    rules.clear("domain", json!("aurora.example"));
    let twin = json!({"name": "Twin", "domain": "twin.example"});
    rules.client.post("/customers", twin.clone()).expect(201);
    rules.client.post("/customers", twin).expect(201);
}

#[test]
fn a_status_is_one_of_five() {
    let server = Server::start();
    let rules = rules(&server);
    for status in ["active", "at_risk", "churned", "archived", "onboarding"] {
        rules.keep_as_is("status", json!(status));
    }
    for wrong in ["", "Active", "deleted", "at risk", "AtRisk"] {
        rules.refuse("status", json!(wrong), "invalid_enum_value");
    }
    rules.refuse_types("status", &[json!(null), json!(1), json!(true), json!([]), json!({})]);
}

#[test]
fn amounts_are_whole_and_fit_every_client() {
    let server = Server::start();
    let rules = rules(&server);
    for property in ["mrr", "monthly_orders"] {
        rules.keep_as_is(property, json!(0));
        rules.keep_as_is(property, json!(9_007_199_254_740_991_i64));
        rules.refuse(property, json!(9_007_199_254_740_992_i64), "too_big");
        rules.refuse(property, json!(u64::MAX), "too_big");
        rules.refuse(property, json!(-1), "too_small");
        rules.refuse(property, json!(i64::MIN), "too_small");
        rules.refuse_types(
            property,
            &[json!(1.5), json!("1"), json!(true), json!([]), json!({}), json!([1])],
        );
        rules.clear(property, json!(129_900));
    }
}

#[test]
fn tags_are_50_different_texts_at_most() {
    let server = Server::start();
    rules(&server).hold_labels("tags");
}

#[test]
fn metadata_is_any_object_of_16_kib_and_16_levels() {
    let server = Server::start();
    let rules = rules(&server);
    rules.keep_as_is("metadata", json!({"a": [1, {"b": null}], "": " kept ", "é": true}));
    rules.keep_as_is("metadata", json!({}));
    let sized = |bytes: usize| json!({"a": "x".repeat(bytes - r#"{"a":""}"#.len())});
    assert_eq!(sized(16_384).to_string().len(), 16_384);
    rules.keep_as_is("metadata", sized(16_384));
    rules.refuse("metadata", sized(16_385), "too_big");
    let objects = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!({"a": inner}));
    rules.keep_as_is("metadata", objects(16));
    rules.refuse("metadata", objects(17), "too_big");
    let arrays = |levels: usize| (0..levels).fold(json!("x"), |inner, _| json!([inner]));
    rules.keep_as_is("metadata", json!({"a": arrays(15)}));
    rules.refuse("metadata", json!({"a": arrays(16)}), "too_big");
    rules.refuse_types(
        "metadata",
        &[json!(null), json!([]), json!("{}"), json!(1), json!(true), json!([{}])],
    );
}

#[test]
fn metadata_comes_back_digit_for_digit_and_in_its_order() {
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
    // The solidus may be written with or without a backslash; it was sent without.
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
fn a_patch_can_change_nothing_but_the_order_of_the_metadata() {
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

#[test]
fn properties_that_are_not_the_clients_are_ignored() {
    let server = Server::start();
    let ignored = json!({
        "id": "c0000000000000000000000000", "display_id": 77, "object": "contact",
        "created_at": "2020-01-01T00:00:00.000Z", "updated_at": "2020-01-01T00:00:00.000Z",
        "deleted_at": "2020-01-01T00:00:00.000Z", "workspace_no": 2, "nonsense": {"a": [null]},
    });
    rules(&server).ignore(ignored, ("plan", json!("Scale")));
}

#[test]
fn a_patch_can_change_every_property_at_once_and_null_clears() {
    let server = Server::start();
    let client = server.client();
    let before = client.customer("Aurora");
    let patch = json!({
        "name": "Borealis", "slug": "borealis-1", "domain": "borealis.example",
        "status": "active", "plan": "Scale", "mrr": 129_900, "monthly_orders": 12,
        "hubspot_company_id": "h1", "hubspot_deal_id": "h2", "stripe_customer_id": "s1",
        "intercom_company_id": "i1", "slack_channel_id": "C1", "tags": ["a", "b"],
        "metadata": {"a": 1},
    });
    let names: Vec<&str> = patch.as_object().unwrap().keys().map(String::as_str).collect();
    let after = client.patch("/customers/1", patch.clone()).expect(200);
    assert_changed(&before, &after, &names);
    for (name, value) in patch.as_object().unwrap() {
        assert_eq!(&after[name], value, "{name}");
    }
    let nullable = ["domain", "plan", "mrr", "monthly_orders"].into_iter().chain(LINES);
    let clear: Value = nullable.clone().map(|name| (name, Value::Null)).collect();
    let cleared = client.patch("/customers/1", clear).expect(200);
    assert!(nullable.clone().all(|name| cleared[name].is_null()), "{cleared}");
    assert_changed(&after, &cleared, &nullable.collect::<Vec<_>>());
    assert_eq!(client.get("/customers/1").expect(200), cleared);
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_properties() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    let wrong = json!({
        "metadata": [], "tags": ["", "ok", 3], "slack_channel_id": 1, "intercom_company_id": 1,
        "stripe_customer_id": 1, "hubspot_deal_id": 1, "hubspot_company_id": 1,
        "monthly_orders": -1, "mrr": 1.5, "plan": "x".repeat(101), "status": "new",
        "domain": "https://a.example", "slug": "No", "name": "",
    });
    let expected = [
        ("too_small", "name"),
        ("invalid_string", "slug"),
        ("invalid_string", "domain"),
        ("invalid_enum_value", "status"),
        ("too_big", "plan"),
        ("invalid_type", "mrr"),
        ("too_small", "monthly_orders"),
        ("invalid_type", "hubspot_company_id"),
        ("invalid_type", "hubspot_deal_id"),
        ("invalid_type", "stripe_customer_id"),
        ("invalid_type", "intercom_company_id"),
        ("invalid_type", "slack_channel_id"),
        ("too_small", "tags.0"),
        ("invalid_type", "tags.2"),
        ("invalid_type", "metadata"),
    ];
    for reply in [client.post("/customers", wrong.clone()), client.patch("/customers/1", wrong)] {
        let error = reply.refused(400, "too_small", "name");
        assert_eq!(all_errors(&error), expected);
        let first = &error["errors"][0];
        assert_eq!(first["type"], "invalid_request_error");
        assert_eq!(first["message"], error["message"]);
    }
    let one = client.post("/customers", json!({"name": 1})).refused(400, "invalid_type", "name");
    assert_eq!(one.get("errors"), None);
}
