//! API keys that expire, by the clock that tests set.

use serde_json::{Value, json};

use super::{Control, start};
use crate::support::{PASSWORD, Server, Visitor};

fn prefix(key: &str) -> &str {
    &key[.."pivotal_".len() + 8]
}

/// Returns the key with this prefix in the output of `keys list`.
fn listed(server: &Server, prefix: &str) -> Value {
    let list = server.json(&["keys", "list"]);
    list.as_array().unwrap().iter().find(|key| key["prefix"] == prefix).unwrap().clone()
}

fn set_clock(control: &Control, now: &str) {
    control.put("/clock", json!({"now": now, "frozen": true})).expect(200);
}

#[test]
fn a_key_is_refused_from_the_moment_it_expires() {
    let (server, control) = start();
    let key = server.create_key(&["--expires", "2040-01-01"]);
    let client = server.client_with(&key);
    set_clock(&control, "2039-12-31T23:59:59.999Z");
    // Twice, so that the key is cached.
    client.get("/me").expect(200);
    assert!(client.get("/me").expect(200)["api_key"].get("expires_at").is_none());
    control.put("/clock", json!({"advance": "1ms"})).expect(200);
    let error = client.get("/me").refused(401, "api_key_revoked", None);
    let message = "This API key expired at 2040-01-01T00:00:00.000Z. Use another key.";
    assert_eq!(error["message"], message);
    client.get("/customers").refused(401, "api_key_revoked", None);
    server.client().get("/me").expect(200);
    assert_eq!(listed(&server, prefix(&key))["expires_at"], "2040-01-01T00:00:00.000Z");
}

#[test]
fn the_list_shows_what_expires_and_can_leave_out_what_is_not_active() {
    let (server, _) = start();
    let never = server.create_key(&[]);
    let (expiring, expired) =
        (server.create_key(&["--expires", "90d"]), server.create_key(&["--expires", "1day"]));
    let revoked = server.create_key(&[]);
    server.json(&["keys", "revoke", prefix(&revoked)]);
    let sql = "UPDATE api_keys SET created_at = created_at - 172800000000,
                   expires_at = expires_at - 172800000000 WHERE lookup = ?1";
    server.sql().execute(sql, [&prefix(&expired)["pivotal_".len()..]]).unwrap();

    let active = server.json(&["keys", "list", "--active"]);
    let prefixes: Vec<&str> =
        active.as_array().unwrap().iter().map(|key| key["prefix"].as_str().unwrap()).collect();
    assert!(prefixes.contains(&prefix(&never)) && prefixes.contains(&prefix(&expiring)));
    assert!(!prefixes.contains(&prefix(&expired)) && !prefixes.contains(&prefix(&revoked)));
    let text = String::from_utf8(server.run(&["keys", "list"]).stdout).unwrap();
    let state = |key: &str| {
        let line = text.lines().find(|line| line.starts_with(prefix(key))).unwrap();
        let cells: Vec<&str> = line.split("  ").filter(|cell| !cell.is_empty()).collect();
        (cells[5].trim().to_owned(), cells[6].trim()[..2].to_owned())
    };
    let of = |state: &str, expires: &str| (state.to_owned(), expires.to_owned());
    assert_eq!(state(&expired), of("expired", "20"), "{text}");
    assert_eq!(state(&expiring), of("active", "20"), "{text}");
    assert_eq!(state(&never), of("active", "ne"), "{text}");

    let rotated = server.run(&["keys", "rotate", prefix(&expired)]);
    let said = String::from_utf8(rotated.stderr).unwrap();
    assert!(said.contains(" expired at 20") && said.contains("keys create"), "{said}");
    let past = ["keys", "create", "--workspace", "default", "--name", "x", "--expires"];
    for time in ["2020-01-01", "0s", "soon"] {
        let refused = server.run(&[&past[..], &[time]].concat());
        assert_eq!(refused.status.code(), Some(2), "{time}");
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains("must be a time in the future"), "{said}");
    }
}

#[test]
fn a_replacement_is_valid_for_as_long_as_the_old_key_was() {
    let (server, _) = start();
    let key = server.create_key(&["--expires", "90d"]);
    let sql = "UPDATE api_keys SET created_at = created_at - 864000000000,
                   expires_at = expires_at - 864000000000 WHERE lookup = ?1";
    server.sql().execute(sql, [&prefix(&key)["pivotal_".len()..]]).unwrap();
    let replacement = server.json(&["keys", "rotate", prefix(&key)]);
    let (at, old) = (&replacement["expires_at"], &listed(&server, prefix(&key))["expires_at"]);
    assert!(at.as_str() > old.as_str(), "{at} {old}");
    server.json(&["keys", "revoke", replacement["prefix"].as_str().unwrap()]);
    let chosen = server.json(&["keys", "rotate", prefix(&key), "--expires", "2040-01-01"]);
    assert_eq!(chosen["expires_at"], "2040-01-01T00:00:00.000Z");
}

#[test]
fn the_admin_pages_create_and_show_keys_that_expire() {
    let (server, control) = start();
    let visitor: Visitor = server.signed_in();
    let create = |name: &str, expires: &str| {
        let once = visitor.get("/admin/api-keys/new").field("once");
        let fields = [
            ("once", once.as_str()),
            ("workspace", "default"),
            ("name", name),
            ("mode", "live"),
            ("tier", "standard"),
            ("scopes", "read:customers"),
            ("expires_at", expires),
        ];
        visitor.post("/admin/api-keys", &fields)
    };
    // What a browser sends for a field that was left empty.
    create("CRM sync", "").expect(200).hides("Expires");
    create("Night sync", "2020-01-01T00:00").expect(400).shows("Must be in the future.");
    let page = create("Night sync", "2040-01-01T00:00");
    let key = page.expect(200).shows("Expires").attribute("#copyable", "value");
    let id = listed(&server, prefix(&key))["id"].as_str().unwrap().to_owned();
    let row = |visitor: &Visitor| visitor.get("/admin/api-keys").text(&format!("#key-{id}"));
    assert!(row(&visitor).contains("Expires 1 Jan 2040, 00:00 UTC"), "{}", row(&visitor));

    set_clock(&control, "2040-01-01T00:00:00Z");
    // The session has ended.
    assert!(server.set_password(PASSWORD).status.success());
    let visitor = server.visitor();
    visitor.sign_in();
    let expired = row(&visitor);
    assert!(expired.contains("Expired") && !expired.contains("Rotate"), "{expired}");
    visitor.get("/admin/api-keys?state=expired").expect(200).shows("Night sync");
    visitor.get("/admin/api-keys?state=active").expect(200).hides("Night sync");
}
