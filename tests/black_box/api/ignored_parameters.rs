//! Query parameters that an endpoint does not know: they have no effect, and the response names
//! them.

use serde_json::json;

use crate::support::contract::operations;
use crate::support::{Response, Server};

fn ignored_parameters(reply: &Response) -> Option<&str> {
    reply.header("x-ignored-parameters")
}

#[test]
fn an_unknown_filter_is_named_in_the_response() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    client.customer("Borealis");
    let list = client.get("/customers?name=Aurora&limit=1&Status=active");
    assert_eq!(list.expect(200)["data"].as_array().unwrap().len(), 1);
    assert_eq!(ignored_parameters(&list), Some("name, Status"));
    // A parameter that one endpoint knows may be unknown to another.
    assert_eq!(ignored_parameters(&client.get("/customers?state=active")), Some("state"));
    assert_eq!(
        ignored_parameters(&client.get("/onboardings?state=active&status=active")),
        Some("status")
    );
    assert_eq!(
        ignored_parameters(&client.get("/customers/1/activity?type=customer.created")),
        None
    );
    assert_eq!(ignored_parameters(&client.get("/customers?")), None);
}

#[test]
fn every_endpoint_names_the_parameters_it_ignores_and_only_those() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    for operation in operations() {
        let path = operation.path.replace("{id}", "1").replace("{customerId}", "1");
        let known: Vec<&str> = [
            "limit",
            "cursor",
            "status",
            "slug",
            "domain",
            "hubspot_company_id",
            "stripe_customer_id",
            "q",
            "customer_id",
            "state",
            "phase",
            "type",
        ]
        .into_iter()
        .filter(|name| {
            let parameters = operation.definition["parameters"].as_array();
            parameters
                .into_iter()
                .flatten()
                .any(|parameter| crate::support::contract::resolve(parameter)["name"] == *name)
        })
        .collect();
        let query: String = known.iter().map(|name| format!("{name}=&")).collect();
        let reply = client.send(&operation.method, &format!("{path}?{query}x[y]=1"), &[], None);
        assert_eq!(ignored_parameters(&reply), Some("x%5By%5D"), "{} {reply:?}", operation.id);
        let reply = client.send(&operation.method, &format!("{path}?{query}"), &[], None);
        assert_eq!(ignored_parameters(&reply), None, "{} {reply:?}", operation.id);
    }
}

#[test]
fn errors_replays_and_head_responses_name_ignored_parameters_too() {
    let server = Server::start();
    let client = server.client();
    let retry = [("Idempotency-Key", "k")];
    let body = json!({"name": "Aurora"}).to_string();
    for replayed in [None, Some("true")] {
        let reply = client.send("POST", "/customers?dry_run=1", &retry, Some(body.as_bytes()));
        assert_eq!((reply.status, reply.header("idempotent-replayed")), (201, replayed));
        assert_eq!(ignored_parameters(&reply), Some("dry_run"));
    }
    for (reply, status) in [
        (client.get("/customers?limit=0&name=x"), 400),
        (client.get("/customers/9?name=x"), 404),
        (client.post("/customers?name=x", json!({})), 400),
        (client.patch("/customers/1?name=x", json!({})), 400),
        (server.anonymous().get("/me?name=x"), 401),
        (client.send("HEAD", "/customers?name=x", &[], None), 200),
        (client.delete("/customers/1?name=x"), 200),
    ] {
        assert_eq!((reply.status, ignored_parameters(&reply)), (status, Some("name")), "{reply:?}");
    }
}

#[test]
fn ignored_parameters_are_deduplicated_truncated_and_named_without_values() {
    let server = Server::start();
    let client = server.client();
    let key = &server.live;
    let reply = client.get(&format!("/me?api_key={key}&{key}=1"));
    let said = ignored_parameters(&reply).unwrap();
    assert!(said.starts_with("api_key, pivotal_") && said.ends_with("%5Bredacted%5D"), "{said}");
    assert!(!format!("{:?}", reply.headers).contains(key.as_str()));
    let many: String = (0..100).map(|n| format!("{n:02}{}=secret&", "x".repeat(100))).collect();
    let reply = client.get(&format!("/me?{many}"));
    let names: Vec<&str> = ignored_parameters(&reply).unwrap().split(", ").collect();
    assert_eq!(names.len(), 10);
    assert!(names.iter().all(|name| name.len() == 64 && !name.contains("secret")));
    let reply = client.get("/me?%0D%0AX-Evil:%20yes=1&%00=1&k%C3%B6ln,=1&%FF=1");
    let said = ignored_parameters(&reply).unwrap();
    assert_eq!(said, "%0D%0AX-Evil%3A%20yes, %00, k%C3%B6ln%2C, %EF%BF%BD");
    assert_eq!(reply.header("x-evil"), None);
}
