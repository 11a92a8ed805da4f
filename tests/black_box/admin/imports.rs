//! Importing and exporting CSV files: the preview, the import, and its result.

use serde_json::{Value, json};

use super::webhooks::add_for_all;
use crate::support::{Client, Page, Receiver, Server, Visitor, wait_until};

/// A visitor with the page of an import.
struct Import<'v> {
    visitor: &'v Visitor,
    path: String,
}

impl<'v> Import<'v> {
    /// Uploads a file and waits for its preview.
    fn upload(visitor: &'v Visitor, csv_type: &str, content: impl AsRef<[u8]>) -> Self {
        visitor.get("/admin/import").expect(200);
        let content = content.as_ref();
        let shown = visitor.upload("/admin/import", &[("type", csv_type)], "data.csv", content);
        Self { visitor, path: shown.expect(303).location().to_owned() }
    }

    /// Waits until the work in progress is done, and returns the page.
    fn page(&self) -> Page {
        let mut page = None;
        wait_until("nothing is in progress", || {
            let shown = self.visitor.get(&self.path);
            page = Some(shown).filter(|shown| shown.count("progress") == 0);
            page.is_some()
        });
        let page = page.unwrap();
        page.expect(200);
        page
    }

    /// Presses a button of the preview, with some fields changed.
    fn press(&self, action: &str, changes: &[(&str, &str)]) -> Page {
        let mut fields = self.page().part("main form").fields();
        fields.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        fields.extend(changes.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let shown = self.visitor.post_without_token(&format!("{}/{action}", self.path), &fields);
        shown.expect(303);
        self.page()
    }

    fn run(&self, changes: &[(&str, &str)]) -> Page {
        self.press("run", changes)
    }
}

/// The rows of each outcome on the page of a result.
#[track_caller]
fn assert_result(page: &Page, expected: [(&str, usize); 5]) {
    let shown = page.text("dl");
    let count = |(outcome, count): (&str, usize)| {
        format!("{outcome} {count} row{}", if count == 1 { "" } else { "s" })
    };
    assert_eq!(shown, expected.map(count).join(" "));
}

fn names(client: &Client) -> Vec<String> {
    let customers = client.walk("/customers");
    let mut names: Vec<String> =
        customers.iter().map(|customer| customer["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_file_is_previewed_and_then_imported() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    // As Excel saves it where decimals have a comma.
    let text = "Company Name;Website;Plan;Notes\r\n\
                \"Aurora; Shipping\";https://aurora.example/home;Pro;first\r\n\
                Zoë & Söhne;;;\r\n";
    let (latin_1, _, _) = encoding_rs::WINDOWS_1252.encode(text);
    let import = Import::upload(&visitor, "customers", &latin_1);

    let preview = import.page();
    preview.says("2 rows can be added.").says("data.csv");
    let fields = preview.part("main form").fields();
    let value = |name: &str| &fields.iter().find(|(field, _)| field == name).unwrap().1;
    assert_eq!(
        (value("encoding").as_str(), value("delimiter").as_str()),
        ("windows-1252", "semicolon")
    );
    assert_eq!(
        ["column-0", "column-1", "column-2", "column-3"].map(|name| value(name).as_str()),
        ["name", "domain", "plan", ""]
    );
    let rows = preview.texts("[aria-label='First rows'] tbody tr");
    assert_eq!(rows, ["2 Aurora; Shipping aurora.example Pro", "3 Zoë & Söhne"]);
    assert_eq!(names(&client), Vec::<String>::new(), "a preview changes nothing");

    let result = import.run(&[]);
    result.says("The file was imported.");
    assert_result(
        &result,
        [("Created", 2), ("Updated", 0), ("Unchanged", 0), ("Left out", 0), ("Rejected", 0)],
    );
    assert_eq!(names(&client), ["Aurora; Shipping", "Zoë & Söhne"]);
    let events = client.list("/customers/1/activity");
    assert_eq!(events[0]["actor"]["name"], "Admin");

    // Reloading, or submitting again, imports nothing twice.
    let token = visitor.get("/admin/import").field("csrf");
    let fields = [("csrf", token.as_str()), ("in", "default")];
    visitor.post_without_token(&format!("{}/run", import.path), &fields).expect(303);
    assert_eq!(names(&client).len(), 2);
}

#[test]
fn bad_rows_are_shown_with_reasons_and_can_be_downloaded() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    let import = Import::upload(
        &visitor,
        "customers",
        "name,domain,mrr\nAurora,aurora.example,1200\nBorealis,no domain,a lot\n,,5\n",
    );
    let preview = import.page();
    preview.says("1 row can be added, 2 rows with problems.");
    let problems = preview.texts("[aria-label='Rows with problems'] tbody tr");
    assert_eq!(problems.len(), 2);
    assert!(
        problems[0].starts_with("Line 3") && problems[0].contains("domain must"),
        "{problems:?}"
    );
    assert!(problems[0].contains("mrr must be an integer"), "{problems:?}");
    assert!(problems[1].starts_with("Line 4") && problems[1].contains("name"), "{problems:?}");

    let result = import.run(&[]);
    assert_result(
        &result,
        [("Created", 1), ("Updated", 0), ("Unchanged", 0), ("Left out", 0), ("Rejected", 2)],
    );
    assert_eq!(names(&client), ["Aurora"]);
    let file = visitor.get(&result.link("Download rejected rows"));
    assert!(file.expect(200).header("content-type").unwrap().starts_with("text/csv"));
    let disposition = "attachment; filename=\"rejected-customers.csv\"";
    assert_eq!(file.header("content-disposition"), Some(disposition));
    file.shows("line 3").shows("Borealis").shows("line 4").hides("Aurora");

    // The corrected file can be imported as it is, with the column of reasons.
    let corrected = file.body.replace("no domain", "borealis.example").replace("a lot", "7");
    let import = Import::upload(&visitor, "customers", &corrected);
    import.page().says("1 row can be added, 1 row with problems.");
    import.run(&[]);
    assert_eq!(names(&client), ["Aurora", "Borealis"]);
}

#[test]
fn columns_and_format_can_be_chosen_and_are_previewed_before_the_import() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    let import = Import::upload(&visitor, "customers", "Firma|Notiz\nAurora|Gold\n");
    let preview = import.page();
    preview.expect(200).says("Choose the columns for “Name”.").hides("/run");

    // Another delimiter makes other columns.
    let preview = import.press("preview", &[("delimiter", "comma")]);
    assert_eq!(preview.texts("tbody th"), ["Firma|Notiz"]);
    let preview = import.press("preview", &[("delimiter", "bar")]);
    assert_eq!(preview.texts("tbody th"), ["Firma", "Notiz"]);

    let twice = import.press("preview", &[("column-0", "name"), ("column-1", "name")]);
    twice.says("The columns “Firma” and “Notiz” are both “Name”. Leave one of them out.");
    let preview = import.press("preview", &[("column-0", "name"), ("column-1", "")]);
    preview.says("1 row can be added.");
    let changed = import.run(&[("column-1", "plan")]);
    changed.says("The preview was updated with your changes. Check it before you import.");
    assert_eq!(changed.texts("[aria-label='First rows'] tbody tr"), ["2 Aurora Gold"]);
    assert_eq!(names(&client), Vec::<String>::new());
    import.run(&[]);
    assert_eq!(client.get("/customers/1").expect(200)["plan"], "Gold");
}

#[test]
fn rows_that_are_already_there_are_left_out_updated_or_reported() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    client
        .post("/customers", json!({"name": "Aurora", "slug": "aurora", "plan": "Pro"}))
        .expect(201);
    client.post("/customers", json!({"name": "Borealis", "slug": "borealis"})).expect(201);
    let file = "slug,name,plan\naurora,Aurora,Gold\nborealis,Borealis,\ncedar,Cedar,\n";
    let plan = || client.get("/customers/1").expect(200)["plan"].clone();

    let import = Import::upload(&visitor, "customers", file);
    import.page().says(
        "1 row can be added, 1 row already in this workspace with other values, \
         1 row already in this workspace with the same values.",
    );
    let result = import.run(&[("on_conflict", "fail")]);
    assert_result(
        &result,
        [("Created", 1), ("Updated", 0), ("Unchanged", 1), ("Left out", 0), ("Rejected", 1)],
    );
    visitor.get(&result.link("Download rejected rows")).shows("Gold").hides("Cedar");

    let import = Import::upload(&visitor, "customers", file);
    let result = import.run(&[]);
    assert_result(
        &result,
        [("Created", 0), ("Updated", 0), ("Unchanged", 2), ("Left out", 1), ("Rejected", 0)],
    );
    assert_eq!(plan(), "Pro");

    let import = Import::upload(&visitor, "customers", file);
    let result = import.run(&[("on_conflict", "update")]);
    assert_result(
        &result,
        [("Created", 0), ("Updated", 1), ("Unchanged", 2), ("Left out", 0), ("Rejected", 0)],
    );
    assert_eq!(plan(), "Gold");
}

#[test]
fn contacts_are_imported_for_their_customers() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    client.customer("Aurora");
    let import = Import::upload(
        &visitor,
        "contacts",
        "Customer,First Name,Last Name,E-Mail\n\
         aurora,Maya,Lind,maya@aurora.example\n\
         nowhere,Noa,Berg,noa@nowhere.example\n",
    );
    import.page().says("1 row can be added, 1 row with problems.");
    let result = import.run(&[]);
    assert_result(
        &result,
        [("Created", 1), ("Updated", 0), ("Unchanged", 0), ("Left out", 0), ("Rejected", 1)],
    );
    let contacts = client.list("/customers/1/contacts");
    assert_eq!(contacts[0]["name"], "Maya Lind");
    assert_eq!(contacts.as_array().unwrap().len(), 1);
}

#[test]
fn webhooks_are_sent_only_if_the_visitor_asks_for_them() {
    let server = Server::start();
    let visitor = server.signed_in();
    let receiver = Receiver::start();
    add_for_all(&visitor, &receiver.url(), "live");
    receiver.wait_for("webhook.ping");
    Import::upload(&visitor, "customers", "name\nAurora\n").run(&[]);
    Import::upload(&visitor, "customers", "name\nBorealis\n").run(&[("deliver", "true")]);
    let sent = receiver.wait_for("customer.created");
    assert_eq!(sent.event()["data"]["object"]["name"], "Borealis");
    assert_eq!(receiver.requests().len(), 2, "the ping and one customer");
}

#[test]
fn a_file_that_is_not_csv_is_explained() {
    let server = Server::start();
    let visitor = server.signed_in();
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";
    for (content, message) in [
        (&png[..], "Choose"),
        (b"\n\n", "The file is empty. Its first row must have the names of the columns."),
        (b"name,plan\n", "The file has no rows besides the names of the columns."),
        (b"name\0\nAurora\n", "This is not a CSV file, or its encoding is another one."),
    ] {
        let preview = Import::upload(&visitor, "customers", content).page();
        let alert = preview.text("[role=alert]");
        assert!(alert.contains(message), "{alert}");
        preview.hides("/run");
    }
}

#[test]
fn two_imports_and_other_requests_run_at_the_same_time() {
    let server = Server::start();
    let (client, visitor) = (server.client(), server.signed_in());
    let rows: String = (0..3_000).map(|n| format!("Company {n},company-{n}\n")).collect();
    let file = format!("name,slug\n{rows}");
    let imports = [0, 1].map(|_| Import::upload(&visitor, "customers", &file));
    for import in &imports {
        let fields = import.page().part("main form").fields();
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        visitor.post_without_token(&format!("{}/run", import.path), &fields).expect(303);
    }
    client.customer("Aurora");
    let results = imports.each_ref().map(|import| import.page().text("dl"));
    assert_eq!(client.walk("/customers").len(), 3_001, "{results:?}");
}

#[test]
fn an_import_belongs_to_its_workspace() {
    let server = Server::start();
    let theirs = server.other_workspace("acme");
    let visitor = server.signed_in();
    let import = Import::upload(&visitor, "customers", "name\nAurora\n");
    let fields = import.page().part("main form").fields();
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let run = format!("{}/run", import.path);
    visitor.post("/admin/workspace", &[("workspace", "acme")]).expect(303);
    visitor.get(&import.path).expect(409).shows("This import belongs to the workspace “Default”");
    visitor.post_without_token(&run, &fields).expect(409);
    let (mine, _): (Vec<_>, Vec<_>) = fields.iter().copied().partition(|(name, _)| *name != "in");
    let moved = [&mine[..], &[("in", "acme")]].concat();
    visitor.post_without_token(&run, &moved).expect(409);
    assert_eq!(names(&theirs), Vec::<String>::new());
    visitor.post("/admin/workspace", &[("workspace", "default")]).expect(303);
    import.run(&[]).says("The file was imported.");
    assert_eq!(names(&server.client()), ["Aurora"]);
    assert_eq!(names(&theirs), Vec::<String>::new());
}

#[test]
fn exported_customers_and_contacts_can_be_imported_again() {
    let server = Server::start();
    let (client, theirs) = (server.client(), server.other_workspace("acme"));
    let visitor = server.signed_in();
    for n in 0..450 {
        let name = if n == 7 { "=HYPERLINK(\"x\")".to_owned() } else { format!("Company {n}") };
        client.post("/customers", json!({"name": name, "tags": ["a", "b, c"]})).expect(201);
    }
    let contact = json!({"name": "Maya", "email": "maya@aurora.example"});
    client.post("/customers/1/contacts", contact).expect(201);

    let customers = visitor.get("/admin/customers.csv");
    customers.expect(200).shows("\u{feff}").shows("'=HYPERLINK");
    assert!(customers.header("content-disposition").unwrap().contains("customers-default-"));
    assert_eq!(customers.body.lines().count(), 451);
    // The length of a download is only known, and logged, when it ends.
    let id = customers.header("x-request-id").unwrap();
    let logged = format!(" request_id={id} bytes={} ms=", customers.body.len());
    wait_until("the download is logged", || server.log().contains(&logged));
    let filtered = visitor.get("/admin/customers.csv?q=company+44");
    assert_eq!(filtered.expect(200).body.lines().count(), 11 + 1);
    let contacts = visitor.get("/admin/contacts.csv");
    contacts.expect(200).shows("maya@aurora.example");

    visitor.post("/admin/workspace", &[("workspace", "acme")]).expect(303);
    // The IDs belong to the other workspace, so new ones are assigned.
    let import = Import::upload(&visitor, "customers", customers.body.as_bytes());
    import.page().says("450 rows with problems.");
    import.press("preview", &[("column-0", "")]).says("450 rows can be added.");
    import.run(&[]);
    let import = Import::upload(&visitor, "contacts", contacts.body.as_bytes());
    import.press("preview", &[("column-0", ""), ("column-2", "")]).says("1 row can be added.");
    import.run(&[]);
    let content = |client: &Client| {
        let mut all = client.walk("/customers");
        let fields = ["name", "slug", "tags"];
        let keep = |customer: &Value| fields.map(|field| customer[field].to_string());
        all.sort_by_key(|customer| customer["slug"].to_string());
        all.iter().map(keep).collect::<Vec<_>>()
    };
    assert_eq!(content(&theirs), content(&client));
    let id = client.get("/customers/1").expect(200)["slug"].clone();
    let copy =
        theirs.walk("/customers").into_iter().find(|customer| customer["slug"] == id).unwrap();
    let contacts = theirs.list(&format!("/customers/{}/contacts", copy["id"].as_str().unwrap()));
    assert_eq!(contacts[0]["email"], "maya@aurora.example");
}
