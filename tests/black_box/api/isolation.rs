//! Two workspaces on one server can't see each other's data.

use serde_json::{Value, json};

use crate::support::{Client, Response, Server};

/// Creates a customer with a contact and an onboarding, and returns all three.
fn create_resources(client: &Client) -> [Value; 3] {
    let customer = client.customer("Aurora");
    let id = customer["id"].as_str().unwrap();
    let maya = json!({"name": "Maya", "email": "maya@aurora.example", "is_primary": true});
    let contact = client.post(&format!("/customers/{id}/contacts"), maya).expect(201);
    let onboarding = client.post("/onboardings", json!({"customer_id": id})).expect(201);
    [customer, contact, onboarding]
}

#[test]
fn resources_of_another_workspace_are_not_found_by_either_id() {
    let server = Server::start();
    let (ours, theirs) = (server.client(), server.other_workspace("other"));
    // Display IDs beyond those of the other workspace, which has one resource of each kind.
    create_resources(&ours);
    let [customer, contact, onboarding] = create_resources(&ours);
    let rows = create_resources(&theirs);
    let events = ours.list("/customers/2/activity");
    let of = |of: &Value| of["id"].as_str().unwrap().to_owned();
    for (customer, contact, onboarding) in
        [(of(&customer), of(&contact), of(&onboarding)), ("2".into(), "2".into(), "2".into())]
    {
        let name = json!({"name": "Taken over"});
        let maya = json!({"name": "Omar", "email": "omar@aurora.example", "is_primary": true});
        let requests: [(&str, String, Option<Value>, &str); 14] = [
            ("GET", format!("/customers/{customer}"), None, "customer_not_found"),
            ("PATCH", format!("/customers/{customer}"), Some(name.clone()), "customer_not_found"),
            ("DELETE", format!("/customers/{customer}"), None, "customer_not_found"),
            ("GET", format!("/customers/{customer}/contacts"), None, "customer_not_found"),
            ("POST", format!("/customers/{customer}/contacts"), Some(maya), "customer_not_found"),
            ("GET", format!("/customers/{customer}/onboardings"), None, "customer_not_found"),
            ("GET", format!("/customers/{customer}/activity"), None, "customer_not_found"),
            (
                "POST",
                "/onboardings".to_owned(),
                Some(json!({"customer_id": customer})),
                "customer_not_found",
            ),
            ("GET", format!("/contacts/{contact}"), None, "contact_not_found"),
            ("PATCH", format!("/contacts/{contact}"), Some(name.clone()), "contact_not_found"),
            ("DELETE", format!("/contacts/{contact}"), None, "contact_not_found"),
            ("GET", format!("/onboardings/{onboarding}"), None, "onboarding_not_found"),
            ("PATCH", format!("/onboardings/{onboarding}"), Some(name), "onboarding_not_found"),
            ("DELETE", format!("/onboardings/{onboarding}"), None, "onboarding_not_found"),
        ];
        for (method, path, body, code) in requests {
            let body = body.map(|body| body.to_string());
            let reply = theirs.send(method, &path, &[], body.as_ref().map(String::as_bytes));
            assert_not_found(&reply, code, &format!("{method} {path}"));
        }
        let activity = theirs.get(&format!("/onboardings/{onboarding}/activity"));
        assert_not_found(&activity, "onboarding_not_found", "activity");
        let empty = r#"{"object":"list","data":[],"has_more":false,"next_cursor":null}"#;
        assert_eq!(theirs.get(&format!("/onboardings?customer_id={customer}")).body, empty);
    }
    // Nothing was changed or added in either workspace.
    for (path, row) in
        [("/customers/2", &customer), ("/contacts/2", &contact), ("/onboardings/2", &onboarding)]
    {
        assert_eq!(&ours.get(path).expect(200), row);
    }
    assert_eq!(ours.list("/customers/2/activity"), events);
    assert_eq!(ours.list("/customers/2/contacts"), json!([contact]));
    assert_eq!(theirs.list("/onboardings"), json!([rows[2]]));
}

#[track_caller]
fn assert_not_found(reply: &Response, code: &str, request: &str) {
    assert_eq!(reply.status, 404, "{request}: {}", reply.body);
    let error = &reply.json()["error"];
    assert_eq!((&error["type"], &error["code"]), (&json!("not_found"), &json!(code)), "{request}");
}

#[test]
fn deleted_resources_of_another_workspace_are_not_found() {
    let server = Server::start();
    let (ours, theirs) = (server.client(), server.other_workspace("other"));
    let rows = create_resources(&ours);
    for (row, collection) in rows.iter().zip(["customers", "contacts", "onboardings"]).rev() {
        let path = format!("/{collection}/{}", row["id"].as_str().unwrap());
        ours.delete(&path).expect(200);
        for path in [path, format!("/{collection}/1")] {
            assert_eq!(theirs.delete(&path).status, 404, "{path}");
            ours.delete(&path).expect(200);
            if collection != "contacts" {
                let activity = format!("{path}/activity");
                assert_eq!(theirs.get(&activity).status, 404, "{activity}");
                ours.get(&activity).expect(200);
            }
        }
    }
}

#[test]
fn the_same_display_id_refers_to_a_different_resource_in_each_workspace() {
    let server = Server::start();
    let clients = [server.client(), server.other_workspace("other")];
    let rows = clients.each_ref().map(create_resources);
    for (i, (ours, theirs)) in rows[0].iter().zip(&rows[1]).enumerate() {
        assert_eq!((&ours["display_id"], &theirs["display_id"]), (&json!(1), &json!(1)));
        assert_ne!(ours["id"], theirs["id"]);
        let path = ["/customers/1", "/contacts/1", "/onboardings/1"][i];
        assert_eq!(&clients[0].get(path).expect(200), ours);
        assert_eq!(&clients[1].get(path).expect(200), theirs);
    }
    // Each workspace continues its own display IDs.
    for name in ["B", "C"] {
        clients[0].customer(name);
    }
    assert_eq!(clients[1].customer("B")["display_id"], 2);
    assert_eq!(clients[0].customer("D")["display_id"], 4);
    // Updates and deletes by display ID only affect the caller's workspace.
    clients[1].patch("/onboardings/1", json!({"phase": "launch"})).expect(200);
    clients[1].delete("/contacts/1").expect(200);
    assert_eq!(clients[0].get("/onboardings/1").expect(200), rows[0][2]);
    assert_eq!(clients[0].get("/contacts/1").expect(200), rows[0][1]);
    clients[1].delete("/customers/1").expect(200);
    assert_eq!(clients[0].list("/onboardings"), json!([rows[0][2]]));
    assert_eq!(clients[0].list("/customers/1/contacts"), json!([rows[0][1]]));
}

#[test]
fn lists_contain_only_resources_of_the_workspace() {
    let server = Server::start();
    let clients = [server.client(), server.other_workspace("other")];
    let names = [["Aurora", "Borealis", "Cirrus"], ["Aurora", "Dunes", "Eos"]];
    // Created alternately, so that the rows of both workspaces are interleaved.
    for i in 0..3 {
        for (client, names) in clients.iter().zip(names) {
            let body = json!({
                "name": names[i], "status": "active", "domain": "same.example",
                "hubspot_company_id": "h1", "stripe_customer_id": "s1",
            });
            client.post("/customers", body).expect(201);
            client
                .post("/onboardings", json!({"customer_id": i + 1, "name": names[i]}))
                .expect(201);
        }
    }
    for (client, names) in clients.iter().zip(names) {
        let expected: Vec<&str> = names.iter().rev().copied().collect();
        for path in [
            "/customers?limit=1",
            "/customers?limit=2",
            "/customers?status=active",
            "/customers?domain=same.example",
            "/customers?hubspot_company_id=h1",
            "/customers?stripe_customer_id=s1",
            "/customers?q=same.ex",
            "/onboardings?limit=1",
            "/onboardings?limit=2",
            "/onboardings?state=active",
            "/onboardings?phase=before_getting_started&state=active",
        ] {
            let items = client.walk(path);
            let found: Vec<&str> =
                items.iter().map(|item| item["name"].as_str().unwrap()).collect();
            assert_eq!(found, expected, "{path}");
        }
        for (path, name) in [
            ("/customers?slug=aurora", "Aurora"),
            ("/customers?q=aurora", "Aurora"),
            ("/onboardings?customer_id=1", "Aurora"),
            ("/customers/2/onboardings", names[1]),
        ] {
            let found = client.list(path);
            assert_eq!((found.as_array().unwrap().len(), &found[0]["name"]), (1, &json!(name)));
        }
    }
    for (path, client) in [("/customers?slug=dunes", 0), ("/customers?slug=borealis", 1)] {
        assert_eq!(clients[client].list(path), json!([]));
    }
}

#[test]
fn slugs_and_emails_are_unique_only_within_a_workspace() {
    let server = Server::start();
    let clients = [server.client(), server.other_workspace("other")];
    for client in &clients {
        let [customer, contact, _] = create_resources(client);
        assert_eq!(customer["slug"], "aurora");
        assert_eq!(contact["email"], "maya@aurora.example");
        let taken = json!({"name": "Other", "slug": "aurora"});
        client.post("/customers", taken).refused(409, "slug_taken", "slug");
    }
    assert_eq!(clients[1].customer("Aurora")["slug"], "aurora-2");
    // Numbered slugs that are taken here are free there.
    assert_eq!(clients[0].customer("Aurora")["slug"], "aurora-2");
    for client in &clients {
        assert_eq!(client.get("/contacts/1").expect(200)["is_primary"], true);
    }
}

#[test]
fn events_name_their_workspace_and_are_only_visible_in_it() {
    let server = Server::start();
    let clients = [server.client(), server.other_workspace("other")];
    let organizations = clients.each_ref().map(|client| {
        create_resources(client);
        client.get("/me").expect(200)["organization"]["id"].clone()
    });
    assert_ne!(organizations[0], organizations[1]);
    for (client, organization) in clients.iter().zip(&organizations) {
        for (path, count) in [("/customers/1/activity", 3), ("/onboardings/1/activity", 1)] {
            let events = client.list(path);
            let events = events.as_array().unwrap();
            assert_eq!(events.len(), count);
            assert!(events.iter().all(|event| event["org_id"] == *organization));
        }
    }
}
