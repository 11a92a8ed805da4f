//! Uploading a CSV file: which uploads are refused, and what becomes of the files.

use std::time::Duration;

use pivotal_server::settings::Settings;

use crate::support::{InProcess, Page, Visitor};

const CUSTOMERS: &[(&str, &str)] = &[("type", "customers")];
const MIB: usize = 1 << 20;

/// Signs in and opens the form for choosing a file.
fn choose_file(server: &InProcess) -> Visitor {
    let visitor = server.visitor();
    visitor.sign_in();
    visitor.get("/admin/import").expect(200);
    visitor
}

fn upload(visitor: &Visitor, content: &[u8]) -> Page {
    visitor.upload("/admin/import", CUSTOMERS, "customers.csv", content)
}

#[test]
fn an_upload_must_come_from_the_form_of_its_session() {
    let server = InProcess::start(Settings::default());
    let (ours, theirs) = (choose_file(&server), choose_file(&server));
    let token = theirs.get("/admin/import").field("csrf");
    for wrong in ["", "x", &token] {
        let fields = [CUSTOMERS, &[("csrf", wrong)]].concat();
        let refused = ours.upload("/admin/import", &fields, "a.csv", b"name\nAurora\n");
        refused.expect(403).shows("out of date");
    }
    let foreign = ours.clone_session().with_header("Sec-Fetch-Site", "cross-site");
    upload(&foreign, b"name\nAurora\n").expect(403);
    // The token must come before the file, so that no file is stored for an untrusted form.
    let parts = [
        "Content-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nname\r\nAurora",
        &format!("Content-Disposition: form-data; name=\"csrf\"\r\n\r\n{}", {
            ours.get("/admin/import").field("csrf")
        }),
    ];
    let body = parts.map(|part| format!("--x\r\n{part}\r\n")).concat() + "--x--\r\n";
    let kind = "multipart/form-data; boundary=x";
    ours.send_body("POST", "/admin/import", kind, body.into_bytes()).expect(403);
    upload(&ours, b"name\nAurora\n").expect(303);
}

#[test]
fn a_file_that_is_too_large_is_refused_with_an_error_page() {
    let server = InProcess::start(Settings::default());
    let visitor = choose_file(&server);
    for size in [20 * MIB + 1, 30 * MIB] {
        let refused = upload(&visitor, &vec![b'a'; size]);
        refused.expect(413).says("The file is larger than 20 MiB. Split it into several files");
    }
    let long = "x".repeat(20_000);
    let fields = [CUSTOMERS, &[("note", &long)]].concat();
    visitor.upload("/admin/import", &fields, "a.csv", b"name\n").expect(413);
}

#[test]
fn an_upload_without_a_session_leads_to_the_sign_in_page() {
    let server = InProcess::start(Settings::default());
    let visitor = choose_file(&server);
    let elsewhere = visitor.clone_session();
    elsewhere.post("/admin/sign-out", &[]).expect(303);
    upload(&visitor, &vec![b'a'; 5 * MIB]).asks_to_sign_in();
}

#[test]
fn a_form_without_a_file_says_what_is_missing() {
    let server = InProcess::start(Settings::default());
    let visitor = choose_file(&server);
    let no_file = visitor.upload("/admin/import", CUSTOMERS, "", b"");
    no_file.expect(400).says("Must be chosen, and must not be empty.");
    visitor.upload("/admin/import", CUSTOMERS, "empty.csv", b"").expect(400);
    let no_type = visitor.upload("/admin/import", &[], "a.csv", b"name\nAurora\n");
    assert_eq!(no_type.expect(400).error("type"), "Must be chosen.");
    // What browsers send if the form's encoding was changed.
    visitor.post("/admin/import", CUSTOMERS).expect(400);
}

#[test]
fn a_malformed_upload_is_refused() {
    let server = InProcess::start(Settings::default());
    let visitor = choose_file(&server);
    let token = visitor.get("/admin/import").field("csrf");
    let field = format!("Content-Disposition: form-data; name=\"csrf\"\r\n\r\n{token}\r\n");
    let file = "Content-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nname";
    for (kind, body) in [
        ("multipart/form-data", format!("--x\r\n{field}--x--\r\n")),
        ("multipart/form-data; boundary=x", "name\nAurora\n".to_owned()),
        ("multipart/form-data; boundary=x", format!("--x\r\n{field}--x\r\n{file}")),
        ("multipart/form-data; boundary=x", format!("--x\r\n{field}--x\r\nno header\r\n\r\n--x--")),
    ] {
        let refused = visitor.send_body("POST", "/admin/import", kind, body.clone().into_bytes());
        assert!([400, 403].contains(&refused.status), "{body}: {}", refused.status);
    }
    visitor.get("/admin/import").expect(200);
}

/// Uploads a small file and returns the path of its page.
fn upload_small(visitor: &Visitor) -> String {
    visitor.get("/admin/import").expect(200);
    upload(visitor, b"name\nAurora\n").expect(303).location().to_owned()
}

#[test]
fn a_file_is_only_visible_to_its_session_until_it_ends() {
    let server = InProcess::start(Settings::default());
    let (ours, theirs) = (choose_file(&server), choose_file(&server));
    let path = upload_small(&ours);
    theirs.get(&path).expect(404).says("This import doesn't exist.");
    for action in ["preview", "run", "discard"] {
        theirs.post(&format!("{path}/{action}"), &[]).expect(404);
    }
    theirs.get(&format!("{path}/rejected.csv")).expect(404);
    ours.get(&path).expect(200);

    let token = ours.cookie();
    ours.post("/admin/sign-out", &[]).expect(303);
    ours.sign_in();
    ours.get(&path).expect(404);
    ours.set_cookie(token.as_deref());
    ours.get(&path).asks_to_sign_in();
}

#[test]
fn a_file_is_discarded_when_it_is_not_used_for_30_minutes() {
    let mut settings = Settings::default();
    settings.admin.idle_timeout = Duration::from_secs(12 * 60 * 60);
    let server = InProcess::start(settings);
    let visitor = choose_file(&server);
    let path = upload_small(&visitor);
    server.clock.advance_millis(29 * 60_000);
    visitor.get(&path).expect(200);
    server.clock.advance_millis(29 * 60_000);
    visitor.get(&path).expect(200);
    server.clock.advance_millis(30 * 60_000);
    visitor.get(&path).expect(404).says("Upload the file again.");
}

#[test]
fn only_the_last_few_files_are_kept() {
    let server = InProcess::start(Settings::default());
    let visitor = choose_file(&server);
    let paths: Vec<String> = (0..9).map(|_| upload_small(&visitor)).collect();
    visitor.get(&paths[0]).expect(404);
    visitor.get(&paths[1]).expect(200);
    // 64 MiB in total.
    visitor.get("/admin/import").expect(200);
    let large: Vec<String> = (0..4)
        .map(|_| {
            let mut content = b"name\n".to_vec();
            content.resize(19 * MIB, b'a');
            upload(&visitor, &content).expect(303).location().to_owned()
        })
        .collect();
    visitor.get(&paths[1]).expect(404);
    visitor.get(&large[0]).expect(404);
    visitor.get(&large[1]).expect(200);
}
