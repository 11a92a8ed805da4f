//! The messages that `docs/operate/troubleshooting.md` explains are those of the source.

use std::fs;
use std::path::Path;

const PAGE: &str = include_str!("../../../docs/operate/troubleshooting.md");

#[test]
fn every_message_on_the_troubleshooting_page_is_in_the_source() {
    let sources = sources();
    let messages: Vec<&str> = PAGE.lines().flat_map(messages).collect();
    assert!(messages.len() > 80, "the page has only {} messages", messages.len());
    let outdated: Vec<&str> = messages
        .into_iter()
        .filter(|message| !sources.iter().any(|source| contains(source, message)))
        .collect();
    assert!(outdated.is_empty(), "no file of src contains these messages: {outdated:#?}");
}

#[test]
fn a_message_is_found_only_if_its_parts_are_there_in_order() {
    let source = normalized(
        "#[error(\"{path} is \\\n    locked by {holder}; \\\"wait\\\"\")]\n#[cfg(test)]\nmod tests {\"missing\"}",
    );
    assert!(contains(&source, "… is locked by …; \"wait\""));
    assert!(!contains(&source, "locked by … is"));
    assert!(!contains(&source, "missing"));
}

/// Returns the code in the first cell of a row of a table, without the names of health checks.
fn messages(line: &str) -> Vec<&str> {
    let Some(row) = line.strip_prefix("| ") else { return Vec::new() };
    let cell = row.split(" | ").next().unwrap_or_default();
    let code = cell.split('`').skip(1).step_by(2);
    code.filter(|code| code.contains(' ')).collect()
}

/// Returns whether the parts of a message, between its `…`, are in this source in their order.
fn contains(source: &str, message: &str) -> bool {
    let mut rest = source;
    message.split('…').map(str::trim).all(|part| match rest.find(part) {
        Some(start) => {
            rest = &rest[start + part.len()..];
            true
        }
        None => false,
    })
}

fn sources() -> Vec<String> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(normalized(&fs::read_to_string(path).unwrap()));
            }
        }
    }
    sources
}

/// Returns the source without unit tests, and with literals that span several lines joined.
fn normalized(source: &str) -> String {
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut lines = code.split("\\\n");
    let first = lines.next().unwrap_or_default().to_owned();
    let joined = lines.fold(first, |joined, line| joined + line.trim_start());
    joined.replace("\\\"", "\"")
}
