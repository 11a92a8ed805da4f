//! Descriptions of webhook endpoints and deliveries.

use std::time::Duration;

use crate::model::webhook::delivery::{Attempt, Delivery, DeliveryStatus};
use crate::model::webhook::endpoint::{DisabledReason, Endpoint};
use crate::model::webhook::subscription::DELIVERED;

/// A badge: its text and its tone.
pub(in crate::admin) type Badge = (&'static str, &'static str);

pub(in crate::admin) fn state(endpoint: &Endpoint) -> Badge {
    if !endpoint.is_enabled() {
        ("Disabled", "bad")
    } else if endpoint.failures > 0 {
        ("Failing", "warn")
    } else {
        ("Enabled", "good")
    }
}

pub(in crate::admin) fn disabled_because(reason: &DisabledReason) -> &'static str {
    match reason {
        DisabledReason::Admin => "An admin disabled it.",
        DisabledReason::Failures => "Too many deliveries in a row failed.",
        DisabledReason::Gone => "The receiver responded with 410 Gone.",
    }
}

pub(in crate::admin) fn status(delivery: &Delivery) -> Badge {
    match delivery.status {
        DeliveryStatus::Pending if delivery.held => ("On hold", "warn"),
        DeliveryStatus::Pending if delivery.attempts > 0 => ("Retrying", "warn"),
        DeliveryStatus::Pending => ("Pending", "info"),
        DeliveryStatus::Delivered => ("Delivered", "good"),
        DeliveryStatus::Failed => ("Failed", "bad"),
        DeliveryStatus::Skipped => ("Skipped", "plain"),
    }
}

/// Formats the result of an attempt: the status of the response, or why there was none.
pub(in crate::admin) fn result(attempt: &Attempt) -> String {
    match (attempt.status, &attempt.error) {
        (Some(status), _) => format!("HTTP {status}"),
        (None, Some(error)) => error.clone(),
        (None, None) => String::new(),
    }
}

/// Formats a duration: `38 ms`, `1.2 s`.
pub(in crate::admin) fn duration(duration: &Duration) -> String {
    match duration.as_millis() {
        0 => "under 1 ms".to_owned(),
        millis @ 1..1000 => format!("{millis} ms"),
        _ => format!("{:.1} s", duration.as_secs_f64()),
    }
}

/// Formats the event types of an endpoint: `All events`, or a list of at most three types.
pub(in crate::admin) fn events(endpoint: &Endpoint) -> String {
    let names = types(endpoint);
    match names.len() {
        0 => "All events".to_owned(),
        1..=3 => names.join(", "),
        count => format!("{}, and {} more", names[..2].join(", "), count - 2),
    }
}

/// Returns the names of the event types of an endpoint; none means all.
pub(in crate::admin) fn types(endpoint: &Endpoint) -> Vec<&'static str> {
    endpoint.subscription.types().iter().map(|&kind| kind.into()).collect()
}

/// Returns the event types that can be delivered, for a group of checkboxes or a drop-down list.
pub(in crate::admin) fn type_options() -> Vec<(&'static str, &'static str)> {
    DELIVERED.iter().map(|&kind| (kind.into(), kind.into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_that_fits() {
        for (micros, text) in
            [(900, "under 1 ms"), (38_400, "38 ms"), (999_900, "999 ms"), (1_240_000, "1.2 s")]
        {
            assert_eq!(duration(&Duration::from_micros(micros)), text);
        }
    }
}
