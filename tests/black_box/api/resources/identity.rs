//! IDs, lists, and deletion.

use serde_json::json;

use super::{id, resources};
use crate::support::Server;

const EMPTY: &str = r#"{"object":"list","data":[],"has_more":false,"next_cursor":null}"#;

#[test]
fn both_forms_of_the_id_find_a_resource_until_it_is_deleted() {
    let server = Server::start();
    for resource in resources(&server) {
        let client = &resource.rules.client;
        let mut last = 0;
        for by_number in [false, true] {
            let created = resource.create(0);
            let display_id = created["display_id"].as_i64().unwrap();
            assert!(display_id > last, "{display_id} was used before");
            last = display_id;
            let names = [id(&created).to_owned(), display_id.to_string()];
            let path = resource.path(&names[usize::from(by_number)]);
            assert_eq!(client.get(&path).expect(200), created);
            let patched = client.patch(&path, resource.patch.clone()).expect(200);
            let (name, value) = resource.patch.as_object().unwrap().iter().next().unwrap();
            assert_eq!((&patched["id"], &patched[name]), (&created["id"], value));
            for _ in 0..2 {
                assert_eq!(
                    client.delete(&path).expect(200),
                    json!({"object": "deleted", "id": created["id"], "display_id": display_id,
                        "deleted": true})
                );
            }
            for path in names.map(|named| resource.path(&named)) {
                resource.not_found(&client.get(&path));
                resource.not_found(&client.patch(&path, resource.patch.clone()));
            }
        }
        assert_eq!(resource.create(0)["display_id"], last + 1);
    }
}

#[test]
fn unknown_and_malformed_ids_are_not_found() {
    let server = Server::start();
    let all = resources(&server);
    let existing = all.each_ref().map(|one| one.rules.client.get(one.rules.existing).expect(200));
    for (resource, own) in all.iter().zip(&existing) {
        let client = &resource.rules.client;
        let own_id = id(own);
        let mut names: Vec<String> =
            ["aurora", "existing", "0", "99", "-1", "1.0", "%31x", "%00", "%ff", "c", "C03"]
                .map(str::to_owned)
                .into();
        names.push(format!("c{}", "0".repeat(25)));
        names.extend([own_id.to_uppercase(), format!("{own_id}0"), "9".repeat(40)]);
        names.push("x".repeat(10_000));
        names.extend(existing.iter().map(id).filter(|id| *id != own_id).map(str::to_owned));
        for named in names {
            let path = resource.path(&named);
            resource.not_found(&client.get(&path));
            resource.not_found(&client.patch(&path, resource.patch.clone()));
            resource.not_found(&client.delete(&path));
            let below: &[&str] = match resource.kind {
                "customer" => &["contacts", "onboardings", "activity"],
                "onboarding" => &["activity"],
                _ => &[],
            };
            for list in below {
                resource.not_found(&client.get(&format!("{path}/{list}")));
            }
            if resource.kind == "customer" {
                let maya = json!({"name": "Maya", "email": "maya@aurora.example"});
                resource.not_found(&client.post(&format!("{path}/contacts"), maya));
            }
        }
        assert_eq!(&client.get(resource.rules.existing).expect(200), own);
    }
}

#[test]
fn a_list_is_newest_first_and_excludes_deleted_and_foreign_resources() {
    let server = Server::start();
    let client = server.client();
    // Customers are deleted last, because the other resources belong to the first one.
    for resource in resources(&server).iter().rev() {
        let customer = client.get("/customers/1").expect(200);
        let mut lists = vec![resource.list().to_owned()];
        for item in client.walk(&lists[0]) {
            client.delete(&resource.path(id(&item))).expect(200);
        }
        assert_eq!(client.get(&lists[0]).body, EMPTY, "{}", lists[0]);
        let other = (resource.kind != "customer").then(|| {
            lists.push(lists[0].replace("/1/", &format!("/{}/", id(&customer))));
            let list = lists[0].replace("/1/", "/2/");
            assert_eq!(client.get(&list).body, EMPTY);
            let mut body = resource.smallest(0);
            if resource.kind == "onboarding" {
                body["customer_id"] = json!(2);
            }
            let create = resource.rules.create.replace("/1/", "/2/");
            (client.post(&create, body).expect(201), list)
        });
        let all: Vec<_> = (0..5).map(|number| resource.create(number)).collect();
        client.delete(&resource.path(id(&all[2]))).expect(200);
        // A change does not move a resource in the list.
        let path = resource.path(id(&all[1]));
        let second = client.patch(&path, resource.patch.clone()).expect(200);
        let expected = json!({
            "object": "list", "data": [all[4], all[3], second, all[0]], "has_more": false,
            "next_cursor": null,
        });
        for list in lists {
            assert_eq!(client.get(&list).expect(200), expected, "{list}");
        }
        if let Some((other, list)) = other {
            assert_eq!(client.list(&list), json!([other]));
        }
    }
}
