//! The board of onboardings: columns, cards, filters, and moves between phases.

use pivotal_server::model::key::{Mode, Tier};
use pivotal_server::settings::Settings;
use serde_json::{Value, json};

use crate::support::{Client, InProcess, Page, Part, Server};

/// Creates an onboarding of a customer and returns its number.
fn onboarding(client: &Client, customer: &Value, properties: Value) -> i64 {
    let mut body = properties;
    body["customer_id"] = customer["id"].clone();
    client.post("/onboardings", body).expect(201)["display_id"].as_i64().unwrap()
}

/// Returns the names of the cards in the column of a phase.
fn cards(shown: &Page, phase: &str) -> Vec<String> {
    shown.texts(&format!("[data-phase={phase}] article > a:first-child"))
}

/// Returns the names of all cards.
fn all_cards(shown: &Page) -> Vec<String> {
    shown.texts("article > a:first-child")
}

/// Returns the number of overdue cards in the column of a phase.
fn overdue(shown: &Page, phase: &str) -> usize {
    let count = shown.count(&format!("[data-phase={phase}] article.late"));
    assert_eq!(shown.texts(&format!("[data-phase={phase}] .badge.bad")), vec!["Overdue"; count]);
    count
}

fn kinds(client: &Client, number: i64) -> Vec<String> {
    let events = client.get(&format!("/onboardings/{number}/activity")).expect(200);
    let events = events["data"].as_array().unwrap();
    events.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_board_has_a_column_for_each_phase_with_its_cards_and_total() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    visitor.get("/onboardings").expect(200).shows("No onboardings yet");
    let aurora = client.customer("Aurora");
    onboarding(&client, &aurora, json!({"name": "Rollout", "phase": "review", "state": "at_risk"}));
    onboarding(&client, &aurora, json!({"target_launch_date": "2999-06-15"}));
    let board = visitor.get("/onboardings");
    board.expect(200);
    assert_eq!(board.count("li[data-phase]"), 7);
    let review = board.part("[data-phase=review]");
    assert_eq!(review.part("h2").text(), "Review 1 total");
    assert_eq!(cards(&board, "review"), ["Rollout"]);
    assert_eq!(review.part(".badge.warn").text(), "At risk");
    let customer = review.part("a.customer");
    assert_eq!(customer.attribute("href"), Some("/customers/1-aurora"));
    assert_eq!(
        (customer.text().as_str(), customer.attribute("draggable")),
        ("Aurora", Some("false"))
    );
    let moves = |column: Part<'_>| -> Vec<String> {
        let buttons = column.parts("button[formaction='/onboardings/1/move'][name=phase]");
        buttons.iter().map(|one| one.attribute("value").unwrap().to_owned()).collect()
    };
    assert_eq!(moves(review), ["program_design", "program_buildout"]);
    let first = board.part("[data-phase=before_getting_started]");
    // The first phase has no previous one.
    assert_eq!(first.parts("[formaction]").len(), 1);
    assert_eq!(cards(&board, "before_getting_started"), ["Onboarding 2"]);
    assert!(first.text().contains("15 Jun 2999"));
    assert_eq!(board.text("[data-phase=completed] h2"), "Completed 0 total");
}

#[test]
fn an_onboarding_past_its_target_launch_is_overdue_until_completed() {
    let server = InProcess::start(Settings::default());
    let client = server.client(Mode::Live, Tier::Unlimited);
    let visitor = server.visitor();
    visitor.sign_in();
    let aurora = client.customer("Aurora");
    let launch = |date: &str, phase: &str| {
        onboarding(&client, &aurora, json!({"target_launch_date": date, "phase": phase}));
    };
    launch("2025-12-31", "launch");
    launch("2025-12-31", "completed");
    launch("2026-01-02", "review");
    let board = visitor.get("/onboardings");
    assert_eq!(["launch", "completed", "review"].map(|phase| overdue(&board, phase)), [1, 0, 0]);
    server.clock.advance_millis(12 * 3_600_000 + 1);
    visitor.sign_in();
    assert_eq!(overdue(&visitor.get("/onboardings"), "review"), 1);
}

#[test]
fn the_board_is_filtered_by_state_and_customer() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    let (aurora, borealis) = (client.customer("Aurora"), client.customer("Borealis"));
    onboarding(&client, &aurora, json!({"name": "One", "state": "paused"}));
    onboarding(&client, &aurora, json!({"name": "Two"}));
    onboarding(&client, &borealis, json!({"name": "Three", "state": "paused"}));
    let paused = visitor.get("/onboardings?state=paused&customer=");
    assert_eq!(all_cards(&paused), ["Three", "One"]);
    assert_eq!(paused.texts("#state option[selected]"), ["Paused"]);
    let both = visitor.get("/onboardings?state=paused&customer=1");
    assert_eq!(all_cards(&both), ["One"]);
    assert_eq!(both.texts("#customer option[selected]"), ["Aurora"]);
    assert_eq!(both.link("Create onboarding"), "/customers/1/onboardings/new");
    let by_id = format!("/onboardings?customer={}", borealis["id"].as_str().unwrap());
    assert_eq!(visitor.get(&by_id).texts("#customer option[selected]"), ["Borealis"]);
    for unknown in ["99", "aurora"] {
        let shown = visitor.get(&format!("/onboardings?customer={unknown}"));
        shown.expect(200).shows("No matching onboardings");
    }
    visitor.get("/onboardings?state=lost").expect(400).shows("state must be one of:");
}

#[test]
fn moving_a_card_leads_back_to_it_on_the_board() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    let aurora = client.customer("Aurora");
    let number = onboarding(&client, &aurora, json!({"name": "Rollout", "state": "paused"}));
    visitor.get("/onboardings?state=paused&customer=1").expect(200);
    let fields = [("state", "paused"), ("customer", "1"), ("phase", "review")];
    let moved = visitor.post("/onboardings/1/move", &fields);
    assert_eq!(moved.expect(303).location(), "/onboardings?state=paused&customer=1#onboarding-1");
    let board = visitor.follow(moved);
    board.shows("Moved Rollout to Review.");
    assert_eq!(board.attribute("#onboarding-1", "tabindex"), "-1");
    assert_eq!(cards(&board, "review"), ["Rollout"]);
    let shown = client.get("/onboardings/1").expect(200);
    assert_eq!(shown["phase"], "review");
    assert!(shown["started_at"].is_string());
    assert_eq!(
        kinds(&client, number),
        ["onboarding.phase_changed", "onboarding.updated", "onboarding.created"]
    );
    let events = client.get("/onboardings/1/activity").expect(200);
    assert_eq!(events["data"][0]["actor"], json!({"type": "admin", "id": "page", "name": "Admin"}));
}

#[test]
fn moving_a_card_to_its_own_phase_changes_nothing() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    let number = onboarding(&client, &client.customer("Aurora"), json!({"phase": "launch"}));
    visitor.get("/onboardings").expect(200);
    let before = client.get("/onboardings/1").expect(200);
    let moved = visitor.post("/onboardings/1/move", &[("phase", "launch")]);
    visitor.follow(moved).shows("Onboarding 1 is already in Launch.");
    assert_eq!(client.get("/onboardings/1").expect(200), before);
    assert_eq!(kinds(&client, number), ["onboarding.created"]);
}

#[test]
fn a_failed_move_says_why() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    let aurora = client.customer("Aurora");
    onboarding(&client, &aurora, json!({"name": "Gone"}));
    onboarding(&client, &aurora, json!({"name": "Kept"}));
    visitor.get("/onboardings").expect(200);
    client.delete("/onboardings/1").expect(200);
    let refused = visitor.post("/onboardings/1/move", &[("phase", "review")]);
    refused.expect(404).shows("The card was not moved").hides("Gone");
    assert_eq!(all_cards(&refused), ["Kept"]);
    for phase in [&[("phase", "somewhere")][..], &[]] {
        visitor.post("/onboardings/2/move", phase).expect(400).shows("phase");
    }
    assert_eq!(client.get("/onboardings/2").expect(200)["phase"], "before_getting_started");
}

#[test]
fn a_column_shows_its_newest_fifty_cards_and_its_total() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    let aurora = client.customer("Aurora");
    for n in 1..=52 {
        onboarding(&client, &aurora, json!({"name": format!("Number {n}.")}));
    }
    let board = visitor.get("/onboardings");
    let cards = all_cards(board.shows("Showing the newest 50 of 52."));
    assert_eq!((cards.len(), cards[49].as_str()), (50, "Number 3."));
}

#[test]
fn names_are_shown_as_text_and_cannot_reverse_the_page() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    let hostile = "<script>alert(1)</script>\"' \u{202e}drawkcab";
    let aurora = client.customer(hostile);
    onboarding(&client, &aurora, json!({"name": hostile}));
    let board = visitor.get("/onboardings");
    board.expect(200).hides("<script>alert").hides("\"' ");
    assert_eq!(all_cards(&board), [hostile]);
    assert_eq!(board.texts("article bdi")[0], hostile);
    let moved = visitor.post("/onboardings/1/move", &[("phase", "review")]);
    let notice = "<script>alert(1)</script>\"' drawkcab to Review.";
    visitor.follow(moved).says(notice).hides("<script>alert");
}

#[test]
fn cards_of_another_workspace_cannot_be_seen_or_moved() {
    let server = Server::start();
    let visitor = server.signed_in();
    let other = server.other_workspace("acme");
    onboarding(&other, &other.customer("Theirs"), json!({"name": "Secret"}));
    let board = visitor.get("/onboardings");
    board.expect(200).hides("Secret").hides("Theirs");
    let moved = visitor.post("/onboardings/1/move", &[("phase", "review")]);
    moved.expect(404).hides("Secret");
    assert_eq!(other.get("/onboardings/1").expect(200)["phase"], "before_getting_started");
    visitor.post("/admin/workspace", &[("workspace", "acme")]).expect(303);
    assert_eq!(all_cards(visitor.get("/onboardings").shows("Theirs")), ["Secret"]);
}
