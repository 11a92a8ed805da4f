//! Workspaces on every page: the current one, and switching to another.

use crate::support::{Server, Visitor};

/// Switches to a workspace with the form on the current page, and returns where that leads.
fn switch(visitor: &Visitor, from: &str, workspace: &str) -> String {
    let next = visitor.get(from).field("next");
    let fields = [("workspace", workspace), ("next", &next)];
    visitor.post("/admin/workspace", &fields).expect(303).location().to_owned()
}

#[test]
fn switching_leads_to_the_same_kind_of_page() {
    let server = Server::start();
    let (visitor, client) = (server.signed_in(), server.client());
    client.customer("Aurora");
    server.other_workspace("acme").customer("Borealis");
    for (from, to) in [
        ("/admin", "/admin"),
        ("/customers?q=aurora", "/customers"),
        ("/customers/new", "/customers/new"),
        ("/customers/1-aurora", "/customers"),
        ("/customers/1/contacts/new", "/customers"),
        ("/onboardings", "/onboardings"),
        ("/admin/import", "/admin/import"),
        ("/admin/logs?type=customer.created", "/admin/logs"),
        ("/admin/webhooks/new", "/admin/webhooks/new"),
        ("/admin/account", "/admin/account"),
        ("/admin/workspaces?q=acme", "/admin/workspaces"),
        ("/customers/99", "/admin"),
    ] {
        assert_eq!(switch(&visitor, from, "acme"), to, "{from}");
        let there = visitor.get(to);
        assert_eq!(there.expect(200).text("#current-workspace option[selected]"), "acme", "{to}");
        switch(&visitor, to, "default");
    }
    switch(&visitor, "/customers", "acme");
    visitor.get("/customers").says("Borealis").hides("Aurora");
}

#[test]
fn a_workspace_is_selected_in_the_list_and_found_among_many() {
    let server = Server::start();
    let visitor = server.signed_in();
    let only = visitor.get("/admin/workspaces");
    assert_eq!((only.count("#current-workspace"), only.count("tbody .badge.good")), (0, 1));
    assert_eq!(only.text(".switch"), "Workspace Default");
    let sql = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
        INSERT INTO workspaces (no, id, slug, name, created_at)
            SELECT 1000 + i, 'c00000' || (1000000000000000000 + i), 'shop-' || i, 'Ärger ' || i, created_at
            FROM n, workspaces WHERE slug = 'default'";
    assert_eq!(server.sql().execute(sql, []).unwrap(), 200);

    let all = visitor.get("/admin/workspaces");
    assert_eq!((all.texts("tbody tr").len(), all.count("#current-workspace option")), (201, 201));
    let names = all.texts("#current-workspace option");
    assert_eq!(names.last().unwrap(), "Ärger 99");
    let found = visitor.get("/admin/workspaces?q=%C3%A4RGER+177");
    assert_eq!(found.texts("tbody tr").len(), 1);
    let fields = [("workspace", "shop-177"), ("next", "/admin")];
    visitor.post("/admin/workspace", &fields).expect(303);
    let page = visitor.get("/admin/workspaces?q=shop-177");
    assert_eq!(page.text("#current-workspace option[selected]"), "Ärger 177");
    assert!(page.text("tbody tr").starts_with("Ärger 177 Current"));
    visitor.get("/admin/workspaces?q=nothing").expect(200).says("No workspaces match");
}
