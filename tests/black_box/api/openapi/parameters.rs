//! Query parameters: unusual values are accepted or refused as the document says.

use serde_json::json;

use crate::support::Server;
use crate::support::contract::{operations, resolve};

#[test]
fn unusual_query_values_are_accepted_or_refused_as_the_document_says() {
    let server = Server::start();
    let client = server.client();
    client.customer("Aurora");
    client.post("/onboardings", json!({"customer_id": 1})).expect(201);
    let odd =
        ["", "%20", "%C2%85", "%00", "a%00b", "%EF%BB%BF", "%F0%9F%98%80", "007", "-1", "%27"];
    let mut tried = 0;
    for operation in operations().iter().filter(|operation| operation.method == "GET") {
        let path = operation.path.replace("{id}", "1").replace("{customerId}", "1");
        let parameters = operation.definition["parameters"].as_array().into_iter().flatten();
        for parameter in parameters.map(resolve).filter(|parameter| parameter["in"] == "query") {
            for value in odd {
                let name = parameter["name"].as_str().unwrap();
                // The client compares with the document which values are refused.
                let reply = client.get(&format!("{path}?{name}={value}"));
                assert!([200, 400].contains(&reply.status), "{name}={value}: {reply:?}");
                tried += 1;
            }
        }
    }
    assert!(tried > 200, "{tried}");
}
