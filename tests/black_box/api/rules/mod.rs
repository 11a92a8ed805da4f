//! What the rules of properties have in common: each is checked on POST and on PATCH, and each
//! limit from both sides.

mod contacts;
mod customers;
mod invisible;
mod look_alikes;
mod onboardings;
mod slugs;

use serde_json::{Value, json};

use crate::support::Client;

/// A kind of resource whose rules are checked.
pub struct Rules {
    pub client: Client,
    /// Where one is created.
    pub create: String,
    /// A body that creates one, with nothing in it that another live one may have.
    pub smallest: Value,
    /// One that exists already and takes the patches.
    pub existing: String,
}

impl Rules {
    /// The property takes a value and shows it like this, and nothing else changes with it.
    #[track_caller]
    pub fn keep(&self, property: &str, sent: Value, shown: Value) {
        let mut body = self.smallest.clone();
        body[property] = sent.clone();
        let reply = self.client.post(&self.create, body);
        let created = reply.expect(201);
        assert_eq!(created[property], shown, "{property} on POST");
        let path = reply.header("location").unwrap();
        assert_eq!(self.client.get(path).expect(200), created);
        // What has to be unique is free again for the patch.
        self.client.delete(path).expect(200);

        let before = self.client.get(&self.existing).expect(200);
        let patched = self.client.patch(&self.existing, json!({property: sent})).expect(200);
        assert_eq!(patched[property], shown, "{property} on PATCH");
        assert_eq!(self.client.get(&self.existing).expect(200), patched);
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
        self.client.post(&self.create, body).refused(400, code, field);
        let before = self.client.get(&self.existing).expect(200);
        self.client.patch(&self.existing, json!({property: sent})).refused(400, code, field);
        assert_eq!(self.client.get(&self.existing).expect(200), before);
    }

    /// The property is not of any of these types.
    #[track_caller]
    pub fn refuse_types(&self, property: &str, wrong: &[Value]) {
        for value in wrong {
            self.refuse(property, value.clone(), "invalid_type");
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
        self.refuse_types(property, &[json!(true), json!(7), json!([]), json!({}), json!(["x"])]);
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
        self.refuse_types(property, &[json!("a,b"), json!(null), json!({"0": "a"}), json!(1)]);
    }

    /// Properties that are not the client's to set are ignored, and a patch needs at least one
    /// that is.
    pub fn ignore(&self, body: Value, but: (&str, Value)) {
        let (property, value) = but;
        let mut new = self.smallest.clone();
        new.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        let reply = self.client.post(&self.create, new);
        let created = reply.expect(201);
        for (name, sent) in body.as_object().unwrap() {
            assert_ne!(created.get(name), Some(sent), "{name} on POST");
        }
        self.client.delete(reply.header("location").unwrap()).expect(200);

        let before = self.client.get(&self.existing).expect(200);
        for empty in [json!({}), body.clone()] {
            self.client.patch(&self.existing, empty).refused(400, "empty_patch", None);
        }
        assert_eq!(self.client.get(&self.existing).expect(200), before);
        let mut patch = body;
        patch[property] = value.clone();
        let patched = self.client.patch(&self.existing, patch).expect(200);
        assert_eq!(patched[property], value);
        assert_changed(&before, &patched, &[property]);
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

/// The codes and fields of an error, all of them when there are several.
pub fn all_errors(error: &Value) -> Vec<(&str, &str)> {
    let one = std::slice::from_ref(error);
    let all = error["errors"].as_array().map_or(one, Vec::as_slice);
    all.iter().map(|e| (e["code"].as_str().unwrap(), e["field"].as_str().unwrap())).collect()
}
