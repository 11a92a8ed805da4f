//! The API key for the other server: from the environment, or else the first line of stdin. Never
//! from an argument, which other users of the machine can see.

use std::io::{self, BufRead, IsTerminal, Read};

use crate::cli::failure::Failure;
use crate::transfer::remote::key::RemoteKey;

const VARIABLE: &str = "PIVOTAL_API_KEY";
/// Longer lines aren't keys.
const MAX: u64 = 4096;

pub fn read_key() -> Result<RemoteKey, Failure> {
    if let Some(key) = std::env::var_os(VARIABLE).filter(|key| !key.is_empty()) {
        let key = key.into_string().ok().and_then(|key| RemoteKey::parse(&key));
        return key.ok_or_else(|| {
            Failure::Other(format!(
                "the environment variable {VARIABLE} doesn't contain an API key"
            ))
        });
    }
    let line = if io::stdin().is_terminal() {
        rpassword::prompt_password("API key of the other server: ")
    } else {
        read_first_line()
    };
    let line = line.map_err(|error| Failure::Other(format!("can't read the API key: {error}")))?;
    RemoteKey::parse(line.trim_start_matches('\u{feff}')).ok_or_else(|| {
        Failure::Other(format!(
            "an API key for the other server is required: set {VARIABLE}, or pass the key on the \
             first line of stdin"
        ))
    })
}

fn read_first_line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().lock().take(MAX).read_line(&mut line)?;
    Ok(line)
}
