//! The delivery log doesn't grow without bound.

use super::receiver::Receiver;
use super::{create, deliveries, settled, start, wait_until};

#[test]
fn old_deliveries_leave_the_log_and_new_ones_stay() {
    let server = start(&[("RETENTION", "1m"), ("SCHEDULE", "0s")]);
    let receiver = Receiver::start();
    let endpoint = create(&server, &receiver.url(), &[]);
    for n in 0..3 {
        server.client().customer(&format!("Customer {n}"));
    }
    settled(&server, &endpoint, 4);
    let sql = "UPDATE webhook_deliveries SET created_at = created_at - 61000000 WHERE no <= 3";
    assert_eq!(server.sql().execute(sql, []).unwrap(), 3);
    wait_until("the old ones are removed", || deliveries(&server, &endpoint).len() == 1);
    let count = |sql: &str| server.sql().value::<i64>(sql, []);
    assert_eq!(count("SELECT count(*) FROM webhook_attempts"), 1);
    assert_eq!(count("SELECT count(*) FROM events WHERE type = 'customer.created'"), 3);
}

#[test]
fn a_retention_shorter_than_the_schedule_is_refused() {
    let dir = super::new_dir();
    let output = crate::support::command(dir.path())
        .env("PIVOTAL_WEBHOOKS_RETENTION", "23h")
        .args(["serve", "--listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("`webhooks.retention`") && text.contains("`webhooks.schedule`"),
        "{text}"
    );
}
