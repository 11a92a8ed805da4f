//! What the rules of properties have in common: each is checked on POST and on PATCH, and each
//! limit from both sides.

mod contacts;
mod customers;
mod invisible;
mod look_alikes;
mod onboardings;
mod slugs;

use serde_json::{Value, json};

use crate::support::{Client, Server};

/// A value of each type of JSON, in more than one form where a parser may mix them up.
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

/// A kind of resource whose rules are checked.
pub struct Rules {
    pub client: Client,
    /// Where one is created.
    pub create: &'static str,
    /// A body that creates one, with nothing in it that another live one may have.
    pub smallest: Value,
    /// One that exists already and takes the patches.
    pub existing: &'static str,
}

impl Rules {
    pub fn of_customers(server: &Server) -> Self {
        let client = server.client();
        client.customer("Existing");
        let smallest = json!({"name": "New"});
        Self { client, create: "/customers", smallest, existing: "/customers/1" }
    }

    pub fn of_contacts(server: &Server) -> Self {
        let client = server.client();
        client.customer("Aurora");
        let existing = json!({"name": "Existing", "email": "existing@aurora.example"});
        client.post("/customers/1/contacts", existing).expect(201);
        let smallest = json!({"name": "New", "email": "new@aurora.example"});
        Self { client, create: "/customers/1/contacts", smallest, existing: "/contacts/1" }
    }

    pub fn of_onboardings(server: &Server) -> Self {
        let client = server.client();
        client.customer("Aurora");
        let smallest = json!({"customer_id": 1});
        client.post("/onboardings", smallest.clone()).expect(201);
        Self { client, create: "/onboardings", smallest, existing: "/onboardings/1" }
    }

    /// The property takes a value and shows it like this, and nothing else changes with it.
    #[track_caller]
    pub fn keep(&self, property: &str, sent: Value, shown: Value) {
        let mut body = self.smallest.clone();
        body[property] = sent.clone();
        let reply = self.client.post(self.create, body);
        let created = reply.expect(201);
        assert_eq!(created[property], shown, "{property} on POST");
        let path = reply.header("location").unwrap();
        assert_eq!(self.client.get(path).expect(200), created);
        // What has to be unique is free again for the patch.
        self.client.delete(path).expect(200);

        let before = self.client.get(self.existing).expect(200);
        let patched = self.client.patch(self.existing, json!({property: sent})).expect(200);
        assert_eq!(patched[property], shown, "{property} on PATCH");
        assert_eq!(self.client.get(self.existing).expect(200), patched);
        assert_changed(&before, &patched, &[property]);
    }

    /// The property takes a value as it is.
    #[track_caller]
    pub fn keep_as_is(&self, property: &str, value: Value) {
        self.keep(property, value.clone(), value);
    }

    /// The property refuses a value.
    #[track_caller]
    pub fn refuse(&self, property: &str, sent: Value, code: &str) {
        self.refuse_at(property, sent, code, property);
    }

    /// The property refuses a value because of the part that `field` names.
    #[track_caller]
    pub fn refuse_at(&self, property: &str, sent: Value, code: &str, field: &str) {
        let mut body = self.smallest.clone();
        body[property] = sent.clone();
        self.client.post(self.create, body).refused(400, code, field);
        let before = self.client.get(self.existing).expect(200);
        self.client.patch(self.existing, json!({property: sent})).refused(400, code, field);
        assert_eq!(self.client.get(self.existing).expect(200), before);
    }

    /// The property is of these types of JSON Schema and of no other.
    #[track_caller]
    pub fn refuse_all_but(&self, property: &str, types: &[&str]) {
        for (kind, text) in TYPES {
            if !types.contains(&kind) {
                self.refuse(property, serde_json::from_str(text).unwrap(), "invalid_type");
            }
        }
    }

    /// The property is cleared by null.
    #[track_caller]
    pub fn clear(&self, property: &str, value: Value) {
        self.keep_as_is(property, value);
        self.keep(property, Value::Null, Value::Null);
    }

    /// The property is text of at most so many characters, in whatever script.
    #[track_caller]
    pub fn hold_text(&self, property: &str, max: usize) {
        for letter in ["x", "é", "😀"] {
            let longest = letter.repeat(max);
            self.keep_as_is(property, json!(longest));
            self.keep(property, json!(format!(" \t{longest}\r\n ")), json!(longest));
            self.refuse(property, json!(letter.repeat(max + 1)), "too_big");
        }
        self.keep(property, json!("  in  the middle\n"), json!("in  the middle"));
        self.refuse(property, json!("a\0b"), "invalid_string");
        self.refuse(property, json!("\0"), "invalid_string");
        self.refuse_all_but(property, &["string", "null"]);
    }

    /// The property is text that may not be empty.
    #[track_caller]
    pub fn hold_name(&self, property: &str, max: usize) {
        self.hold_text(property, max);
        self.keep_as_is(property, json!("x"));
        self.refuse(property, json!(""), "too_small");
        self.refuse(property, json!(" \u{2003}\n"), "too_small");
        self.refuse(property, json!(null), "invalid_type");
    }

    /// The property is one of a few names, of which these are none.
    #[track_caller]
    pub fn refuse_names(&self, property: &str, wrong: &[&str]) {
        for name in wrong.iter().chain(&[""]) {
            self.refuse(property, json!(name), "invalid_enum_value");
        }
        self.refuse_all_but(property, &["string"]);
    }

    /// The property is a list of at most 50 texts of 1 to 64 characters.
    #[track_caller]
    pub fn hold_labels(&self, property: &str) {
        let many = |n: usize| Value::from_iter((0..n).map(|i| format!("label {i}")));
        let at_1 = format!("{property}.1");
        self.keep_as_is(property, json!(["b", "a"]));
        self.keep(property, json!(["b", " a ", "b", "a", "B"]), json!(["b", "a", "B"]));
        self.keep_as_is(property, json!([]));
        self.keep_as_is(property, many(50));
        self.refuse(property, many(51), "too_big");
        self.keep(property, json!(vec!["same"; 50]), json!(["same"]));
        self.refuse(property, json!(vec!["same"; 51]), "too_big");
        for letter in ["x", "é", "😀"] {
            self.keep_as_is(property, json!([letter.repeat(64)]));
            self.refuse_at(property, json!(["a", letter.repeat(65)]), "too_big", &at_1);
        }
        self.refuse_at(property, json!(["a", ""]), "too_small", &at_1);
        self.refuse_at(property, json!(["a", " \t"]), "too_small", &at_1);
        self.refuse_at(property, json!(["a", "b\0"]), "invalid_string", &at_1);
        for wrong in [json!(1), json!(null), json!(["b"]), json!({}), json!(false)] {
            self.refuse_at(property, json!(["a", wrong]), "invalid_type", &at_1);
        }
        self.refuse_all_but(property, &["array"]);
    }
}

/// Only these properties may differ, and the time of the change moved on.
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
