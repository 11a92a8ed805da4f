//! Tests of replays, cleanup, backups, clock changes, and secrets.

use super::*;

#[test]
fn a_replay_leaves_pending_ones_alone_and_needs_an_enabled_endpoint() {
    let db = Db::new();
    let endpoint = endpoint(&db);
    let request = event(&db, 1);
    record(&db, finished(&request, 500, Some(60)));
    assert!(db.global_tx(2).replay_delivery(&request.id).unwrap());
    assert_eq!(due(&db, 59), [], "it keeps its next attempt");
    let last = outgoing(&db, request.delivery).unwrap();
    record(&db, finished(&last, 200, None));
    assert!(db.global_tx(2).replay_delivery(&request.id).unwrap());
    assert_eq!(state(&db, &request.id), (DeliveryStatus::Pending, 0, 2));
    assert_eq!(due(&db, 2), [request.delivery]);
    assert!(!db.global_tx(2).replay_delivery(&DeliveryId::generate()).unwrap());
    let tx = db.global_tx(3);
    tx.disable_endpoint(Actor::command_line(), &endpoint.id, DisabledReason::Admin).unwrap();
    let refused = [
        tx.replay_delivery(&request.id).map(drop),
        tx.replay_endpoint(&endpoint.id, ReplayScope::All, time_at(0), None).map(drop),
        tx.ping_endpoint(&endpoint.id).map(drop),
    ];
    assert!(refused.iter().all(|one| matches!(one, Err(StoreError::EndpointDisabled))));
    tx.delete_endpoint(Actor::command_line(), &endpoint.id).unwrap();
    assert!(!tx.replay_delivery(&request.id).unwrap());
}

#[test]
fn the_backlog_is_what_waits_and_as_old_as_its_oldest_delivery() {
    let db = Db::new();
    endpoint(&db);
    let backlog = || {
        let backlog = db.global().webhook_backlog().unwrap();
        (backlog.deliveries, backlog.oldest)
    };
    assert_eq!(backlog(), (0, None));
    let (first, second) = (event(&db, 10), event(&db, 20));
    record(&db, finished(&first, 500, Some(3600)));
    assert_eq!(backlog(), (2, Some(time_at(10))), "a retry is as old as its event");
    record(&db, finished(&outgoing(&db, first.delivery).unwrap(), 200, None));
    assert_eq!(backlog(), (1, Some(time_at(20))));
    record(&db, finished(&second, 500, None));
    assert_eq!(backlog(), (0, None), "a failed delivery no longer waits");
    fill(&db, 10_001, &["pending"]);
    assert_eq!(backlog().0, 10_000, "a larger backlog isn't counted to its end");
}

/// Replays in batches, and returns how many were queued and how many batches it took.
fn replay_all(db: &Db, id: &EndpointId, scope: ReplayScope, since: i64) -> (usize, usize) {
    let (mut queued, mut batches, mut position) = (0, 0, None);
    loop {
        let tx = db.global_tx(9999);
        let (count, next) = tx.replay_endpoint(id, scope, time_at(since), position).unwrap();
        (queued, batches, position) = (queued + count, batches + 1, next);
        if position.is_none() {
            return (queued, batches);
        }
    }
}

#[test]
fn a_bulk_replay_takes_its_scope_since_its_time_in_batches() {
    let statuses = ["failed", "skipped", "delivered", "pending"];
    for (scope, since, queued, batches) in [
        (ReplayScope::Failed, 0, 1000, 3),
        (ReplayScope::FailedAndSkipped, 0, 2000, 3),
        (ReplayScope::All, 0, 3000, 5),
        (ReplayScope::All, 2000, 1500, 3),
        (ReplayScope::Failed, 3999, 0, 1),
    ] {
        let db = Db::new();
        let endpoint = endpoint(&db);
        fill(&db, 4000, &statuses);
        assert_eq!(replay_all(&db, &endpoint.id, scope, since), (queued, batches), "{scope:?}");
        let pending: i64 =
            one(&db, "SELECT count(*) FROM webhook_deliveries WHERE status = 'pending'");
        assert_eq!(pending, queued as i64 + 1000);
    }
}

#[test]
fn old_deliveries_are_removed_in_batches_with_their_attempts_but_not_pending_ones() {
    let db = Db::new();
    endpoint(&db);
    fill(&db, 1200, &["delivered", "pending", "failed"]);
    db.conn()
        .execute_batch(
            "INSERT INTO webhook_attempts SELECT no, 1, 0, 0, '', 200, NULL, x'' FROM webhook_deliveries",
        )
        .unwrap();
    let mut batches = 0;
    while db.global_tx(9999).clean_up_deliveries(db.caller().workspace.no, time_at(900)).unwrap() {
        batches += 1;
    }
    assert_eq!(batches, 2, "600 of the 900 old ones are not pending");
    let left: i64 = one(&db, "SELECT count(*) FROM webhook_deliveries");
    assert_eq!(left, 600);
    let orphans = "SELECT count(*) FROM webhook_attempts
                   WHERE delivery_no NOT IN (SELECT no FROM webhook_deliveries)";
    assert_eq!(one::<i64>(&db, orphans), 0);
    db.conn()
        .execute("UPDATE webhook_deliveries SET held = 1 WHERE status = 'pending'", [])
        .unwrap();
    while db.global_tx(9999).clean_up_deliveries(db.caller().workspace.no, time_at(900)).unwrap() {}
    assert_eq!(one::<i64>(&db, "SELECT count(*) FROM webhook_deliveries"), 300, "held ones go");
}

#[test]
fn a_deleted_endpoint_is_removed_with_all_of_its_deliveries() {
    let db = Db::new();
    let endpoint = endpoint(&db);
    fill(&db, 700, &["delivered", "pending"]);
    assert!(db.global_tx(1).delete_endpoint(Actor::command_line(), &endpoint.id).unwrap());
    assert_eq!(due(&db, 1), [], "nothing more is sent to it");
    assert!(outgoing(&db, DeliveryNo(2)).is_none());
    db.customer(2, &json!({ "name": "Aurora" }));
    assert_eq!(one::<i64>(&db, "SELECT count(*) FROM webhook_deliveries"), 700);
    while db.global_tx(3).clean_up_deliveries(db.caller().workspace.no, time_at(0)).unwrap() {}
    assert_eq!(one::<i64>(&db, "SELECT count(*) FROM webhook_deliveries"), 0);
    assert_eq!(one::<i64>(&db, "SELECT count(*) FROM webhook_endpoints"), 0);
}

#[test]
fn a_temporary_endpoint_is_removed_unless_it_is_renewed() {
    let db = Db::new();
    let endpoint = endpoint_in(&db, Some(60));
    event(&db, 59);
    assert!(db.global_tx(59).renew_endpoint(&endpoint.id, time_at(120)).unwrap());
    assert_eq!(due(&db, 119).len(), 1);
    assert_eq!(due(&db, 121), []);
    db.customer(121, &json!({ "name": "Late" }));
    assert_eq!(one::<i64>(&db, "SELECT count(*) FROM webhook_deliveries"), 1);
    assert!(db.global_tx(121).clean_up_deliveries(db.caller().workspace.no, time_at(0)).unwrap());
    assert!(!db.global_tx(121).renew_endpoint(&endpoint.id, time_at(180)).unwrap());
    while db.global_tx(121).clean_up_deliveries(db.caller().workspace.no, time_at(0)).unwrap() {}
    assert_eq!(one::<i64>(&db, "SELECT count(*) FROM webhook_endpoints"), 0);
}

#[test]
fn a_large_backlog_is_skipped_in_the_background_and_the_ping_of_enabling_goes_first() {
    let db = Db::new();
    let endpoint = endpoint(&db);
    fill(&db, 2500, &["pending"]);
    let pending =
        || one::<i64>(&db, "SELECT count(*) FROM webhook_deliveries WHERE status = 'pending'");
    let tx = db.global_tx(3);
    tx.disable_endpoint(Actor::command_line(), &endpoint.id, DisabledReason::Admin).unwrap();
    assert_eq!(pending(), 1500);
    assert_eq!(due(&db, 3), [], "none of the others is sent");
    assert!(tx.clean_up_deliveries(db.caller().workspace.no, time_at(0)).unwrap());
    assert_eq!(pending(), 500);
    tx.enable_endpoint(Actor::command_line(), &endpoint.id).unwrap();
    let first = outgoing(&db, due(&db, 3)[0]).unwrap();
    let kind: String = one(
        &db,
        &format!("SELECT type FROM webhook_deliveries WHERE id = '{}'", first.id.as_str()),
    );
    assert_eq!(kind, "webhook.ping");
    let details = db.global().delivery(&first.id).unwrap().unwrap();
    assert_eq!(details.delivery.next_attempt_at, Some(time_at(3)));
}

#[test]
fn deliveries_from_a_backup_stay_on_hold_until_they_are_released() {
    let db = Db::new();
    let endpoint = endpoint(&db);
    let (held, delivered) = (event(&db, 1), event(&db, 2));
    record(&db, finished(&delivered, 200, None));
    hold::hold_pending(db.conn()).unwrap();
    assert_eq!(db.global().held_deliveries(10).unwrap(), 1);
    assert_eq!(due(&db, 3), []);
    assert!(outgoing(&db, held.delivery).is_none());
    let new = event(&db, 3);
    assert_eq!(due(&db, 3), [new.delivery], "new events are sent");
    assert_eq!(db.global_tx(4).resume_deliveries().unwrap(), 1);
    assert_eq!(due(&db, 4), [held.delivery, new.delivery]);
    hold::hold_pending(db.conn()).unwrap();
    let tx = db.global_tx(5);
    assert!(tx.replay_delivery(&held.id).unwrap());
    assert_eq!(due(&db, 5), [held.delivery], "a replay lets a single one go");
    tx.delete_endpoint(Actor::command_line(), &endpoint.id).unwrap();
    assert_eq!(db.global().held_deliveries(10).unwrap(), 0);
    assert_eq!(tx.resume_deliveries().unwrap(), 0);
}

#[test]
fn deliveries_scheduled_too_far_ahead_become_due_now() {
    let db = Db::new();
    endpoint(&db);
    let longest = [0, 10, 600].map(|seconds| seconds * 1_000_000);
    // The step, when it is due, and whether the clock must have been set back since.
    let cases = [
        (0, 101, true),
        (1, 110, false),
        (1, 111, true),
        (2, 700, false),
        (2, 701, true),
        // From a longer schedule.
        (7, 700, false),
        (7, 701, true),
    ];
    let made = cases.map(|(step, due_at, is_late)| {
        let request = event(&db, step + due_at);
        db.conn()
            .execute(
                "UPDATE webhook_deliveries SET step = ?1, next_attempt_at = ?2 WHERE no = ?3",
                [step, time_at(due_at).as_micros(), request.delivery.0],
            )
            .unwrap();
        (request.delivery, is_late)
    });
    assert_eq!(db.global_tx(100).bring_forward(&longest).unwrap(), 4);
    let late: Vec<DeliveryNo> =
        made.iter().filter(|(_, is_late)| *is_late).map(|(no, _)| *no).collect();
    assert_eq!(due(&db, 100), late);
}

#[test]
fn a_second_rotation_ends_the_oldest_secret() {
    let db = Db::new();
    let endpoint = endpoint(&db);
    let rotate = |seconds, byte| {
        let tx = db.global_tx(seconds);
        tx.rotate_endpoint_secret(Actor::command_line(), &endpoint.id, stored(byte)).unwrap();
        found(&db, &endpoint.id).1
    };
    let secrets = rotate(10, 2);
    assert_eq!(secrets.current, stored(2));
    assert_eq!(secrets.old, Some((stored(1), time_at(10 + DAY))));
    let secrets = rotate(20, 3);
    assert_eq!(secrets.current, stored(3));
    assert_eq!(secrets.old, Some((stored(2), time_at(20 + DAY))));
}

#[test]
fn secrets_are_re_encrypted_unless_they_were_rotated_since_they_were_read() {
    let db = Db::new();
    let endpoint = endpoint(&db);
    let tx = db.global_tx(1);
    tx.rotate_endpoint_secret(Actor::command_line(), &endpoint.id, stored(2)).unwrap();
    let from = found(&db, &endpoint.id).1;
    let without_old = Secrets { current: stored(9), old: None };
    tx.reencrypt_endpoint(&endpoint.id, &from, &without_old).unwrap();
    let (after, secrets) = found(&db, &endpoint.id);
    assert_eq!((&secrets.current, &secrets.old), (&stored(9), &None));
    assert_eq!(after.old_secret_expires_at, None);
    tx.rotate_endpoint_secret(Actor::command_line(), &endpoint.id, stored(3)).unwrap();
    tx.reencrypt_endpoint(&endpoint.id, &from, &without_old).unwrap();
    assert_eq!(found(&db, &endpoint.id).1.current, stored(3));
}
