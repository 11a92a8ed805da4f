//! Revenue on the admin pages, in the currency of the workspace.

use pivotal_server::model::key::{Mode, Tier};
use pivotal_server::settings::Settings;
use serde_json::json;

use crate::support::{Client, InProcess, Visitor};

fn start() -> (InProcess, Visitor, Client) {
    let server = InProcess::start(Settings::default());
    let visitor = server.visitor();
    visitor.sign_in();
    let client = server.client(Mode::Live, Tier::Unlimited);
    let body = json!({"name": "Aurora", "mrr": 1_234_567});
    client.post("/customers", body).expect(201);
    (server, visitor, client)
}

/// Submits the customer's form with another amount.
fn type_amount(visitor: &Visitor, amount: &str) -> crate::support::Page {
    let mut fields = visitor.get("/customers/1/edit").expect(200).part("form.card").fields();
    fields.retain(|(name, _)| name != "mrr" && name != "csrf");
    fields.push(("mrr".to_owned(), amount.to_owned()));
    let pairs: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    visitor.post("/customers/1/edit", &pairs)
}

#[test]
fn revenue_is_shown_and_typed_in_the_currency_of_the_workspace() {
    let (_server, visitor, client) = start();
    let workspaces = visitor.get("/admin/workspaces");
    let edit = workspaces.expect(200).links("Edit Test").pop();
    let edit = edit.unwrap_or_else(|| workspaces.attribute("td a.quiet", "href"));
    let mrr = || client.get("/customers/1").expect(200)["mrr"].clone();
    for (currency, shown, loaded, typed, stored) in [
        ("USD", "$12,345.67", "12345.67", "1,234.50", json!(123_450)),
        ("jpy", "¥123,450", "123450", "1,235", json!(1235)),
        ("KWD", "KWD 1.235", "1.235", "1.2", json!(1200)),
        ("EUR", "€12.00", "12.00", "", json!(null)),
    ] {
        let form = visitor.get(&edit);
        assert!(!form.expect(200).field("currency").is_empty());
        visitor.post(&edit, &[("currency", currency)]).expect(303);
        // Changing the currency changes no amount.
        let page =
            visitor.get("/customers/1").expect(200).text("#facts + dl").replace('\u{a0}', " ");
        assert!(page.contains(shown), "{page}");
        let list = visitor.get("/customers").expect(200).text("td.number").replace('\u{a0}', " ");
        assert_eq!(list, shown);
        let form = visitor.get("/customers/1/edit");
        assert_eq!(form.expect(200).field("mrr"), loaded);
        form.says(&format!("MRR ({})", currency.to_uppercase()));
        type_amount(&visitor, typed).expect(303);
        assert_eq!(mrr(), stored, "{currency}");
    }
    visitor.get("/customers/1").expect(200).says("unknown");
    for wrong in ["", "EURO", "€", "12"] {
        let refused = visitor.post(&edit, &[("currency", wrong)]);
        refused.expect(400).shows("Not saved.");
        assert!(refused.error("currency").starts_with("Must be a three-letter ISO 4217 code"));
        assert_eq!(refused.field("currency"), wrong);
    }
    assert_eq!(visitor.get(&edit).field("currency"), "EUR");
    visitor.get("/admin/workspaces/nothing/edit").expect(404);
    visitor.post("/admin/workspaces/nothing/edit", &[("currency", "EUR")]).expect(404);
}

#[test]
fn an_ambiguous_amount_is_rejected_and_kept_for_correction() {
    let (_server, visitor, client) = start();
    for typed in ["1.234,50", "1,23", "12.500", "-1", "a lot"] {
        let refused = type_amount(&visitor, typed);
        refused.expect(400).shows("Not saved.");
        assert!(refused.error("mrr").starts_with("Must "), "{typed}: {}", refused.error("mrr"));
        assert_eq!(refused.field("mrr"), typed);
    }
    let same = type_amount(&visitor, "$12,345.67");
    visitor.follow(same).expect(200).shows("No changes to save.");
    assert_eq!(client.get("/customers/1").expect(200)["mrr"], 1_234_567);
    let events = client.list("/customers/1/activity");
    assert_eq!(events.as_array().unwrap().len(), 1);
}

#[test]
fn a_new_workspace_can_have_another_currency() {
    let (_server, visitor, _) = start();
    assert_eq!(visitor.get("/admin/workspaces").expect(200).field("currency"), "USD");
    let create = |fields: &[(&str, &str)]| visitor.post("/admin/workspaces", fields);
    let wrong = create(&[("name", "Acme"), ("slug", "acme"), ("currency", "dollars")]);
    assert!(wrong.expect(400).error("currency").starts_with("Must be a three-letter"));
    assert_eq!(wrong.field("name"), "Acme");
    create(&[("name", "Acme"), ("slug", "acme"), ("currency", "chf")]).expect(303);
    visitor.get("/admin/workspaces").expect(200).shows("CHF");
    assert_eq!(visitor.get("/admin/workspaces/acme/edit").expect(200).field("currency"), "CHF");
}
