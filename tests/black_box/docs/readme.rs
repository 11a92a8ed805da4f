//! The README's quickstart works as it is printed.

use std::process::Command;

use crate::support::Server;

/// A command of the README and what it says that the command prints.
fn examples() -> Vec<(String, String)> {
    let readme = include_str!("../../../README.md");
    let blocks = readme.split("```console\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    let split = |block: &str| {
        let lines: Vec<&str> = block.strip_prefix("$ ").unwrap().lines().collect();
        // A command goes on in lines that are indented.
        let more = lines[1..].iter().take_while(|line| line.starts_with("  ")).count();
        let (command, printed) = lines.split_at(1 + more);
        (command.join("\n"), printed.join("\n"))
    };
    blocks.map(split).collect()
}

/// Leaves out what differs from one run to the next: ids, times, the key's prefix.
fn steady(text: &str) -> String {
    let mut steady = String::new();
    for word in text.split_inclusive(['"', ' ', '\n']) {
        let end = word.len() - word.chars().next_back().map_or(0, char::len_utf8);
        let plain = word[..end].trim_end_matches("\\");
        let is_id = plain.len() >= 24
            && plain.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        let is_time = plain.starts_with("20") && plain.ends_with('Z');
        let is_prefix = plain.starts_with("pivotal_");
        if is_id || is_time || is_prefix {
            steady.push('*');
            steady.push_str(&word[end..]);
        } else {
            steady.push_str(word);
        }
    }
    steady
}

#[test]
fn the_quickstart_prints_what_the_readme_shows() {
    let server = Server::start_new();
    let examples = examples();
    assert_eq!(examples.len(), 7);
    for (command, shown) in examples {
        let output = Command::new("bash")
            .args(["-c", &command])
            .env("URL", format!("http://{}/api/v1", server.address()))
            .env("KEY", &server.live)
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(steady(printed.trim_end()), steady(&shown), "{command}");
    }
}
