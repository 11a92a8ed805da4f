//! Tests of recording attempts.

use super::*;

#[test]
fn a_failed_attempt_is_retried_when_it_is_due_and_the_last_one_fails_the_delivery() {
    let db = Db::new();
    let endpoint = endpoint(&db);
    let first = event(&db, 1);
    record(&db, finished(&first, 500, Some(60)));
    assert_eq!(state(&db, &first.id), (DeliveryStatus::Pending, 1, 1));
    assert_eq!(due(&db, 59), []);
    assert_eq!(due(&db, 60), [first.delivery]);
    let queues = db.global().webhook_queues(time_at(59), |_| 1).unwrap();
    assert_eq!(queues[0].next_due, Some(time_at(60)));
    let second = outgoing(&db, first.delivery).unwrap();
    assert_eq!((&second.id, &second.body, second.step), (&first.id, &first.body, 1));
    record(&db, finished(&second, 500, None));
    assert_eq!(state(&db, &first.id), (DeliveryStatus::Failed, 2, 2));
    assert_eq!(found(&db, &endpoint.id).0.failures, 1, "deliveries count, not attempts");
    let details = db.global().delivery(&first.id).unwrap().unwrap();
    assert_eq!(details.attempts.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(details.body.map(String::into_bytes), first.body);
}

#[test]
fn failed_deliveries_in_a_row_disable_an_endpoint_and_a_success_starts_over() {
    let db = Db::new();
    let endpoint = endpoint(&db);
    let fail = |seconds| {
        let request = event(&db, seconds);
        db.global_tx(seconds).record_attempts(&[finished(&request, 500, None)], 3).unwrap().disabled
    };
    assert!(fail(1).is_empty() && fail(2).is_empty());
    let delivered = event(&db, 3);
    record(&db, finished(&delivered, 200, None));
    assert_eq!(found(&db, &endpoint.id).0.failures, 0);
    let waiting = event(&db, 4);
    assert!(fail(5).is_empty() && fail(6).is_empty());
    let disabled = fail(7);
    assert_eq!(disabled[0].id, endpoint.id);
    let (after, _) = found(&db, &endpoint.id);
    assert_eq!(after.disabled.map(|disabled| disabled.reason), Some(DisabledReason::Failures));
    assert_eq!(state(&db, &waiting.id).0, DeliveryStatus::Skipped);
    db.customer(8, &json!({ "name": "Late" }));
    let last: String = one(&db, "SELECT status FROM webhook_deliveries ORDER BY no DESC LIMIT 1");
    assert_eq!(last, "skipped");
    let kinds: Vec<String> = db
        .conn()
        .prepare("SELECT type || ' ' || actor_type FROM events WHERE resource = 'webhook_endpoint'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(kinds.last().map(String::as_str), Some("webhook_endpoint.disabled system"));
}

#[test]
fn gone_fails_the_delivery_without_further_attempts_and_disables_the_endpoint() {
    let db = Db::new();
    let endpoint = endpoint(&db);
    let request = event(&db, 1);
    let disabled = record(&db, finished(&request, 410, Some(60)));
    assert_eq!(disabled.len(), 1);
    assert_eq!(state(&db, &request.id), (DeliveryStatus::Failed, 1, 1));
    let (after, _) = found(&db, &endpoint.id);
    assert_eq!(after.disabled.map(|disabled| disabled.reason), Some(DisabledReason::Gone));
}

#[test]
fn a_delivery_skipped_during_an_attempt_stays_skipped_unless_it_succeeds() {
    let db = Db::new();
    let endpoint = endpoint(&db);
    let (failing, succeeding) = (event(&db, 1), event(&db, 2));
    let tx = db.global_tx(3);
    tx.disable_endpoint(Actor::command_line(), &endpoint.id, DisabledReason::Admin).unwrap();
    record(&db, finished(&failing, 500, Some(60)));
    record(&db, finished(&succeeding, 200, Some(60)));
    assert_eq!(state(&db, &failing.id), (DeliveryStatus::Skipped, 1, 1));
    assert_eq!(state(&db, &succeeding.id), (DeliveryStatus::Delivered, 1, 1));
    assert_eq!(found(&db, &endpoint.id).0.failures, 0);
}

#[test]
fn a_replay_during_the_last_attempt_keeps_all_of_its_attempts() {
    let db = Db::new();
    let endpoint = endpoint(&db);
    let request = event(&db, 1);
    record(&db, finished(&request, 500, Some(2)));
    let last = outgoing(&db, request.delivery).unwrap();
    let tx = db.global_tx(3);
    tx.disable_endpoint(Actor::command_line(), &endpoint.id, DisabledReason::Admin).unwrap();
    tx.enable_endpoint(Actor::command_line(), &endpoint.id).unwrap();
    assert!(tx.replay_delivery(&request.id).unwrap());
    record(&db, finished(&last, 500, None));
    assert_eq!(state(&db, &request.id), (DeliveryStatus::Pending, 0, 2));
    assert!(due(&db, 3).contains(&request.delivery));
    assert_eq!(found(&db, &endpoint.id).0.failures, 0);
}

#[test]
fn a_result_is_not_recorded_for_a_new_delivery_that_reuses_the_row() {
    let db = Db::new();
    endpoint(&db);
    let removed = event(&db, 1);
    db.conn().execute("DELETE FROM webhook_deliveries", []).unwrap();
    let new = event(&db, 2);
    assert_eq!(new.delivery, removed.delivery, "row numbers are reused");
    record(&db, finished(&removed, 200, None));
    assert_eq!(state(&db, &new.id), (DeliveryStatus::Pending, 0, 0));
}

#[test]
fn a_delivery_without_its_event_has_no_body() {
    let db = Db::new();
    endpoint(&db);
    let request = event(&db, 1);
    assert!(request.body.is_some());
    db.conn().execute_batch("DROP TRIGGER events_are_not_deleted; DELETE FROM events;").unwrap();
    let left = outgoing(&db, request.delivery).unwrap();
    assert!(left.body.is_none(), "it is still there, for its failure to be recorded");
}

#[test]
fn an_attempt_is_recorded_once_even_if_its_result_is_stored_twice() {
    let db = Db::new();
    endpoint(&db);
    let request = event(&db, 1);
    // The database did not confirm the first time.
    let attempt = finished(&request, 500, Some(60));
    record(&db, attempt.clone());
    record(&db, attempt);
    assert_eq!(state(&db, &request.id), (DeliveryStatus::Pending, 1, 1));
    assert_eq!(due(&db, 60), [request.delivery]);
}
