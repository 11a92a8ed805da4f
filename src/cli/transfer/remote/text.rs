//! What a transfer could not transfer, in sentences.

use std::collections::BTreeMap;

use crate::transfer::remote::report::Report;

/// Lists what the other server's API doesn't provide.
pub(super) fn not_downloaded(report: &Report) -> String {
    let mut items = vec![
        "history: the events of the organization".to_owned(),
        "API keys and webhook endpoints: create them with `keys create` and `webhooks create`"
            .to_owned(),
        format!(
            "changes made at the source between {} and {}, in objects that had already been read",
            report.started_at, report.finished_at
        ),
    ];
    let missing = [
        ("customers", report.customers.missing),
        ("contacts", report.contacts.missing),
        ("onboardings", report.onboardings.missing),
    ];
    if missing.iter().any(|(_, count)| *count > 0) {
        let missing = missing.map(|(name, count)| format!("{name}: {count}"));
        let missing = missing.join(", ");
        items.push(format!("deleted objects ({missing}): their display IDs stay unused"));
    }
    if !report.vanished_customers.is_empty() {
        items.push(format!(
            "customers that were deleted while they were read: {}",
            report.vanished_customers.join(", ")
        ));
    }
    if report.without_customer > 0 {
        let number = report.without_customer;
        items.push(format!("contacts and onboardings of deleted customers: {number}"));
    }
    if !report.unknown_fields.is_empty() {
        items.push(format!(
            "fields that this server doesn't have: {}",
            counted(&report.unknown_fields)
        ));
    }
    list("Not included:", &items)
}

/// Lists what a POST can't set on the other server.
pub(super) fn not_uploaded(changed_fields: &BTreeMap<String, u64>) -> String {
    let mut items = vec![
        "IDs, display IDs, and times: the other server assigns its own".to_owned(),
        "history: the events of the workspace".to_owned(),
        "deleted objects, API keys, and webhook endpoints".to_owned(),
    ];
    if !changed_fields.is_empty() {
        items.push(format!(
            "fields that the other server ignored or changed: {}",
            counted(changed_fields)
        ));
    }
    list("Not transferred:", &items)
}

fn counted(fields: &BTreeMap<String, u64>) -> String {
    let fields = fields.iter().map(|(name, objects)| match objects {
        1 => format!("{name} (1 object)"),
        objects => format!("{name} ({objects} objects)"),
    });
    fields.collect::<Vec<_>>().join(", ")
}

fn list(heading: &str, items: &[String]) -> String {
    items.iter().fold(heading.to_owned(), |text, item| format!("{text}\n- {item}"))
}
