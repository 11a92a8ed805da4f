//! The whole site, generated from this repository.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use pivotal_docs::{SOURCES, generate};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
        return;
    }
    for entry in fs::read_dir(from).unwrap() {
        let name = entry.unwrap().file_name();
        copy(&from.join(&name), &to.join(&name));
    }
}

#[test]
fn the_table_lists_every_file_in_the_order_of_the_addresses() {
    let out = tempfile::tempdir().unwrap();
    generate(&repository(), out.path(), "1.2.3").unwrap();
    let table = fs::read_to_string(out.path().join("table.rs")).unwrap();
    // The server looks addresses up with a binary search.
    let addresses: Vec<&str> = table.lines().filter_map(|line| line.split('"').nth(1)).collect();
    assert!(addresses.is_sorted(), "{addresses:?}");
    for address in ["/docs", "/docs.md", "/docs/llms.txt", "/docs/search.json", "/llms.txt"] {
        assert!(addresses.contains(&address), "{address}");
    }
    let files = fs::read_dir(out.path()).unwrap().count() - 1;
    assert_eq!(files, addresses.len());
    let at = addresses.iter().position(|address| *address == "/docs").unwrap();
    let page = fs::read_to_string(out.path().join(format!("{at}.txt"))).unwrap();
    assert!(page.contains("pivotal-server 1.2.3"));
}

#[test]
fn all_that_is_wrong_is_reported_and_nothing_is_written() {
    let root = tempfile::tempdir().unwrap();
    for source in SOURCES {
        copy(&repository().join(source), &root.path().join(source));
    }
    for file in ["docs/errors.md", "docs/guides/ids.md"] {
        let file = OpenOptions::new().append(true).open(root.path().join(file));
        writeln!(file.unwrap(), "\n[See](nowhere.md)").unwrap();
    }
    let out = root.path().join("out");
    let problems = generate(root.path(), &out, "1.2.3").unwrap_err().to_string();
    assert_eq!(
        problems.lines().collect::<Vec<_>>(),
        [
            "docs/errors.md: the link nowhere.md leads to no page",
            "docs/guides/ids.md: the link nowhere.md leads to no page",
        ]
    );
    assert!(!out.exists());
}
