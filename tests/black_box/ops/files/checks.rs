//! Checks of the database and of backups: they name the damaged page, and give advice that fits the
//! file.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use crate::ops::files::backups::{database_with, refusal, run, run_json, text};

/// Runs a check that must fail, and returns its findings and its one line of advice.
fn faults(dir: &Path, args: &[&str]) -> (String, String) {
    let output = run(dir, args);
    assert_eq!(output.status.code(), Some(1), "{args:?}");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

/// Overwrites a page of the table `customers` and returns its number.
fn break_a_page(file: &Path) -> usize {
    let conn = Connection::open(file).unwrap();
    let sql = "SELECT max(pageno) FROM dbstat WHERE name = 'customers'";
    let page: i64 = conn.query_row(sql, [], |row| row.get(0)).unwrap();
    conn.close().unwrap();
    let page = usize::try_from(page).unwrap();
    let mut bytes = fs::read(file).unwrap();
    bytes[(page - 1) * 4096..page * 4096].fill(0xA5);
    fs::write(file, bytes).unwrap();
    page
}

#[test]
fn a_check_names_the_damaged_page_and_gives_advice_that_fits_the_file() {
    let (dir, _) = database_with(&["Aurora", "Borealis"]);
    let (copy, database) = (dir.path().join("copy.db"), dir.path().join("pivotal.db"));
    run_json(dir.path(), &["backup", text(&copy)]);
    let named = format!(" page {}: ", break_a_page(&copy));
    let (found, advice) = faults(dir.path(), &["check", text(&copy)]);
    assert!(found.contains(&named) && found.contains("(table customers)"), "{found}");
    assert!(advice.contains("listed above; do not restore this backup"), "{advice}");
    let advice = refusal(dir.path(), &["restore", text(&copy), "--replace"]);
    assert!(advice.contains(&named) && advice.contains("restore an earlier backup"), "{advice}");
    assert!(advice.contains(text(&copy)) && advice.contains("nothing was changed"), "{advice}");

    break_a_page(&database);
    for args in [&["check"][..], &["check", text(&database)]] {
        let (found, advice) = faults(dir.path(), args);
        assert!(found.contains(&named), "{found}");
        assert!(
            advice.contains("stop the server") && advice.contains("restore a backup"),
            "{advice}"
        );
    }
    let advice = refusal(dir.path(), &["backup", text(&dir.path().join("later.db"))]);
    assert!(advice.contains(&named) && advice.contains("restore an earlier backup"), "{advice}");
}

#[test]
fn a_truncated_backup_is_reported_as_such() {
    let (dir, _) = database_with(&["Aurora"]);
    let copy = dir.path().join("copy.db");
    run_json(dir.path(), &["backup", text(&copy)]);
    let bytes = fs::read(&copy).unwrap();
    fs::write(&copy, &bytes[..bytes.len() - 5000]).unwrap();
    let (found, _) = faults(dir.path(), &["check", text(&copy)]);
    assert!(found.contains("its last 5000 bytes are missing"), "{found}");
    let advice = refusal(dir.path(), &["restore", text(&copy), "--replace"]);
    assert!(advice.contains("its last 5000 bytes are missing"), "{advice}");
}
