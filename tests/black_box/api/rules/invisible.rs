//! Invisible characters: a name can't consist only of them, and an identifier can't contain them.

use serde_json::{Value, json};

use crate::api::rules::Rules;
use crate::support::Server;

/// Strings without a visible character.
const INVISIBLE: [&str; 9] = [
    "\u{200b}",
    "\u{feff}",
    "\u{3164}",
    "\u{ffa0}",
    "\u{fe0f}",
    "\u{ad}\u{200d}",
    " \u{2060} \u{3000}",
    "\u{e0001}",
    "\u{2800}",
];

#[test]
fn a_name_or_label_without_a_visible_character_is_too_small() {
    let server = Server::start();
    let customers = Rules::for_customers(&server);
    for nothing in INVISIBLE {
        customers.refuses("name", json!(nothing), "too_small");
        customers.refuses_at("tags", json!(["a", nothing]), "too_small", "tags.1");
    }
    let server = Server::start();
    let contacts = Rules::for_contacts(&server);
    for nothing in INVISIBLE {
        contacts.refuses("name", json!(nothing), "too_small");
        contacts.refuses_at("labels", json!(["a", nothing]), "too_small", "labels.1");
        contacts.accepts_as("title", json!(nothing), json!(""));
    }
    let server = Server::start();
    let onboardings = Rules::for_onboardings(&server);
    for nothing in INVISIBLE {
        onboardings.accepts_as("name", json!(nothing), json!(""));
        onboardings.accepts_as("notes", json!(nothing), json!(""));
        let body = json!({"customer_id": nothing});
        onboardings.client.post("/onboardings", body).refused(400, "too_small", "customer_id");
    }
}

#[test]
fn a_name_keeps_invisible_characters_within_words_but_not_a_byte_order_mark() {
    let server = Server::start();
    let customers = Rules::for_customers(&server);
    for name in ["❤\u{fe0f}", "نامه\u{200c}ای", "क्\u{200d}", "👩\u{200d}💻 Co-op", "So\u{ad}ft"]
    {
        customers.accepts("name", json!(name));
    }
    customers.accepts_as("name", json!("\u{feff}Aurora \u{feff}"), json!("Aurora"));
    customers.accepts_as("tags", json!(["\u{feff}vip", "vip"]), json!(["vip"]));
}

/// Checks which invisible characters are removed from an identifier and which are refused.
fn check_identifier(rules: &Rules, property: &str, value: &str) {
    let ends = [("\u{feff}", ""), ("\u{200b} ", "\u{ad}\n"), ("", "\u{200e}")];
    for (n, (before, after)) in ends.into_iter().enumerate() {
        // A unique value is still held by the previous resource.
        let value = format!("{value}{n}");
        rules.accepts_as(property, json!(format!("{before}{value}{after}")), json!(value));
    }
    let (start, end) = value.split_at(2);
    for inside in ["\u{200b}", "\u{feff}", "\u{ad}", "\u{200c}", "\u{202e}", "\u{e0041}", "\u{7f}"]
    {
        let refused = json!(format!("{start}{inside}{end}"));
        rules.refuses(property, refused.clone(), "invalid_string");
        let said = rules.client.patch(rules.existing, json!({property: refused})).json();
        let code = format!("U+{:04X}", u32::from(inside.chars().next().unwrap()));
        assert!(said["error"]["message"].as_str().unwrap().contains(&code), "{said}");
    }
}

#[test]
fn invisible_characters_are_removed_from_the_ends_of_identifiers_and_refused_inside() {
    let server = Server::start();
    let rules = Rules::for_customers(&server);
    check_identifier(&rules, "slug", "aurora-7");
    check_identifier(&rules, "domain", "aurora.example");
    for property in [
        "hubspot_company_id",
        "hubspot_deal_id",
        "stripe_customer_id",
        "intercom_company_id",
        "slack_channel_id",
    ] {
        check_identifier(&rules, property, "id 42");
        rules.accepts_as(property, json!("\u{200b}"), json!(""));
    }
    let server = Server::start();
    check_identifier(&Rules::for_contacts(&server), "email", "maya@lind.example");
    let server = Server::start();
    let rules = Rules::for_onboardings(&server);
    for property in ["template_id", "csm_id", "se_id", "designer_id", "product_ops_id"] {
        check_identifier(&rules, property, "id 42");
    }
}

#[test]
fn the_command_line_refuses_invisible_names() {
    let server = Server::start();
    for nothing in INVISIBLE {
        let output = server.run(&["workspaces", "create", "--slug", "new", "--name", nothing]);
        assert_ne!(output.status.code(), Some(0), "{nothing:?}");
        let output = server.run(&["keys", "create", "--workspace", "default", "--name", nothing]);
        assert_ne!(output.status.code(), Some(0), "{nothing:?}");
    }
    let args = ["workspaces", "create", "--slug", "\u{feff}new", "--name", "\u{feff}New", "--json"];
    let made = server.json(&args);
    assert_eq!((&made["slug"], &made["name"]), (&Value::from("new"), &Value::from("New")));
}

#[test]
fn a_form_refuses_an_invisible_name_and_treats_an_invisible_slug_as_empty() {
    let server = Server::start();
    let visitor = server.signed_in();
    let form = |name: &str, slug: &str| {
        let new = visitor.get("/customers/new");
        new.expect(200);
        visitor.post("/customers", &[("name", name), ("slug", slug), ("status", "onboarding")])
    };
    form("\u{3164}", "").expect(400).shows("Must not be empty.");
    form("Aurora", "\u{200b}").expect(303);
    assert_eq!(server.client().get("/customers/1").expect(200)["slug"], "aurora");
}
