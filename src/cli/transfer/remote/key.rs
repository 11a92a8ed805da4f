//! The API key for the other server: from the environment, or else the first line of stdin. Never
//! from an argument, which other users of the machine can see.

use std::io::{self, BufRead, IsTerminal, Read};

use crate::cli::output::failure::Failure;
use crate::model::plain_words::io_reason;
use crate::transfer::remote::key::RemoteKey;

const VARIABLE: &str = "PIVOTAL_API_KEY";
/// Longer lines aren't keys.
const MAX: u64 = 4096;

pub fn read_key() -> Result<RemoteKey, Failure> {
    if let Some(key) = std::env::var_os(VARIABLE).filter(|key| !key.is_empty()) {
        let key = key.into_string().ok().and_then(|key| RemoteKey::parse(&key));
        return key.ok_or_else(|| malformed(&format!("the environment variable {VARIABLE}")));
    }
    let line = if io::stdin().is_terminal() {
        rpassword::prompt_password("API key of the other server: ")
    } else {
        read_first_line()
    };
    let line = line.map_err(|error| {
        Failure::Other(format!("can't read the API key: {}", io_reason(&error)))
    })?;
    parse_line(&line)
}

fn parse_line(line: &str) -> Result<RemoteKey, Failure> {
    let line = line.trim_start_matches('\u{feff}').trim();
    if line.is_empty() {
        return Err(Failure::Other(format!(
            "an API key for the other server is required: set {VARIABLE}, or pass the key on the \
             first line of stdin"
        )));
    }
    RemoteKey::parse(line).ok_or_else(|| malformed("the first line of stdin"))
}

fn malformed(place: &str) -> Failure {
    Failure::Other(format!(
        "the API key in {place} is malformed: a key has only ASCII characters and no spaces"
    ))
}

fn read_first_line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().lock().take(MAX).read_line(&mut line)?;
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_key_is_not_a_missing_one() {
        assert!(parse_line("\u{feff}pivotal_abc\r\n").is_ok());
        let message = |line| parse_line(line).unwrap_err().to_string();
        assert!(message(" \n").contains("is required"));
        assert!(message("two words\n").contains("is malformed"));
        assert!(!message("two words\n").contains("words"));
    }
}
