//! Several servers on one database: what one of them does counts on the others. A file has one server,
//! so these tests do nothing on SQLite.

use std::thread;

use crate::support::database::is_postgres;
use crate::support::{Client, PASSWORD, Response, Server, wait_until};

/// Two servers on one database.
fn start(variables: &[(&str, &str)]) -> Option<(Server, Server)> {
    let one = is_postgres().then(|| Server::start_configured(variables))?;
    let two = one.start_another();
    Some((one, two))
}

fn remaining(response: &Response) -> u32 {
    response.header("x-ratelimit-remaining").unwrap().parse().unwrap()
}

#[test]
fn a_session_is_open_on_all_servers_until_one_of_them_ends_it() {
    let Some((one, two)) = start(&[]) else { return };
    let setup =
        |server: &Server| server.setup.clone().unwrap().split_once('#').unwrap().1.to_owned();
    assert_eq!(setup(&one), setup(&two));
    one.other_workspace("acme");
    let here = one.signed_in();
    let there = here.clone_session_on(two.address());
    there.get("/admin").expect(200);

    // A form of one server is submitted to the other one, which passes its message on.
    here.get("/admin").expect(200);
    let form = here.clone_session_on(two.address());
    form.post("/admin/workspace", &[("workspace", "acme")]).expect(303);
    assert_eq!(here.get("/customers/new").expect(200).field("in"), "acme");
    let [on_one, on_two] = [&one, &two].map(|server| here.clone_session_on(server.address()));
    on_two.post("/customers", &[("name", "Aurora")]).expect(303);
    let again = on_one.post("/customers", &[("name", "Aurora")]);
    again.expect(409).says("This form was already submitted");
    on_two.clone_session_on(one.address()).get("/customers").says("Customer created.");
    let customers: i64 = one.sql().value("SELECT count(*) FROM customers", []);
    assert_eq!(customers, 1);

    let other = two.visitor();
    other.sign_in();
    let elsewhere = other.clone_session_on(one.address());
    elsewhere.get("/admin").expect(200);
    here.post("/admin/account/sessions/end-others", &[]).expect(303);
    other.get("/admin").asks_to_sign_in();
    elsewhere.get("/admin").asks_to_sign_in();

    there.get("/admin").expect(200);
    there.post("/admin/sign-out", &[]).asks_to_sign_in();
    here.get("/admin").asks_to_sign_in();
}

#[test]
fn a_new_password_and_a_revoked_key_count_on_all_servers_at_once() {
    let Some((one, two)) = start(&[]) else { return };
    let here = one.signed_in();
    let there = two.visitor();
    there.sign_in();
    here.get("/admin/account/password").expect(200);
    let new = "a very different password";
    let fields = [("current", PASSWORD), ("password", new), ("again", new)];
    here.post("/admin/account/password", &fields).expect(303);
    there.get("/admin").asks_to_sign_in();
    here.clone_session_on(two.address()).get("/admin").expect(200);

    let key = two.create_key(&[]);
    let clients = [one.client_with(&key), two.client_with(&key)];
    clients.iter().for_each(|client| drop(client.get("/me").expect(200)));
    let newest = "SELECT id FROM api_keys ORDER BY created_at DESC LIMIT 1";
    let id: String = one.sql().value(newest, []);
    here.get("/admin").expect(200);
    here.post(&format!("/admin/api-keys/{id}/revoke"), &[]).expect(303);
    for client in &clients {
        client.get("/me").refused(401, "api_key_revoked", None);
    }
}

#[test]
fn requests_with_the_same_idempotency_key_create_one_resource() {
    let Some((one, two)) = start(&[("PIVOTAL_RATE_LIMITS_ENABLED", "false")]) else { return };
    let post = |client: &Client, key: &str| {
        let header = [("Idempotency-Key", key)];
        client.send("POST", "/customers", &header, Some(br#"{"name":"Aurora"}"#))
    };
    let (first, second) = (one.client(), two.client());
    for no in 0..10 {
        let key = no.to_string();
        let [here, there] = thread::scope(|scope| {
            let here = scope.spawn(|| post(&first, &key));
            let there = post(&second, &key);
            [here.join().unwrap(), there]
        });
        assert_eq!((here.status, there.status), (201, 201));
        assert_eq!(here.body, there.body);
        let replays = [&here, &there].map(|reply| reply.header("idempotent-replayed").is_some());
        assert_eq!(replays.iter().filter(|is_replay| **is_replay).count(), 1);
    }
    assert_eq!(first.walk("/customers").len(), 10);
}

#[test]
fn requests_and_wrong_passwords_on_one_server_count_on_the_other() {
    let limit = [("PIVOTAL_RATE_LIMITS_STANDARD", "10000")];
    let Some((one, two)) = start(&limit) else { return };
    let (first, second) = (one.client(), two.client());
    let mut sent = 0;
    // Until the second one knows of the first, as it doesn't right after it has started.
    wait_until("requests count on the other server", || {
        first.get("/me").expect(200);
        sent += 1;
        remaining(&second.get("/me")) < 10_000 - sent
    });

    one.set_password(PASSWORD);
    let here = one.visitor();
    here.get("/admin/sign-in").expect(200);
    for _ in 0..10 {
        here.post("/admin/sign-in", &[("password", "short")]).expect(403);
    }
    wait_until("wrong passwords count on the other server", || {
        // A correct one does not count.
        let there = two.visitor();
        there.get("/admin/sign-in").expect(200);
        there.post("/admin/sign-in", &[("password", PASSWORD)]).status == 429
    });
}
