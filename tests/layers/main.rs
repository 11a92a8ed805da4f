//! Checks the layers of the source: nothing imports a higher layer, files have no import cycles,
//! and SQL and status codes stay in their layers.

#![allow(clippy::unwrap_used, reason = "a test that can't continue has failed")]

mod cycles;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// Returns the lines of a layer's code that contain any of the words.
fn violations(layer: &str, words: &[&str]) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&root.join(layer));
    assert!(!files.is_empty());
    let mut found = Vec::new();
    for file in files {
        for (number, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            let is_code = !line.trim_start().starts_with("//");
            if is_code && words.iter().any(|word| line.contains(word)) {
                found.push(format!("{}:{}: {line}", file.display(), number + 1));
            }
        }
    }
    found
}

/// Returns the layers with those that each may use, from the table in `ARCHITECTURE.md`.
fn layers() -> Vec<(String, Vec<String>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md");
    let text = fs::read_to_string(path).unwrap();
    let table = text.split("| layer | may use |").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = |cell: &str| -> Vec<String> {
        cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split('|').collect())
        .collect();
    let all: Vec<String> = rows.iter().flat_map(|row| names(row[0])).collect();
    assert!(all.len() > 8, "{all:?}");
    rows.iter()
        .map(|row| {
            let below =
                if row[1].contains("everything below") { all.clone() } else { names(row[1]) };
            (names(row[0]).remove(0), below)
        })
        .collect()
}

#[test]
fn layers_only_import_lower_layers() {
    let layers = layers();
    for (layer, below) in &layers {
        let others = layers.iter().map(|(other, _)| other);
        let forbidden: Vec<String> = others
            .filter(|other| *other != layer && !below.contains(other))
            .map(|other| format!("crate::{other}"))
            .collect();
        let forbidden: Vec<&str> = forbidden.iter().map(String::as_str).collect();
        assert_eq!(violations(layer, &forbidden), Vec::<String>::new());
    }
}

#[test]
fn every_folder_of_the_source_is_a_layer() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let layers = layers();
    for entry in fs::read_dir(root).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let is_layer = layers.iter().any(|(layer, _)| *layer == name);
        assert_eq!(is_layer, entry.path().is_dir(), "{name}");
    }
}

#[test]
fn files_have_no_import_cycles() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut crates = vec![root.join("src"), root.join("bench")];
    let others = fs::read_dir(root.join("crates")).unwrap();
    crates.extend(others.map(|other| other.unwrap().path().join("src")));
    let found: Vec<String> = crates.iter().flat_map(|root| cycles::cycles(root)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn sql_is_only_in_the_store() {
    let words = ["rusqlite", "SELECT ", "INSERT INTO", "UPDATE ", "DELETE FROM"];
    for (layer, _) in layers().iter().filter(|(layer, _)| layer != "store") {
        assert_eq!(violations(layer, &words), Vec::<String>::new());
    }
}

#[test]
fn lower_layers_know_no_status_codes() {
    for layer in ["model", "store", "cli", "demo", "transfer", "settings"] {
        assert_eq!(violations(layer, &["StatusCode", "HttpResponse"]), Vec::<String>::new());
    }
}

#[test]
fn resources_are_only_selected_in_known_files() {
    let words = ["FROM customers", "FROM contacts", "FROM onboardings"];
    // The exceptions find a free slug, a taken email, the primary contact, and the customer of a
    // card, check the numbers of slugs, count contacts, and number contacts with equal emails. All
    // of them only consider live rows.
    let known = [
        "store/customers.rs",
        "store/contacts.rs",
        "store/board.rs",
        "store/rows/slug_runs.rs",
        "store/upgrade/emails.rs",
    ];
    for violation in violations("store", &words) {
        // Unit tests look at the rows themselves.
        if violation.contains("/tests.rs:") {
            continue;
        }
        assert!(known.iter().any(|file| violation.contains(file)), "{violation}");
    }
    for file in known {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file));
        let text = text.unwrap();
        for word in words {
            for (at, _) in text.match_indices(word) {
                let statement =
                    &text[at..text[at..].find("\";").map_or(text.len(), |end| at + end)];
                assert!(statement.contains("deleted_at IS NULL"), "{file}: {statement}");
            }
        }
    }
}
