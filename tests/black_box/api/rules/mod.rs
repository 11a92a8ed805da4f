//! Rules that fields have in common. Each is checked on POST and on PATCH, and each limit from both
//! sides.

mod contacts;
mod customers;
mod invisible;
mod look_alikes;
mod onboardings;
mod slugs;

use serde_json::{Value, json};

use crate::support::{Client, Server};

/// A value of each JSON type, with several forms where a parser may confuse them.
const TYPES: [(&str, &str); 10] = [
    ("null", "null"),
    ("boolean", "true"),
    ("boolean", "false"),
    ("integer", "7"),
    ("number", "1.5"),
    ("string", "\"7\""),
    ("string", "\"true\""),
    ("array", "[]"),
    ("array", "[\"x\"]"),
    ("object", "{}"),
];

/// A kind of resource to check field rules on.
pub struct Rules {
    pub client: Client,
    /// The path of the collection in which resources are created.
    pub create: &'static str,
    /// A body that creates a resource, without any value that must be unique.
    pub smallest: Value,
    /// An existing resource that receives the patches.
    pub existing: &'static str,
}

impl Rules {
    pub fn for_customers(server: &Server) -> Self {
        let client = server.client();
        client.customer("Existing");
        let smallest = json!({"name": "New"});
        Self { client, create: "/customers", smallest, existing: "/customers/1" }
    }

    pub fn for_contacts(server: &Server) -> Self {
        let client = server.client();
        client.customer("Aurora");
        let existing = json!({"name": "Existing", "email": "existing@aurora.example"});
        client.post("/customers/1/contacts", existing).expect(201);
        let smallest = json!({"name": "New", "email": "new@aurora.example"});
        Self { client, create: "/customers/1/contacts", smallest, existing: "/contacts/1" }
    }

    pub fn for_onboardings(server: &Server) -> Self {
        let client = server.client();
        client.customer("Aurora");
        let smallest = json!({"customer_id": 1});
        client.post("/onboardings", smallest.clone()).expect(201);
        Self { client, create: "/onboardings", smallest, existing: "/onboardings/1" }
    }

    /// Checks that the field accepts a value and returns it as `shown`, and that no other field
    /// changes.
    #[track_caller]
    pub fn accepts_as(&self, property: &str, sent: Value, shown: Value) {
        let mut body = self.smallest.clone();
        body[property] = sent.clone();
        let reply = self.client.post(self.create, body);
        let created = reply.expect(201);
        assert_eq!(created[property], shown, "{property} on POST");
        let path = reply.header("location").unwrap();
        assert_eq!(self.client.get(path).expect(200), created);
        // Frees the value for the patch if it must be unique.
        self.client.delete(path).expect(200);

        let before = self.client.get(self.existing).expect(200);
        let patched = self.client.patch(self.existing, json!({property: sent})).expect(200);
        assert_eq!(patched[property], shown, "{property} on PATCH");
        assert_eq!(self.client.get(self.existing).expect(200), patched);
        assert_changed(&before, &patched, &[property]);
    }

    /// Checks that the field accepts a value and returns it unchanged.
    #[track_caller]
    pub fn accepts(&self, property: &str, value: Value) {
        self.accepts_as(property, value.clone(), value);
    }

    /// Checks that the field refuses a value.
    #[track_caller]
    pub fn refuses(&self, property: &str, sent: Value, code: &str) {
        self.refuses_at(property, sent, code, property);
    }

    /// Checks that the field refuses a value because of the part that `field` names.
    #[track_caller]
    pub fn refuses_at(&self, property: &str, sent: Value, code: &str, field: &str) {
        let mut body = self.smallest.clone();
        body[property] = sent.clone();
        self.client.post(self.create, body).refused(400, code, field);
        let before = self.client.get(self.existing).expect(200);
        self.client.patch(self.existing, json!({property: sent})).refused(400, code, field);
        assert_eq!(self.client.get(self.existing).expect(200), before);
    }

    /// Checks that the field refuses every JSON type except these.
    #[track_caller]
    pub fn accepts_only_types(&self, property: &str, types: &[&str]) {
        for (kind, text) in TYPES {
            if !types.contains(&kind) {
                self.refuses(property, serde_json::from_str(text).unwrap(), "invalid_type");
            }
        }
    }

    /// Checks that null clears the field.
    #[track_caller]
    pub fn can_be_cleared(&self, property: &str, value: Value) {
        self.accepts(property, value);
        self.accepts_as(property, Value::Null, Value::Null);
    }

    /// Checks that the field is text of at most `max` characters in any script.
    #[track_caller]
    pub fn check_text(&self, property: &str, max: usize) {
        for letter in ["x", "é", "😀"] {
            let longest = letter.repeat(max);
            self.accepts(property, json!(longest));
            self.accepts_as(property, json!(format!(" \t{longest}\r\n ")), json!(longest));
            self.refuses(property, json!(letter.repeat(max + 1)), "too_big");
        }
        self.accepts_as(property, json!("  in  the middle\n"), json!("in  the middle"));
        self.refuses(property, json!("a\0b"), "invalid_string");
        self.refuses(property, json!("\0"), "invalid_string");
        self.accepts_only_types(property, &["string", "null"]);
    }

    /// Checks that the field is text that must not be empty.
    #[track_caller]
    pub fn check_required_text(&self, property: &str, max: usize) {
        self.check_text(property, max);
        self.accepts(property, json!("x"));
        self.refuses(property, json!(""), "too_small");
        self.refuses(property, json!(" \u{2003}\n"), "too_small");
        self.refuses(property, json!(null), "invalid_type");
    }

    /// Checks that the field refuses these names.
    #[track_caller]
    pub fn refuses_names(&self, property: &str, wrong: &[&str]) {
        for name in wrong.iter().chain(&[""]) {
            self.refuses(property, json!(name), "invalid_enum_value");
        }
        self.accepts_only_types(property, &["string"]);
    }

    /// Checks that the field is a list of at most 50 strings of 1 to 64 characters.
    #[track_caller]
    pub fn check_labels(&self, property: &str) {
        let many = |n: usize| Value::from_iter((0..n).map(|i| format!("label {i}")));
        let at_1 = format!("{property}.1");
        self.accepts(property, json!(["b", "a"]));
        self.accepts_as(property, json!(["b", " a ", "b", "a", "B"]), json!(["b", "a", "B"]));
        self.accepts(property, json!([]));
        self.accepts(property, many(50));
        self.refuses(property, many(51), "too_big");
        self.accepts_as(property, json!(vec!["same"; 50]), json!(["same"]));
        self.refuses(property, json!(vec!["same"; 51]), "too_big");
        for letter in ["x", "é", "😀"] {
            self.accepts(property, json!([letter.repeat(64)]));
            self.refuses_at(property, json!(["a", letter.repeat(65)]), "too_big", &at_1);
        }
        self.refuses_at(property, json!(["a", ""]), "too_small", &at_1);
        self.refuses_at(property, json!(["a", " \t"]), "too_small", &at_1);
        self.refuses_at(property, json!(["a", "b\0"]), "invalid_string", &at_1);
        for wrong in [json!(1), json!(null), json!(["b"]), json!({}), json!(false)] {
            self.refuses_at(property, json!(["a", wrong]), "invalid_type", &at_1);
        }
        self.accepts_only_types(property, &["array"]);
    }
}

/// Checks that only these fields differ and that `updated_at` increased.
#[track_caller]
pub fn assert_changed(before: &Value, after: &Value, properties: &[&str]) {
    let rest = |of: &Value| {
        let mut rest = of.as_object().unwrap().clone();
        rest.retain(|name, _| name != "updated_at" && !properties.contains(&name.as_str()));
        rest
    };
    assert_eq!(rest(before), rest(after));
    let moved = |of: &Value| of["updated_at"].as_str().unwrap().to_owned();
    assert!(moved(before) < moved(after), "{before} {after}");
}
