//! Generates the whole site from this repository.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use pivotal_docs::{SOURCES, generate};
use tempfile::TempDir;

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
fn the_table_lists_every_file_sorted_by_path() {
    let out = tempfile::tempdir().unwrap();
    generate(&repository(), out.path(), "1.2.3").unwrap();
    let table = fs::read_to_string(out.path().join("table.rs")).unwrap();
    // The server looks up paths with a binary search.
    let paths: Vec<&str> = table.lines().filter_map(|line| line.split('"').nth(1)).collect();
    assert!(paths.is_sorted(), "{paths:?}");
    for path in ["/docs", "/docs.md", "/docs/llms.txt", "/docs/search.json", "/llms.txt"] {
        assert!(paths.contains(&path), "{path}");
    }
    let files = fs::read_dir(out.path()).unwrap().count() - 1;
    assert_eq!(files, paths.len());
    let at = paths.iter().position(|path| *path == "/docs").unwrap();
    let page = fs::read_to_string(out.path().join(format!("{at}.txt"))).unwrap();
    assert!(page.contains("pivotal-server 1.2.3"));
}

/// Copies the sources to a new directory, and appends text to some of the files.
fn sources_with(appended: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for source in SOURCES {
        copy(&repository().join(source), &root.path().join(source));
    }
    for (file, text) in appended {
        let file = OpenOptions::new().append(true).open(root.path().join(file));
        writeln!(file.unwrap(), "{text}").unwrap();
    }
    root
}

/// The problems with the sources below a directory. Checks that nothing was written.
fn problems(root: &TempDir) -> Vec<String> {
    let out = root.path().join("out");
    let problems = generate(root.path(), &out, "1.2.3").unwrap_err().to_string();
    assert!(!out.exists());
    problems.lines().map(str::to_owned).collect()
}

#[test]
fn all_problems_are_reported_at_once_and_nothing_is_written() {
    let root = sources_with(&[
        ("docs/errors.md", "\n[See](nowhere.md)"),
        ("docs/guides/ids.md", "\n[See](nowhere.md)"),
    ]);
    assert_eq!(
        problems(&root),
        [
            "docs/errors.md: the link nowhere.md leads to no page",
            "docs/guides/ids.md: the link nowhere.md leads to no page",
        ]
    );
}

#[test]
fn a_search_term_for_an_unknown_page_or_section_is_a_problem() {
    let root =
        sources_with(&[("docs/search.toml", "\nnowhere = [\"a\"]\n\"errors#nowhere\" = [\"b\"]")]);
    assert_eq!(
        problems(&root),
        [
            "docs/search.toml: there is no page or section \"errors#nowhere\"",
            "docs/search.toml: there is no page or section \"nowhere\"",
        ]
    );
}
