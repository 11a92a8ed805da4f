//! The README's quickstart works as it is printed.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::support::{Server, command};

const README: &str = include_str!("../../../README.md");

/// The fenced blocks of a language.
fn blocks(language: &str) -> impl Iterator<Item = &'static str> {
    let fence = format!("```{language}\n");
    let rests: Vec<&str> = README.split(fence.as_str()).skip(1).collect();
    rests.into_iter().filter_map(|rest| rest.split("\n```").next())
}

/// The commands of the README, each with the output that it shows.
fn examples() -> Vec<(String, String)> {
    let split = |block: &str| {
        let lines: Vec<&str> = block.strip_prefix("$ ").unwrap().lines().collect();
        // Indented lines continue the command.
        let more = lines[1..].iter().take_while(|line| line.starts_with("  ")).count();
        let (command, output) = lines.split_at(1 + more);
        (command.join("\n"), output.join("\n"))
    };
    blocks("console").map(split).collect()
}

/// Masks what differs from run to run: IDs, times, keys, the port, and the setup code.
fn masked(text: &str) -> String {
    let mut masked = String::new();
    for word in text.split_inclusive(['"', ' ', '\n']) {
        let end = word.len() - word.chars().next_back().map_or(0, char::len_utf8);
        let plain = word[..end].trim_end_matches("\\");
        let is_id = plain.len() >= 24
            && plain.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        let is_time = plain.starts_with("20") && plain.ends_with('Z');
        let is_key = plain.starts_with("pivotal_");
        if let Some(rest) = plain.strip_prefix("http://127.0.0.1:") {
            let path = rest.find('/').map_or("", |start| &rest[start..]);
            masked += &format!("http://127.0.0.1:*{}", path.split('#').next().unwrap());
            masked += &word[end..];
        } else if is_id || is_time || is_key {
            masked.push('*');
            masked += &word[end..];
        } else {
            masked += word;
        }
    }
    masked
}

#[test]
fn the_first_start_prints_what_the_readme_shows() {
    assert!(blocks("sh").any(|block| block.ends_with("\ncargo run")));
    let shown = format!("{}\n", blocks("text").next().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let mut child = command(dir.path())
        .env("PIVOTAL_LISTEN", "127.0.0.1:0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let printed: String =
        lines.take(shown.lines().count()).map(|line| format!("{line}\n")).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(masked(&printed), masked(&shown));
}

#[test]
fn the_quickstart_prints_what_the_readme_shows() {
    let server = Server::start_new();
    let examples = examples();
    assert_eq!(examples.len(), 2);
    for (command, shown) in examples {
        let output = Command::new("bash")
            .args(["-c", &command])
            .env("URL", format!("http://{}/api/v1", server.address()))
            .env("KEY", &server.live)
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(masked(printed.trim_end()), masked(&shown), "{command}");
    }
}
