//! Erasing people: commands, the admin pages, and retention. Each test looks for what identified
//! them in every file of the data directory or every table, while the server runs.

use serde_json::{Value, json};

use crate::support::database::{files_with, is_postgres};
use crate::support::{Client, Receiver, Server, wait_until};
use crate::test_control::{self, Control};

/// Part of everything about the person that is erased, in whatever case.
const SECRET: &str = "zzsecret";

/// Creates customers with contacts that change, so that SQLite splits pages between them.
fn surroundings(client: &Client, from: usize) {
    for n in from..from + 8 {
        let name = format!("Customer {n}");
        let customer = client.post("/customers", json!({"name": name, "tags": [name]})).expect(201);
        for m in 0..3 {
            let body = json!({"name": "Bob", "email": format!("bob.{m}@{n}.example")});
            let path = format!("/customers/{}/contacts", customer["display_id"]);
            let contact = client.post(&path, body).expect(201);
            let title = json!({"title": "t".repeat(40 * m + 10)});
            client.patch(&format!("/contacts/{}", contact["display_id"]), title).expect(200);
        }
    }
}

/// Creates a customer whose every text contains the secret, with contacts, an onboarding, saved
/// responses, and earlier values. Returns its ID and that of its first contact.
fn create_secret(client: &Client) -> (String, String) {
    let send = |path: &str, key: &str, body: Value| {
        let key = format!("ZZSecret-{key}");
        let headers = [("Idempotency-Key", key.as_str())];
        client.send("POST", path, &headers, Some(body.to_string().as_bytes())).expect(201)
    };
    let customer = send(
        "/customers",
        "customer",
        json!({"name": "ZZSecret \"Ltd\"", "domain": "zzsecret.example", "tags": ["ZZsecret"],
            "metadata": {"note": "zzSecret ".repeat(300)}, "hubspot_company_id": "zzsecret-1",
            "stripe_customer_id": "zzsecret-2"}),
    );
    let id = customer["id"].as_str().unwrap().to_owned();
    let contacts = format!("/customers/{id}/contacts");
    let mut ids = Vec::new();
    for (n, address) in ["Ada.ZZSecret@aurora.example", "b@zzsecret.example"].iter().enumerate() {
        let body = json!({"name": "Ada ZZSecret", "email": address, "title": "ZZSecret", "is_primary": n == 0});
        let contact = send(&contacts, &format!("contact-{n}"), body);
        ids.push(contact["id"].as_str().unwrap().to_owned());
    }
    let onboarding = send(
        "/onboardings",
        "onboarding",
        json!({"customer_id": id, "name": "ZZSecret", "notes": "about ZZSecret", "csm_id": "zzsecret"}),
    );
    surroundings(client, 100);
    for (path, body) in [
        (format!("/customers/{id}"), json!({"name": "Aurora ZZSecret", "slug": "zzsecret-7"})),
        (format!("/contacts/{}", ids[0]), json!({"email": "Countess.ZZSecret@aurora.example"})),
        (
            format!("/onboardings/{}", onboarding["id"].as_str().unwrap()),
            json!({"phase": "review"}),
        ),
    ] {
        client.patch(&path, body).expect(200);
    }
    client.delete(&format!("/contacts/{}", ids[1])).expect(200);
    (id, ids[0].clone())
}

fn count(server: &Server, sql: &str) -> i64 {
    server.sql().value(sql, [])
}

#[test]
fn a_purged_customer_is_gone_from_every_file_while_the_server_runs() {
    let server = Server::start();
    let (client, receiver) = (server.client(), Receiver::start());
    // Its deliveries keep waiting.
    receiver.respond_with(500);
    server.json(&["webhooks", "create", "--workspace", "default", "--url", &receiver.url()]);
    surroundings(&client, 0);
    let (id, contact) = create_secret(&client);
    receiver.wait_for("onboarding.created");
    let event = client.list(&format!("/customers/{id}/activity?limit=1"))[0]["id"].clone();
    let event = event.as_str().unwrap();
    assert!(!server.places_with(SECRET).is_empty());

    // Without a terminal, the command can't ask.
    let purge = ["customers", "purge", "--workspace", "default", &id];
    let refused = server.run(&purge);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("pass --yes"));
    client.get(&format!("/customers/{id}")).expect(200);

    // First one of its contacts, then the customer with everything else.
    let purged = server.json(&["contacts", "purge", "--workspace", "default", "--yes", &contact]);
    assert_eq!((&purged["object"], &purged["id"]), (&json!("contact"), &json!(contact)));
    assert_eq!((&purged["saved_responses"], &purged["contacts"]), (&json!(1), &json!(0)));
    if is_postgres() {
        assert!(purged["vacuum"].as_str().unwrap().starts_with("vacuumdb --full"), "{purged}");
    } else {
        assert_eq!(purged["pages_with_email"], 0, "{purged}");
    }
    assert_eq!(server.places_with("countess"), [""; 0]);
    assert_eq!(server.places_with("ada.zzsecret@"), [""; 0]);
    client.get(&format!("/contacts/{contact}")).refused(404, "contact_not_found", None);
    let activity = client.get(&format!("/customers/{id}/activity")).expect(200).to_string();
    assert!(!activity.contains(&contact));

    let purged = server.json(&[&purge[..], &["--yes"]].concat());
    let counts = ["contacts", "onboardings", "saved_responses"].map(|name| purged[name].as_u64());
    assert_eq!(counts, [Some(1), Some(1), Some(3)], "{purged}");
    assert!(purged["deliveries"].as_u64().unwrap() >= 6, "{purged}");
    assert_eq!((&purged["deleted_at"], &purged["other_files"]), (&json!(null), &json!([])));
    assert_eq!(server.places_with(SECRET), [""; 0]);

    for path in ["", "/activity", "/contacts"] {
        client.get(&format!("/customers/{id}{path}")).refused(404, "customer_not_found", None);
    }
    client.get(&format!("/events?after={event}")).refused(400, "invalid_string", "after");
    // The audit log keeps that it was purged. No feed shows it.
    let audit = "SELECT count(*) FROM events WHERE actor_id = 'cli' AND customer_id IS NULL
                     AND type IN ('customer.purged', 'contact.purged')";
    assert_eq!(count(&server, audit), 2);
    assert!(!client.get("/events?limit=100").expect(200).to_string().contains("purged"));
    assert_eq!(count(&server, "SELECT count(*) FROM purges WHERE erased_at IS NULL"), 0);

    // Purging again changes nothing, and the numbers go on.
    let again = server.json(&[&purge[..], &["--yes"]].concat());
    assert!(again["already_purged"].is_string(), "{again}");
    let last = client.list("/customers?limit=1")[0]["display_id"].as_u64().unwrap();
    assert_eq!(client.customer("Next")["display_id"], last + 1);
    let unknown = server.run(&["customers", "purge", "--workspace", "default", "--yes", "9999"]);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("no customer with this number"));

    // An export or a backup from now on has nothing of it, and the database passes every check.
    let elsewhere = tempfile::tempdir().unwrap();
    let file = |name: &str| elsewhere.path().join(name).to_str().unwrap().to_owned();
    server.json(&["export", "--workspace", "default", &file("all.jsonl")]);
    if !is_postgres() {
        server.json(&["backup", &file("later.db")]);
    }
    assert_eq!(files_with(elsewhere.path(), SECRET.as_bytes()), [""; 0]);
    server.expect_sound();
}

#[test]
fn deleted_records_can_be_deleted_permanently_on_their_pages() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    let (id, contact) = create_secret(&client);
    let number = client.get(&format!("/customers/{id}")).expect(200)["display_id"].clone();
    let contact = client.get(&format!("/contacts/{contact}")).expect(200)["display_id"].clone();

    // A live record can't be purged there; a live contact is on the page of its customer.
    visitor.get(&format!("/customers/{number}/purge")).expect(409).says("Delete it first");
    let shown = visitor.get(&format!("/contacts/{contact}"));
    assert!(shown.expect(303).location().starts_with(&format!("/customers/{number}-")));

    client.delete(&format!("/contacts/{contact}")).expect(200);
    let page = visitor.get(&format!("/contacts/{contact}"));
    let purge =
        page.expect(404).shows("This contact was deleted").link("Delete contact permanently");
    visitor.get(&purge).expect(200).says("You can't undo this").hides("Countess");
    let purged = visitor.post(&purge, &[]);
    visitor.follow(purged).expect(200).shows("Contact deleted permanently.");
    wait_until("its data is gone", || server.places_with("countess").is_empty());
    visitor.get(&format!("/contacts/{contact}")).expect(404).says("This contact doesn't exist.");

    client.delete(&format!("/customers/{id}")).expect(200);
    let page = visitor.get(&format!("/customers/{number}"));
    let purge = page.expect(404).link("Delete customer permanently");
    visitor.get(&purge).expect(200).shows("Onboardings: 1").hides(SECRET);
    visitor.follow(visitor.post(&purge, &[])).expect(200).shows("Customer deleted permanently.");
    wait_until("its data is gone", || server.places_with(SECRET).is_empty());
    visitor.get(&format!("/customers/{number}")).expect(404).says("This customer doesn't exist.");
    let log = visitor.get(&format!("/admin/logs?id={id}"));
    log.expect(200).shows("Customer deleted permanently").shows("Admin");
}

#[test]
fn a_deleted_workspace_is_gone_from_every_file() {
    let server = Server::start();
    let other = server.other_workspace("zzsecret-ltd");
    surroundings(&server.client(), 0);
    create_secret(&other);
    let receiver = Receiver::start();
    let url = format!("{}?zzsecret", receiver.url());
    server.json(&["webhooks", "create", "--workspace", "zzsecret-ltd", "--url", &url]);

    let delete = ["workspaces", "delete", "zzsecret-ltd"];
    assert_eq!(server.run(&delete).status.code(), Some(1));
    other.get("/me").expect(200);
    let deleted = server.json(&[&delete[..], &["--yes"]].concat());
    assert_eq!(
        (&deleted["webhooks"], &deleted["onboardings"]),
        (&json!(1), &json!(1)),
        "{deleted}"
    );
    other.get("/me").refused(401, "invalid_api_key", None);
    assert_eq!(server.places_with(SECRET), [""; 0]);
    assert_eq!(server.client().walk("/customers").len(), 8);
    server.expect_sound();

    // The only workspace stays. The slug is free again, the number is not.
    let only = server.run(&["workspaces", "delete", "--yes", "default"]);
    assert!(String::from_utf8_lossy(&only.stderr).contains("is the only workspace"));
    let number = "SELECT max(workspace_no) FROM purges";
    let purged = count(&server, number);
    server.other_workspace("zzsecret-ltd").customer("New");
    assert!(count(&server, "SELECT max(no) FROM workspaces") > purged);
}

#[test]
fn a_snapshot_of_test_control_does_not_bring_back_what_a_command_purged() {
    let (server, control) = test_control::start();
    let client = server.client();
    let (id, contact) = create_secret(&client);
    let snapshot = "/workspaces/default/snapshots/seeded";
    control.put(snapshot, json!({})).expect(201);
    // The server remembers them as they were.
    client.patch(&format!("/customers/{id}"), json!({"name": "Changed"})).expect(200);
    client.delete(&format!("/contacts/{contact}")).expect(200);
    server.json(&["customers", "purge", "--workspace", "default", "--yes", &id]);
    let restored = control.post(&format!("{snapshot}/restore"), json!({}));
    restored.refused(409, "changed_elsewhere", None);
    assert_eq!(server.places_with(SECRET), [""; 0]);
}

#[test]
fn what_is_too_old_is_purged_by_the_server_unless_a_delivery_waits() {
    let settings = [
        ("PIVOTAL_RETENTION_DELETED", "30d"),
        ("PIVOTAL_RETENTION_EVENTS", "90d"),
        ("PIVOTAL_WEBHOOKS_RETENTION", "3650d"),
    ];
    let server = Server::start_with_test_control(&[], &settings);
    let (client, control, receiver) = (server.client(), Control::new(&server), Receiver::start());
    control.freeze("2030-01-01T00:00:00Z");
    surroundings(&client, 0);
    let (id, _) = create_secret(&client);
    client.delete(&format!("/customers/{id}")).expect(200);
    let kept = client.customer("Kept");
    control.advance("29d");
    client.get(&format!("/customers/{id}/activity")).expect(200);
    control.advance("2d");
    // Before the files: these are read one after another, while rows move from one to the other.
    let activity = format!("/customers/{id}/activity");
    wait_until("it is purged", || {
        control.advance("1h");
        client.get(&activity).status == 404
    });
    client.get(&activity).refused(404, "customer_not_found", None);
    wait_until("its data is gone", || {
        control.advance("1h");
        server.places_with(SECRET).is_empty()
    });
    let audit = "SELECT count(*) FROM events WHERE actor_id = 'system' AND type LIKE '%.purged'";
    assert_eq!(count(&server, audit), 1);

    // Events go later, except those that a webhook endpoint hasn't received.
    receiver.respond_with(500);
    server.json(&["webhooks", "create", "--workspace", "default", "--url", &receiver.url()]);
    let hold = "UPDATE webhook_deliveries SET held = 1 WHERE status = 'pending'";
    let waiting = client.customer("Waiting");
    server.sql().execute(hold, []).unwrap();
    control.advance("90d");
    let events = |customer: &Value| {
        client
            .list(&format!("/customers/{}/activity", customer["display_id"]))
            .as_array()
            .unwrap()
            .len()
    };
    wait_until("old events are gone", || {
        control.advance("1h");
        events(&kept) == 0
    });
    assert_eq!(events(&waiting), 1);
    assert_eq!(client.get("/customers/1").expect(200)["name"], "Customer 0");
}
