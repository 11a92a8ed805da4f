//! CSV files as people have them: import with bad rows set aside, and export without loss.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::Server;

/// Runs an import or export in the default workspace.
fn run(server: &Server, command: &str, file: &Path, options: &[&str]) -> Output {
    let file = file.to_str().unwrap();
    server.run(&[&[command, "--workspace", "default", file], options].concat())
}

/// Runs an import with `--json`, which prints its result even if rows are rejected.
fn import(server: &Server, file: &Path, options: &[&str]) -> (Option<i32>, Value) {
    let output = run(server, "import", file, &[options, &["--json"]].concat());
    let error = String::from_utf8_lossy(&output.stderr);
    let result = serde_json::from_slice(&output.stdout);
    (output.status.code(), result.unwrap_or_else(|_| panic!("{error}")))
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn write(dir: &TempDir, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = dir.path().join(name);
    fs::write(&path, content).unwrap();
    path
}

/// Encodes text that has only characters of Latin-1.
fn latin_1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

fn utf_16(text: &str) -> Vec<u8> {
    format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// The cells of a file of rejected rows.
fn rejected(path: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap();
    let text = text.strip_prefix('\u{feff}').unwrap();
    let mut csv = csv::ReaderBuilder::new()
        .delimiter(b';')
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let rows = csv.records().map(|row| row.unwrap().iter().map(str::to_owned).collect());
    rows.collect()
}

#[test]
fn good_rows_of_an_ugly_file_are_imported_and_bad_rows_can_be_corrected() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let lines = [
        "Firma;WEBSITE;Customer status;MRR;Tags;Telefon;",
        "\"Zoë \"\"Z\"\" Müller\r\nGmbH & Co; KG\";https://Zoe.example/über;At risk;120000;\"vip; beta\";0421;",
        "",
        ";;;;;;",
        "\"Too few\";x.example",
        "Too many;;active;1;;0421;;more",
        ";nameless.example;;;;;",
        "Thousands;;;1.234;;;",
        "No such status;;dormant;;;;",
        "Both;not a host;;-1;;;",
        "Formula;;;;\"=1+1\";;",
        "Late quote;;;;;\"0421;",
    ];
    let file = write(&dir, "kunden.csv", latin_1(&lines.join("\r\n")));
    let (code, result) = import(&server, &file, &["--map", "firma=name"]);
    assert_eq!(code, Some(1));
    assert_eq!(result["customers"]["created"], 2);
    assert_eq!(result["ignored_columns"], json!(["Telefon"]));
    let rejects = dir.path().join("kunden.rejected.csv");
    assert_eq!(result["rejects"], rejects.to_str().unwrap());

    let customers = server.client().walk("/customers");
    let [formula, zoe] = &customers[..] else { panic!("{customers:?}") };
    assert_eq!(zoe["name"], "Zoë \"Z\" Müller\r\nGmbH & Co; KG");
    assert_eq!((&zoe["domain"], &zoe["status"]), (&json!("zoe.example"), &json!("at_risk")));
    assert_eq!((&zoe["mrr"], &zoe["tags"]), (&json!(120_000), &json!(["vip", "beta"])));
    assert_eq!(formula["tags"], json!(["=1+1"]));

    let rows = rejected(&rejects);
    let [header, rows @ ..] = &rows[..] else { panic!() };
    assert_eq!(header[..3], ["error", "Firma", "WEBSITE"]);
    let reasons: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    for (reason, expected) in reasons.iter().zip([
        "line 6: the row has 2 cells, but the header has 7",
        "line 7: the row has 8 cells, but the header has 7",
        "line 8: name is required",
        "line 9: mrr must be an integer without thousands separators",
        "line 10: status must be one of: onboarding,",
        "line 11: domain must be a host name",
        "line 13: a quote is opened in this row and never closed",
    ]) {
        assert!(reason.starts_with(expected), "{reason}");
    }
    assert!(reasons[5].contains("mrr must be between 0 and"), "{}", reasons[5]);
    assert_eq!(rows.len(), 7);

    // Importing it as it is changes nothing and doesn't overwrite the file.
    let again = dir.path().join("again.csv");
    let (code, result) =
        import(&server, &rejects, &["--map", "Firma=name", "--rejects", again.to_str().unwrap()]);
    assert_eq!((code, &result["customers"]["created"]), (Some(1), &json!(0)));
    assert_eq!(rejected(&again).len(), 8);
    let output = run(
        &server,
        "import",
        &rejects,
        &["--map", "Firma=name", "--rejects", again.to_str().unwrap()],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("already exists"), "{}", stderr(&output));

    // Keeps one row and corrects it.
    let text = fs::read_to_string(&rejects).unwrap();
    let kept: Vec<&str> =
        text.lines().filter(|line| !line.contains("\"line") || line.contains("1.234")).collect();
    fs::write(&rejects, kept.join("\r\n").replace("1.234", "1234")).unwrap();
    let (code, result) = import(&server, &rejects, &["--map", "Firma=name"]);
    assert_eq!((code, &result["customers"]["created"]), (Some(0), &json!(1)));
    assert_eq!(result["rejects"], json!(null));
    assert_eq!(server.client().walk("/customers")[0]["mrr"], 1234);
}

#[test]
fn contacts_name_their_customer_in_any_form() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let client = server.client();
    let customer = client.post("/customers", json!({"name": "Aurora"})).expect(201);
    let id = customer["id"].as_str().unwrap();
    let text = format!(
        "customer_id\tcustomer\tFirst Name\tLast Name\tE-mail\tJob title\tPrimary\r\n\
         {id}\t\tZoë\tNg\tzoe@aurora.example\t\"Head of\r\nOperations\"\tYes\r\n\
         1\t\tSam\t\tsam@aurora.example\t\tno\r\n\
         \taurora\t\tOrtiz\tortiz@aurora.example\t\t\r\n\
         \tborealis\tMax\tX\tmax@borealis.example\t\t\r\n\
         1\t\tSam\tTwice\tsam@aurora.example\t\t\r\n"
    );
    let file = write(&dir, "contacts.txt", utf_16(&text));
    let (code, result) = import(&server, &file, &["--format", "csv"]);
    assert_eq!((code, &result["contacts"]["created"]), (Some(1), &json!(3)));
    let contacts = client.walk(&format!("/customers/{id}/contacts"));
    let found: Vec<_> =
        contacts.iter().map(|c| (&c["name"], &c["title"], &c["is_primary"])).collect();
    assert_eq!(
        json!(found),
        json!([
            ["Ortiz", null, false],
            ["Sam", null, false],
            ["Zoë Ng", "Head of\r\nOperations", true]
        ])
    );
    let rejects = fs::read_to_string(dir.path().join("contacts.rejected.csv")).unwrap();
    assert_eq!(rejects.lines().count(), 3, "{rejects}");
    assert!(rejects.contains("line 6: "), "{rejects}");
    assert!(rejects.contains("line 7: "), "{rejects}");
}

#[test]
fn an_export_comes_back_without_loss_and_without_formulas() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let client = server.client();
    let customer = client
        .post(
            "/customers",
            json!({
                "name": "=HYPERLINK(\"http://x.example\")", "plan": "", "mrr": 1200, "status": "churned",
                "tags": ["@a, b", "c;=d", "\"e\""], "metadata": {"n": 1.50, "text": "x\r\n;=1"},
                "hubspot_deal_id": "'+1",
            }),
        )
        .expect(201);
    client.post("/customers", json!({"name": "-", "metadata": {}})).expect(201);
    let contact = json!({
        "name": "-Zoë\n+1", "email": "+zoe@aurora.example", "title": "'", "is_primary": true,
        "labels": ["x"],
    });
    let contacts = format!("/customers/{}/contacts", customer["id"].as_str().unwrap());
    client.post(&contacts, contact).expect(201);

    let other = Server::start();
    for kind in ["customers", "contacts"] {
        let options = ["--format", "csv", "--type", kind];
        let (first, second) =
            (dir.path().join("first.csv"), dir.path().join(format!("{kind}.csv")));
        let _ = fs::remove_file(&first);
        assert!(run(&server, "export", &first, &options).status.success());
        let text = fs::read_to_string(&first).unwrap();
        for start in ['=', '+', '-', '@'] {
            for before in [",\"", ";", "\n", "\r"] {
                assert!(!text.contains(&format!("{before}{start}")), "{text}");
            }
        }
        let (code, result) = import(&other, &first, &[]);
        assert_eq!(code, Some(0), "{result}");
        assert!(run(&other, "export", &second, &options).status.success());
        assert_eq!(fs::read_to_string(&second).unwrap(), text);
        // A second import finds everything in place.
        let (code, result) = import(&other, &first, &[]);
        assert_eq!((code, &result[kind]["created"]), (Some(0), &json!(0)));
    }
    let (here, there) = (client.walk("/customers"), other.client().walk("/customers"));
    assert_eq!(here, there);
    assert_eq!(client.walk(&contacts), other.client().walk(&contacts));
}

#[test]
fn a_dry_run_shows_the_columns_and_imports_nothing() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let file = write(&dir, "customers.csv", "Company Name,Phone\nAurora,1\n\"\",2\n");
    let output = run(&server, "import", &file, &["--dry-run"]);
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(text.contains("Company Name") && text.contains("name"), "{text}");
    assert!(stderr(&output).contains("line 3: name is required"), "{}", stderr(&output));
    assert!(server.client().walk("/customers").is_empty());
    assert!(!dir.path().join("customers.rejected.csv").exists());
}

#[test]
fn files_that_are_not_understood_say_what_to_do() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    for (content, options, expected) in [
        (
            &b"name,email\nAurora,a@b.example\n"[..],
            &[][..],
            "`--type customers` or `--type contacts`",
        ),
        (b"Firma\nAurora\n", &["--type", "customers"], "--map"),
        (b"name,Name\nA,B\n", &["--map", "Title=plan"], "no column is named `Title`"),
        (b"Name,NAME\nA,B\n", &[], "can both be `name`"),
        (b"", &[], "is empty"),
        (b"name\nZo\xeb\n", &["--encoding", "utf-8"], "not valid UTF-8"),
        (b"name\nA\n", &["--encoding", "klingon"], "encoding"),
        (b"name\nA\n", &["--delimiter", "::"], "one ASCII character"),
        (b"name\nA\n", &["--map", "name"], "must be COLUMN=FIELD"),
    ] {
        let file = write(&dir, "file.csv", content);
        let output = run(&server, "import", &file, options);
        assert!(!output.status.success());
        let error = stderr(&output);
        assert!(error.contains(expected), "{error}");
        // Mistakes on the command line are followed by the usage.
        let lines = if output.status.code() == Some(2) { 3 } else { 1 };
        assert_eq!(error.lines().count(), lines, "{error}");
    }
    assert!(server.client().walk("/customers").is_empty());
}
