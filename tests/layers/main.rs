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

#[test]
fn layers_only_import_lower_layers() {
    for (layer, above) in [
        (
            "model",
            &[
                "store",
                "settings",
                "http",
                "demo",
                "service",
                "api",
                "admin",
                "docs",
                "test_control",
                "server",
                "cli",
                "store", "settings", "http", "demo", "transfer", "service", "api", "admin", "docs",
                "server", "cli",
            ][..],
        ),
        (
            "settings",
            &[
                "store",
                "http",
                "demo",
                "service",
                "api",
                "admin",
                "docs",
                "test_control",
                "server",
                "store", "http", "demo", "transfer", "service", "api", "admin", "docs", "server",
                "cli",
            ],
        ),
        (
            "store",
            &[
                "settings",
                "http",
                "demo",
                "service",
                "api",
                "admin",
                "docs",
                "test_control",
                "server",
                "cli",
                "settings", "http", "demo", "transfer", "service", "api", "admin", "docs",
                "server", "cli",
            ],
        ),
        (
            "demo",
            &[
                "settings",
                "http",
                "service",
                "api",
                "admin",
                "docs",
                "test_control",
                "server",
                "cli",
            ],
        ),
        (
            "http",
            &["store", "demo", "service", "api", "admin", "docs", "test_control", "server", "cli"],
        ),
        ("service", &["demo", "api", "admin", "docs", "test_control", "server", "cli"]),
        ("api", &["demo", "admin", "docs", "test_control", "server", "cli"]),
        ("admin", &["demo", "api", "docs", "test_control", "server", "cli"]),
        ("docs", &["model", "store", "demo", "api", "admin", "test_control", "server", "cli"]),
        ("test_control", &["demo", "admin", "docs", "server", "cli"]),
            &["settings", "http", "transfer", "service", "api", "admin", "docs", "server", "cli"],
        ),
        ("transfer", &["settings", "demo", "service", "api", "admin", "docs", "server", "cli"]),
        (
            "http",
            &["store", "demo", "transfer", "service", "api", "admin", "docs", "server", "cli"],
        ),
        ("service", &["demo", "transfer", "api", "admin", "docs", "server", "cli"]),
        ("api", &["demo", "admin", "docs", "server", "cli"]),
        ("admin", &["demo", "api", "docs", "server", "cli"]),
        ("docs", &["model", "store", "demo", "transfer", "api", "admin", "server", "cli"]),
        ("server", &["demo", "cli"]),
    ] {
        let above: Vec<String> = above.iter().map(|layer| format!("crate::{layer}")).collect();
        let above: Vec<&str> = above.iter().map(String::as_str).collect();
        assert_eq!(violations(layer, &above), Vec::<String>::new());
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
    for layer in [
        "model",
        "http",
        "service",
        "api",
        "admin",
        "docs",
        "server",
        "cli",
        "demo",
        "settings",
        "test_control",
        "model", "http", "service", "api", "admin", "docs", "server", "cli", "demo", "transfer",
        "settings",
    ] {
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
