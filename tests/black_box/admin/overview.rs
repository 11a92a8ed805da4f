//! The overview: the counts of the workspace, the state of the server, and keys near their rate limit.

use std::fs;
use std::time::Duration;

use pivotal_server::model::key::{Mode, Tier};
use pivotal_server::settings::{RateLimits, Settings};
use serde_json::json;

use crate::support::database::{is_postgres, place_of};
use crate::support::{InProcess, Server, wait_until};

#[test]
fn the_overview_counts_the_resources_of_the_workspace() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    let aurora = client.customer("Aurora");
    client.patch("/customers/1", json!({"status": "at_risk"})).expect(200);
    client.customer("Borealis");
    let body = json!({"customer_id": aurora["id"], "phase": "review", "state": "paused",
        "target_launch_date": "2020-01-01"});
    client.post("/onboardings", body).expect(201);
    let page = visitor.get("/admin");
    page.expect(200).says("API requests in the last hour").says("Database OK");
    let engine = if is_postgres() { "PostgreSQL" } else { "SQLite 3." };
    page.says(&format!("Database engine {engine}")).says(&place_of(server.dir()));
    let facts = page.texts("dl > div");
    for fact in ["At risk 1", "Contacts 0", "Review 1", "Paused 1"] {
        assert!(facts.iter().any(|one| one == fact), "{fact} is not in {facts:?}");
    }
    page.says("1 overdue");
    assert_eq!((page.texts(".badge.bad").len(), page.count("a[href='/api/health/deep']")), (1, 1));
    let other = server.other_workspace("acme");
    other.customer("Theirs");
    assert!(visitor.get("/admin").texts(".figure").contains(&"2".to_owned()));
}

#[test]
fn the_overview_says_that_the_database_file_is_missing() {
    let server = Server::start_new();
    let visitor = server.signed_in();
    fs::rename(server.database(), server.dir().join("aside.db")).unwrap();
    visitor.get("/admin").expect(200).says("Database File missing").says("put the file back");
}

#[cfg(feature = "postgres")]
#[test]
fn a_server_on_postgresql_says_how_to_make_backups() {
    let url = "postgres://ann:s3cret@db.example.com/crm";
    let database = Some(url.parse().unwrap());
    let server = InProcess::start(Settings { database, ..Settings::default() });
    let visitor = server.visitor();
    let overview = visitor.sign_in();
    let command = "pg_dump --format=custom --extension=plpgsql --file=pivotal.dump \
                   --dbname=postgres://ann@db.example.com:5432/crm";
    let texts = overview.texts("main").concat();
    assert_eq!(texts.matches(command).count(), 2, "in the first steps and the facts: {texts}");
    assert!(!texts.contains("s3cret") && !texts.contains("backup.every"), "{texts}");
}

#[test]
fn a_server_without_a_workspace_links_to_creating_one() {
    let server = InProcess::without_workspace(Settings::default());
    let visitor = server.visitor();
    let first = visitor.sign_in();
    assert!(first.shows("No workspace yet").count("main a[href='/admin/workspaces']") > 0);
    visitor.get("/admin").expect(200).shows("No API requests in the last hour.");
    visitor.get("/onboardings").expect(404).shows("There is no workspace yet.");
}

#[test]
fn the_requests_of_the_last_hour_are_drawn_and_summarized() {
    let server = InProcess::start(Settings::default());
    let client = server.client(Mode::Live, Tier::Unlimited);
    let visitor = server.visitor();
    let first = visitor.sign_in();
    first.shows("No API requests in the last hour.");
    assert_eq!(first.count("rect.bar"), 0);
    client.get("/me").expect(200);
    client.get("/customers/99").expect(404);
    let page = visitor.get("/admin");
    page.shows("2 API requests in the last hour").shows("1 (50.0%) failed");
    assert_eq!((page.count("rect.bar:not(.warn)"), page.count("rect.bar.warn")), (1, 1));
    assert!(page.texts("tr").contains(&"12:00 2 1 0".to_owned()), "{:?}", page.texts("tr"));
    server.clock.advance_millis(3_600_000);
    visitor.sign_in().shows("No API requests in the last hour.").shows("1 hour 0 minutes");
}

#[test]
fn keys_near_their_rate_limit_are_listed_until_it_resets() {
    let limits = RateLimits { standard: 10, ..Settings::default().rate_limits };
    let server = InProcess::start(Settings { rate_limits: limits, ..Settings::default() });
    let client = server.client(Mode::Live, Tier::Standard);
    let visitor = server.visitor();
    for _ in 0..7 {
        client.get("/me").expect(200);
    }
    visitor.sign_in().shows("No API key has used 80% or more");
    client.get("/me").expect(200);
    visitor.get("/admin").shows("8 of 10").shows("test key").shows("12:01:00 UTC");
    server.clock.advance_millis(60_000);
    visitor.get("/admin").hides("8 of 10");
}

#[test]
fn the_state_of_the_backups_is_shown_with_what_to_do() {
    let server = Server::start();
    let page = server.signed_in().get("/admin");
    assert!(page.says("backup.every").texts(".badge").contains(&"Off".to_owned()));
    let mut settings = Settings::default();
    settings.backup.every = Some(Duration::from_secs(3600));
    let server = InProcess::start(settings.clone());
    let visitor = server.visitor();
    visitor.sign_in();
    wait_until("a backup is made", || visitor.get("/admin").body.contains(">OK</span>"));
    // A file blocks the path of the backup directory.
    let blocked = tempfile::NamedTempFile::new().unwrap();
    settings.backup.dir = Some(blocked.path().to_owned());
    let server = InProcess::start(settings);
    let visitor = server.visitor();
    visitor.sign_in();
    wait_until("the backup fails", || visitor.get("/admin").body.contains(">Failed</span>"));
    visitor.get("/admin").shows("Its log says why").shows("No backup has succeeded yet.");
}

#[test]
fn pages_without_the_api_do_not_link_to_its_health_check() {
    let server = Server::start_with(&[("PIVOTAL_ADMIN_LISTEN", "127.0.0.1:0")]);
    server.signed_in().get("/admin").expect(200).hides("/api/health/deep");
}

#[test]
fn a_new_workspace_lists_the_first_steps_until_it_is_used() {
    let server = Server::start();
    let visitor = server.signed_in();
    let page = visitor.get("/admin");
    page.expect(200).says("First steps").says("This workspace has 2 API keys.");
    let url = format!("{}/api/v1", server.origin());
    assert_eq!(page.attribute("#base-url", "value"), url);
    let command = page.attribute("#command", "value");
    assert_eq!(command, format!("curl -H \"Authorization: Bearer YOUR_API_KEY\" {url}/me"));
    for path in ["/customers/new", "/admin/import", "/admin/webhooks/new", "/docs/operate/backup"] {
        assert_eq!(page.count(&format!(".steps a[href='{path}']")), 1, "{path}");
        visitor.get(path).expect(200);
    }
    // A workspace that has no key yet.
    visitor.post("/admin/workspaces", &[("name", "Acme"), ("slug", "acme")]).expect(303);
    visitor.post("/admin/workspace", &[("workspace", "acme")]).expect(303);
    visitor.get("/admin").says("Create an API key first.");
    visitor.post("/admin/workspace", &[("workspace", "default")]).expect(303);

    server.client().get("/me").expect(200);
    visitor.get("/admin").expect(200).hides("First steps");
    visitor.post("/admin/workspace", &[("workspace", "acme")]).expect(303);
    visitor.get("/admin").says("First steps");
    let once = visitor.get("/customers/new").field("once");
    visitor.post("/customers", &[("name", "Aurora"), ("once", &once)]).expect(303);
    visitor.get("/admin").expect(200).hides("First steps");
}

#[test]
fn pages_link_to_the_documentation_only_if_it_is_served_there() {
    let server = Server::start();
    let page = server.signed_in().get("/admin/webhooks");
    assert_eq!((page.link("Documentation"), page.count("main .help")), ("/docs".into(), 1));
    let server = Server::start_with(&[("PIVOTAL_ADMIN_LISTEN", "127.0.0.1:0")]);
    let visitor = server.signed_in();
    for path in ["/admin", "/admin/webhooks"] {
        visitor.get(path).expect(200).hides("/docs");
    }
    visitor.get("/admin").says("the address that listen sets");
}
