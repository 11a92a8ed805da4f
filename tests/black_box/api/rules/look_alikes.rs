//! Values that look the same but are encoded differently: searches, filters, and uniqueness checks
//! treat them as equal, and responses return each as it was sent.

use serde_json::{Value, json};

use crate::support::{Client, Server};

/// The names of the customers that a query returns.
#[track_caller]
fn find_names(client: &Client, parameter: &str, value: &str) -> Vec<String> {
    let encoded: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let list = client.get(&format!("/customers?{parameter}={encoded}")).expect(200);
    let items = list["data"].as_array().unwrap().iter();
    items.map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

fn contact(email: &str) -> Value {
    json!({"name": "N", "email": email})
}

#[test]
fn a_domain_is_found_in_each_of_its_forms_and_returned_as_it_was_sent() {
    let server = Server::start();
    let client = server.client();
    let forms = ["münchen.example", "mu\u{308}nchen.example", "xn--mnchen-3ya.example"];
    for form in forms {
        let made = client.post("/customers", json!({"name": form, "domain": form})).expect(201);
        assert_eq!(made["domain"], form);
    }
    client.post("/customers", json!({"name": "Other", "domain": "munchen.example"})).expect(201);
    let all = [forms[2], forms[1], forms[0]];
    for asked in forms {
        assert_eq!(find_names(&client, "domain", asked), all, "{asked}");
    }
    for asked in ["MÜNCHEN.Example.", " XN--MNCHEN-3YA.example", "\u{feff}münchen.example"] {
        assert_eq!(find_names(&client, "domain", asked), all, "{asked}");
    }
    assert_eq!(find_names(&client, "domain", "munchen.example"), ["Other"]);
    assert_eq!(find_names(&client, "domain", "muenchen.example"), [""; 0]);
    // The filter finds the new value after a change.
    client.patch("/customers/1", json!({"domain": "other.example"})).expect(200);
    assert_eq!(find_names(&client, "domain", forms[0]), all[..2]);
    client.patch("/customers/2", json!({"domain": null})).expect(200);
    assert_eq!(find_names(&client, "domain", forms[0]), all[..1]);
}

#[test]
fn an_email_is_unique_across_all_of_its_forms() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    client.customer("Borealis");
    let path = "/customers/1/contacts";
    let forms = [
        "jörg@münchen.example",
        "jo\u{308}rg@mu\u{308}nchen.example",
        "jörg@xn--mnchen-3ya.example",
        "JÖRG@XN--MNCHEN-3YA.EXAMPLE.",
    ];
    client.post(path, contact("other@münchen.example")).expect(201);
    for taken in forms {
        let made = client.post(path, contact(taken)).expect(201);
        for form in forms {
            client.post(path, contact(form)).refused(409, "email_taken", "email");
            let patch = json!({"email": form});
            client.patch("/contacts/1", patch).refused(409, "email_taken", "email");
        }
        // Neither another customer's contact nor the contact itself conflicts.
        let id = made["display_id"].as_i64().unwrap();
        let elsewhere = client.post("/customers/2/contacts", contact(taken)).expect(201);
        for form in forms {
            let patched = client.patch(&format!("/contacts/{id}"), json!({"email": form}));
            let kept = form.to_lowercase();
            assert_eq!(patched.expect(200)["email"], kept.trim_end_matches('.'));
        }
        client.delete(&format!("/contacts/{id}")).expect(200);
        client.delete(&format!("/contacts/{}", elsewhere["display_id"])).expect(200);
    }
    client.post(path, contact("jorg@munchen.example")).expect(201);
}

#[test]
fn a_search_ignores_differences_in_normal_form_and_case() {
    let server = Server::start();
    let client = server.client();
    for (name, domain) in [
        ("Müller Köln", "eins.example"),
        ("Mu\u{308}ller Ko\u{308}ln GmbH", "zwei.example"),
        ("Hauptstraße", "straße.example"),
        ("HAUPTSTRASSE", "drei.example"),
        ("ΟΔΥΣΣΕΥΣ", "vier.example"),
        ("οδυσσευς", "fünf.example"),
        ("İstanbul", "sechs.example"),
        ("ISPARTA", "sieben.example"),
    ] {
        client.post("/customers", json!({"name": name, "domain": domain})).expect(201);
    }
    let both = ["Mu\u{308}ller Ko\u{308}ln GmbH", "Müller Köln"];
    for (asked, expected) in [
        ("müller", &both[..]),
        ("mu\u{308}ller ko\u{308}ln", &both),
        ("MÜLLER", &both),
        ("muller k", &[]),
        ("strasse", &["HAUPTSTRASSE", "Hauptstraße"]),
        ("STRAßE", &["HAUPTSTRASSE", "Hauptstraße"]),
        ("straße.EXAMPLE", &["Hauptstraße"]),
        ("οδυσσευς", &["οδυσσευς", "ΟΔΥΣΣΕΥΣ"]),
        ("ΣΕΥΣ", &["οδυσσευς", "ΟΔΥΣΣΕΥΣ"]),
        ("fu\u{308}nf", &["οδυσσευς"]),
        ("i\u{307}stanbul", &["İstanbul"]),
        ("İSTANBUL", &["İstanbul"]),
        ("isparta", &["ISPARTA"]),
        ("ısparta", &[]),
    ] {
        assert_eq!(find_names(&client, "q", asked), expected, "{asked}");
    }
}
