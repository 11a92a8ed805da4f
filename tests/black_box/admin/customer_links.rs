//! Links to customers: those of the hosted product, which use slugs, and customers that share a
//! domain.

use pivotal_server::settings::Settings;
use serde_json::json;

use crate::support::{InProcess, Page, Server};

#[test]
fn a_link_with_a_slug_leads_to_the_customers_page() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    client.customer("Aurora");
    client.post("/customers", json!({"name": "3 Rivers"})).expect(201);
    client.post("/customers", json!({"name": "1-2-3"})).expect(201);
    let open = |path: &str| visitor.get(path).expect(303).location().to_owned();
    assert_eq!(open("/customers/aurora"), "/customers/1-aurora");
    // A number comes first, because the links of these pages have one.
    visitor.get("/customers/3-rivers").expect(200).shows("1-2-3");
    client.delete("/customers/3").expect(200);
    assert_eq!(open("/customers/3-rivers"), "/customers/2-3-rivers");
    visitor.get("/customers/3-1").expect(404).shows("This customer was deleted");
    for path in ["/customers/nobody", "/customers/Aurora", "/customers/aurora/edit"] {
        visitor.get(path).expect(404).says("This customer doesn't exist.");
    }
}

#[test]
fn a_slug_of_another_workspace_offers_to_switch() {
    let server = Server::start();
    let visitor = server.signed_in();
    let (acme, zen) = (server.other_workspace("acme"), server.other_workspace("zen"));
    acme.post("/customers", json!({"name": "Other"})).expect(201);
    acme.customer("Aurora");
    zen.customer("Aurora");
    server.client().customer("Here");
    let choice = visitor.get("/customers/aurora");
    choice.expect(200).shows("In another workspace");
    assert_eq!(choice.count("main form"), 2);
    assert_eq!(choice.attributes("main form [name=workspace]", "value"), ["acme", "zen"]);
    // Nothing is switched by the link itself.
    visitor.get("/customers").expect(200).shows("Here");
    let next = choice.attribute("main form [name=next]", "value");
    let switched =
        visitor.post("/admin/workspace", &[("workspace", "acme"), ("next", next.as_str())]);
    assert_eq!(switched.expect(303).location(), "/customers/2-aurora");
    visitor.follow(switched).expect(200).shows("Aurora");
    // The current workspace's own customer comes first.
    assert_eq!(visitor.get("/customers/aurora").expect(303).location(), "/customers/2-aurora");
}

#[test]
fn links_say_nothing_to_visitors_who_are_not_signed_in() {
    let server = Server::start();
    server.client().customer("Aurora");
    let visitor = server.visitor();
    let open = |slug: &str| -> Page { visitor.get(&format!("/customers/{slug}")) };
    // The first response also sets a cookie.
    open("aurora");
    let shape = |page: &Page, slug: &str| {
        (page.status, page.body.replace(slug, "*"), page.location().replace(slug, "*"))
    };
    let known = open("aurora");
    assert_eq!(shape(&known, "aurora"), shape(&open("nobody"), "nobody"));
    assert_eq!(known.expect(303).location(), "/admin/sign-in?next=%2Fcustomers%2Faurora");
    let signed_in = server.signed_in();
    let opened = signed_in.get(known.location());
    assert_eq!(opened.expect(303).location(), "/customers/aurora");
    assert_eq!(signed_in.follow(opened).expect(200).text("h1"), "Aurora");
}

#[test]
fn without_the_admin_pages_there_are_no_links() {
    let mut settings = Settings::default();
    settings.admin.enabled = false;
    let server = InProcess::start(settings);
    for path in ["/customers/aurora", "/customers/1-aurora", "/onboardings/1"] {
        server.visitor().get(path).expect(404);
    }
}

#[test]
fn customers_that_share_a_domain_have_a_badge_and_link_to_each_other() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    let other = server.other_workspace("acme");
    let add = |name: &str, domain: &str| {
        client.post("/customers", json!({"name": name, "domain": domain})).expect(201);
    };
    add("Aurora", "bücher.example");
    add("Single", "single.example");
    other.post("/customers", json!({"name": "Theirs", "domain": "single.example"})).expect(201);
    let list = visitor.get("/customers");
    assert_eq!(list.expect(200).count(".badge.warn"), 0);
    visitor.get("/customers/1").expect(200).hides("Duplicate domain");

    // Another spelling of the same domain.
    add("Aurora EU", "xn--bcher-kva.example");
    let list = visitor.get("/customers");
    assert_eq!(list.expect(200).count("td a.badge.warn"), 2);
    let page = visitor.get("/customers/1");
    page.expect(200).says("Duplicate domain");
    assert_eq!(page.link("Aurora EU"), "/customers/3-aurora-eu");
    let same = visitor.get(&page.link("View them in the list"));
    same.expect(200).shows("Aurora EU").hides("Single").says("Only customers with the domain");
    assert_eq!(same.links("Clear"), ["/customers"]);
    assert!(same.link("Export CSV").contains("domain=b%C3%BCcher.example"));

    for i in 0..6 {
        add(&format!("More {i}"), "bücher.example");
    }
    let page = visitor.get("/customers/1");
    page.expect(200).shows("More 5").shows("More 1").hides("More 0");
    let all = visitor.get(&page.link("View all of them"));
    assert_eq!(all.expect(200).count("tbody tr"), 8);
    client.delete("/customers/3").expect(200);
    visitor.get("/customers/1").expect(200).hides("Aurora EU");
}
