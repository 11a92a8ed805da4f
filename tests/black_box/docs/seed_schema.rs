//! `docs/seed.schema.json` is generated from the parsers of seed files.

use crate::support::{Server, Visitor, assert_up_to_date, command};

fn printed(arguments: &[&str]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let output = command(dir.path()).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_seed_schema_in_the_repository_is_up_to_date() {
    assert_up_to_date("docs/seed.schema.json", &printed(&["seed-schema"]), "the_seed_schema");
}

#[test]
fn the_server_serves_the_schema_with_its_own_origin() {
    let server = Server::start();
    let served = Visitor::new(server.address()).get("/docs/seed.schema.json");
    assert_eq!(served.header("content-type"), Some("application/json"));
    let origin = server.origin();
    assert_eq!(served.body, printed(&["seed-schema", "--url", &origin]));
}
