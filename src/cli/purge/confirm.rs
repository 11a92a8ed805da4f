//! Asks before something is erased.

use std::io::{BufRead, IsTerminal};

use crate::cli::output::failure::Failure;
use crate::cli::output::stderr;

/// Asks a question on the terminal. `what` says what is about to be erased, and `verb` what the
/// command does.
pub fn confirm(what: &str, verb: &str) -> Result<(), Failure> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Failure::Other(format!(
            "stdin is not a terminal, so the command can't ask, and nothing was changed; to {verb} without a question, pass --yes"
        )));
    }
    stderr::write_line_now(&format!("{what} You can't undo this. Type `yes` to {verb}:"));
    let mut answer = String::new();
    stdin
        .lock()
        .read_line(&mut answer)
        .map_err(|error| Failure::Other(format!("can't read the answer: {error}")))?;
    if answer.trim().eq_ignore_ascii_case("yes") {
        return Ok(());
    }
    Err(Failure::Other("not confirmed, so nothing was changed".to_owned()))
}
