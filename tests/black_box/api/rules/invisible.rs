//! Characters that cannot be seen: a name does not consist of them, and an identifier has none.

use serde_json::{Value, json};

use crate::api::rules::Rules;
use crate::support::Server;

/// Texts in which nothing can be seen.
const NOTHING: [&str; 9] = [
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
fn a_name_or_a_label_of_nothing_that_can_be_seen_is_too_small() {
    let server = Server::start();
    let customers = Rules::of_customers(&server);
    for nothing in NOTHING {
        customers.refuse("name", json!(nothing), "too_small");
        customers.refuse_at("tags", json!(["a", nothing]), "too_small", "tags.1");
    }
    let server = Server::start();
    let contacts = Rules::of_contacts(&server);
    for nothing in NOTHING {
        contacts.refuse("name", json!(nothing), "too_small");
        contacts.refuse_at("labels", json!(["a", nothing]), "too_small", "labels.1");
        contacts.keep("title", json!(nothing), json!(""));
    }
    let server = Server::start();
    let onboardings = Rules::of_onboardings(&server);
    for nothing in NOTHING {
        onboardings.keep("name", json!(nothing), json!(""));
        onboardings.keep("notes", json!(nothing), json!(""));
        let body = json!({"customer_id": nothing});
        onboardings.client.post("/onboardings", body).refused(400, "too_small", "customer_id");
    }
}

#[test]
fn a_name_keeps_the_invisible_characters_of_its_letters_and_loses_a_byte_order_mark() {
    let server = Server::start();
    let customers = Rules::of_customers(&server);
    for name in ["❤\u{fe0f}", "نامه\u{200c}ای", "क्\u{200d}", "👩\u{200d}💻 Co-op", "So\u{ad}ft"]
    {
        customers.keep_as_is("name", json!(name));
    }
    customers.keep("name", json!("\u{feff}Aurora \u{feff}"), json!("Aurora"));
    customers.keep("tags", json!(["\u{feff}vip", "vip"]), json!(["vip"]));
}

/// What an identifier loses, and what it refuses.
fn hold_identifier(rules: &Rules, property: &str, value: &str) {
    let ends = [("\u{feff}", ""), ("\u{200b} ", "\u{ad}\n"), ("", "\u{200e}")];
    for (n, (before, after)) in ends.into_iter().enumerate() {
        // What has to be unique is taken by the value before.
        let value = format!("{value}{n}");
        rules.keep(property, json!(format!("{before}{value}{after}")), json!(value));
    }
    let (start, end) = value.split_at(2);
    for inside in ["\u{200b}", "\u{feff}", "\u{ad}", "\u{200c}", "\u{202e}", "\u{e0041}", "\u{7f}"]
    {
        let refused = json!(format!("{start}{inside}{end}"));
        rules.refuse(property, refused.clone(), "invalid_string");
        let said = rules.client.patch(rules.existing, json!({property: refused})).json();
        let code = format!("U+{:04X}", u32::from(inside.chars().next().unwrap()));
        assert!(said["error"]["message"].as_str().unwrap().contains(&code), "{said}");
    }
}

#[test]
fn an_identifier_loses_invisible_characters_at_its_ends_and_refuses_them_inside() {
    let server = Server::start();
    let rules = Rules::of_customers(&server);
    hold_identifier(&rules, "slug", "aurora-7");
    hold_identifier(&rules, "domain", "aurora.example");
    for property in [
        "hubspot_company_id",
        "hubspot_deal_id",
        "stripe_customer_id",
        "intercom_company_id",
        "slack_channel_id",
    ] {
        hold_identifier(&rules, property, "id 42");
        rules.keep(property, json!("\u{200b}"), json!(""));
    }
    let server = Server::start();
    hold_identifier(&Rules::of_contacts(&server), "email", "maya@lind.example");
    let server = Server::start();
    let rules = Rules::of_onboardings(&server);
    for property in ["template_id", "csm_id", "se_id", "designer_id", "product_ops_id"] {
        hold_identifier(&rules, property, "id 42");
    }
}

#[test]
fn the_command_line_refuses_names_that_cannot_be_seen() {
    let server = Server::start();
    for nothing in NOTHING {
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
fn a_form_refuses_a_name_that_cannot_be_seen_and_leaves_out_a_slug_that_cannot() {
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
