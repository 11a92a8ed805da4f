//! The commands in the README print what it shows.

use std::process::Command;

use crate::support::Server;

/// Returns each command in the README with its output.
fn examples() -> Vec<(String, String)> {
    let readme = include_str!("../../../README.md");
    let blocks = readme.split("```console\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    let split = |block: &str| {
        let lines: Vec<&str> = block.strip_prefix("$ ").unwrap().lines().collect();
        // Indented lines continue the command.
        let continuation = lines[1..].iter().take_while(|line| line.starts_with("  ")).count();
        let (command, output) = lines.split_at(1 + continuation);
        (command.join("\n"), output.join("\n"))
    };
    blocks.map(split).collect()
}

/// Replaces what differs between runs (ids, times, and the key's prefix) with `*`.
fn normalize(text: &str) -> String {
    let mut normalized = String::new();
    for word in text.split_inclusive(['"', ' ', '\n']) {
        let end = word.len() - word.chars().next_back().map_or(0, char::len_utf8);
        let plain = word[..end].trim_end_matches("\\");
        let is_id = plain.len() >= 24
            && plain.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        let is_time = plain.starts_with("20") && plain.ends_with('Z');
        let is_prefix = plain.starts_with("pivotal_");
        if is_id || is_time || is_prefix {
            normalized.push('*');
            normalized.push_str(&word[end..]);
        } else {
            normalized.push_str(word);
        }
    }
    normalized
}

#[test]
fn the_quickstart_prints_what_the_readme_shows() {
    let server = Server::start_new();
    let examples = examples();
    assert_eq!(examples.len(), 7);
    for (command, expected) in examples {
        let output = Command::new("bash")
            .args(["-c", &command])
            .env("URL", format!("http://{}/api/v1", server.address()))
            .env("KEY", &server.live)
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(normalize(printed.trim_end()), normalize(&expected), "{command}");
    }
}
