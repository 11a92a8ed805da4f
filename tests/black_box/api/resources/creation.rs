//! Creating and updating: defaults, every field, and concurrent requests for a unique value.

use serde_json::{Value, json};

use super::{id, resources};
use crate::api::rules::assert_changed;
use crate::support::Server;

#[test]
fn a_new_resource_has_the_defaults_and_its_own_url() {
    let server = Server::start();
    for resource in resources(&server) {
        let client = &resource.rules.client;
        let reply = client.post(resource.rules.create, resource.smallest(0));
        let created = reply.expect(201);
        let id = id(&created);
        assert!(id.starts_with('c') && id.len() == 26, "{id}");
        let display_id = created["display_id"].as_i64().unwrap();
        let mut expected = resource.defaults.clone();
        for (name, value) in [
            ("object", json!(resource.kind)),
            ("id", json!(id)),
            ("display_id", json!(display_id)),
            ("created_at", created["created_at"].clone()),
            ("updated_at", created["created_at"].clone()),
        ] {
            expected[name] = value;
        }
        assert_eq!(created, expected);
        let own = format!("/api/v1{}/{id}", resource.collection);
        assert_eq!(reply.header("location"), Some(own.as_str()));
        for named in [id, &display_id.to_string(), &format!("000{display_id}")] {
            assert_eq!(client.get(&resource.path(named)).expect(200), created);
        }
    }
}

#[test]
fn every_field_can_be_set_by_post_and_by_patch_and_cleared_by_null() {
    let server = Server::start();
    for resource in resources(&server) {
        let client = &resource.rules.client;
        let full = resource.full.as_object().unwrap();
        let assert_full = |shown: &Value| {
            for (name, value) in full {
                assert_eq!(&shown[name], value, "{name}");
            }
        };
        let mut body = resource.rules.smallest.clone();
        body.as_object_mut().unwrap().extend(full.clone());
        let created = client.post(resource.rules.create, body).expect(201);
        assert_full(&created);
        let path = resource.path(id(&created));
        assert_eq!(client.get(&path).expect(200), created);
        assert_eq!(client.list(resource.list())[0], created);
        // Frees unique values for the patch.
        client.delete(&path).expect(200);

        let existing = resource.rules.existing;
        let before = client.get(existing).expect(200);
        let after = client.patch(existing, resource.full.clone()).expect(200);
        assert_full(&after);
        assert_changed(&before, &after, &full.keys().map(String::as_str).collect::<Vec<_>>());
        let clear = resource.nullable.iter().map(|name| (*name, Value::Null)).collect();
        let cleared = client.patch(existing, clear).expect(200);
        assert!(resource.nullable.iter().all(|name| cleared[name].is_null()), "{cleared}");
        assert_changed(&after, &cleared, resource.nullable);
        assert_eq!(client.get(existing).expect(200), cleared);
    }
}

#[test]
fn read_only_fields_are_ignored() {
    let server = Server::start();
    for resource in resources(&server) {
        let client = &resource.rules.client;
        let foreign = resource.foreign.as_object().unwrap();
        let mut body = resource.rules.smallest.clone();
        body.as_object_mut().unwrap().extend(foreign.clone());
        let created = client.post(resource.rules.create, body).expect(201);
        for (name, sent) in foreign {
            assert_ne!(created.get(name), Some(sent), "{name} on POST");
        }
        let existing = resource.rules.existing;
        let before = client.get(existing).expect(200);
        for empty in [json!({}), resource.foreign.clone()] {
            client.patch(existing, empty).refused(400, "empty_patch", None);
        }
        assert_eq!(client.get(existing).expect(200), before);
        let mut patch = resource.foreign.clone();
        let own = resource.patch.as_object().unwrap();
        patch.as_object_mut().unwrap().extend(own.clone());
        let after = client.patch(existing, patch).expect(200);
        let (name, value) = own.iter().next().unwrap();
        assert_eq!(&after[name], value);
        assert_changed(&before, &after, &[name]);
    }
}

#[test]
fn of_concurrent_requests_for_a_unique_value_one_succeeds() {
    let server = Server::start();
    server.client().customer("Other");
    for (path, body) in [
        ("/customers", json!({"name": "Aurora", "slug": "aurora"})),
        ("/customers/1/contacts", json!({"name": "Maya", "email": "maya@aurora.example"})),
    ] {
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let take = || server.client().post(path, body.clone()).status;
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(take)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let count = |status| statuses.iter().filter(|s| **s == status).count();
        assert_eq!((count(201), count(409)), (1, 7), "{path}: {statuses:?}");
    }
}
