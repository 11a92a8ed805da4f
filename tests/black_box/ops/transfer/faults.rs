//! Faulty files: all faults are listed, and nothing is imported.

use serde_json::{Value, json};

use super::{contact, counts, customer, export, file, header, id, import_ok, refused};
use crate::support::Server;

#[test]
fn every_fault_is_listed_with_its_line_and_nothing_is_imported() {
    let server = Server::start();
    let with = |mut row: Value, field: &str, value: Value| {
        row[field] = value;
        row
    };
    let mut lines = file(&[
        customer(1),
        with(customer(1), "slug", json!("other")),
        with(customer(2), "slug", json!("customer-1")),
        with(customer(3), "name", json!("")),
        with(customer(4), "colour", json!("red")),
        with(customer(5), "created_at", json!("2999-01-01")),
        with(contact(1, 1), "is_primary", json!(true)),
        with(contact(2, 1), "is_primary", json!(true)),
        with(contact(3, 1), "email", json!("ADA1@a.example")),
        contact(4, 99),
        with(with(contact(1, 1), "display_id", json!(5)), "email", json!("b@a.example")),
    ]);
    lines.extend(["", "{\"object\":", "{\"object\":\"note\"}"].map(str::to_owned));
    let faults = refused(&server, "default", &lines, &[]);
    let expected = [
        format!("line 3: id {} is also in line 2", id('u', 1)),
        "line 3: display_id 1 is also in line 2".to_owned(),
        "line 4: slug customer-1 is already in use, in line 2".to_owned(),
        "line 5: name must not be empty".to_owned(),
        "line 6: colour is not a known field".to_owned(),
        "line 7: updated_at needs a created_at that is not later".to_owned(),
        "line 9: is_primary is true, and the customer has another primary contact, in line 8"
            .to_owned(),
        "line 10: email ada1@a.example is already in use at this customer, in line 8".to_owned(),
        format!(
            "line 11: there is no customer with customer_id {} in the workspace or before this row",
            id('u', 99)
        ),
        format!("line 12: id {} is also in line 8", id('o', 1)),
    ];
    assert_eq!(faults[..expected.len()], expected);
    assert!(faults[10].starts_with("line 14: is not a JSON object"), "{}", faults[10]);
    assert!(faults[11].starts_with("line 15: object must be one of"), "{}", faults[11]);
    assert!(faults[12].starts_with("error: 11 rows are faulty"), "{}", faults[12]);
    assert_eq!(faults.len(), 13);
    assert_eq!(export(&server, "default", &["--events"]).len(), 1 + 2, "the events of two keys");
}

#[test]
fn a_file_that_is_no_complete_export_is_refused_as_a_whole() {
    let server = Server::start();
    let lines = export(&server, "default", &["--events"]);
    let with_header = |pointer: &str, value: Value| {
        let mut header: Value = serde_json::from_str(&lines[0]).unwrap();
        *header.pointer_mut(pointer).unwrap() = value;
        [&[header.to_string()], &lines[1..]].concat()
    };
    let newer = with_header("/version", json!(2));
    let future = with_header("/last/event/created_at", json!("2999-01-01T00:00:00Z"));
    for (lines, message) in [
        (Vec::new(), "stdin is empty"),
        (lines[1..].to_vec(), "stdin, line 1: is not the header of an export"),
        (newer, "the export has version 2 of the format"),
        (lines[..2].to_vec(), "stdin is not complete: it has 1 objects, and its header says 2"),
        (future, "the times in the header are in the future"),
    ] {
        let error = refused(&server, "default", &lines, &[]);
        assert!(error[0].contains(message), "{error:?}");
    }
    let named = |name: &str, text: &str| {
        let path = server.dir().join(name);
        std::fs::write(&path, text).unwrap();
        let output = server.run(&["import", "--workspace", "default", path.to_str().unwrap()]);
        super::stderr(&output)
    };
    assert!(named("x.dat", "").contains("pass --format"));
    assert!(named("x.jsonl", "").contains("x.jsonl is empty"));
    assert!(named("long.jsonl", &"x".repeat(17 << 20)).contains("is longer than 16 MiB"));
}

#[test]
fn a_file_written_by_hand_gets_defaults_and_keeps_its_order() {
    let server = Server::start();
    let mut rows = vec![customer(2), customer(1)];
    rows.extend((3..10).map(customer));
    rows.push(contact(1, 2));
    let done = import_ok(&server, "default", &file(&rows), &[]);
    assert_eq!(counts(&done, "created"), [9, 1, 0, 0]);
    let listed = server.client().walk("/customers");
    let mut numbers: Vec<i64> =
        listed.iter().map(|one| one["display_id"].as_i64().unwrap()).collect();
    numbers.reverse();
    assert_eq!(numbers, [2, 1, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(listed[0]["status"], "onboarding");
    assert_eq!(server.client().customer("Next")["display_id"], 10);
    assert!(header().contains("export"));
}
