//! Prints results on stdout: as text, or as one JSON value with `--json`.

pub mod failure;
pub mod messages;
pub mod progress;
pub mod stderr;

use std::io::{self, Write};

use serde::Serialize;

use self::failure::Failure;

#[derive(Clone, Copy)]
pub struct Output {
    json: bool,
}

impl Output {
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints `value` as JSON or `text`, depending on `--json`.
    pub fn print(
        self,
        value: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        let line = if self.json {
            serde_json::to_string(value).map_err(|error| Failure::Other(error.to_string()))?
        } else {
            // Names can contain escape sequences, which a terminal would follow.
            text().replace(|char: char| char.is_control() && !matches!(char, '\n' | '\t'), " ")
        };
        let mut out = io::stdout().lock();
        writeln!(out, "{line}").and_then(|()| out.flush()).map_err(Failure::Output)
    }

    /// Like `print`, for a command that has changed something. If printing fails, the error says
    /// with `if_unprinted` what was done.
    pub fn print_after_change(
        self,
        value: &impl Serialize,
        text: impl FnOnce() -> String,
        if_unprinted: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        self.print(value, text).map_err(|failure| match failure {
            Failure::Output(source) => Failure::Unprinted { source, done: if_unprinted() },
            other => other,
        })
    }

    /// Like `print_after_change`, for a secret that is printed only once. `if_lost` says how to
    /// replace it if it was never shown.
    pub fn print_secret(
        self,
        value: &impl Serialize,
        text: impl FnOnce() -> String,
        if_lost: impl Fn() -> String,
    ) -> Result<(), Failure> {
        self.print_after_change(value, text, &if_lost)?;
        if stdout_is_discarded() {
            messages::warning(&format!("stdout is discarded; {}", if_lost()));
        }
        Ok(())
    }
}

/// Returns whether stdout is `/dev/null`. If stdout is closed, the standard library opens that.
#[cfg(unix)]
pub fn stdout_is_discarded() -> bool {
    use std::fs::{self, File};
    use std::os::fd::AsFd;
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    let is_null = || -> io::Result<bool> {
        let out = File::from(io::stdout().as_fd().try_clone_to_owned()?).metadata()?;
        let null = fs::metadata("/dev/null")?;
        Ok(out.file_type().is_char_device() && out.rdev() == null.rdev())
    };
    is_null().unwrap_or(false)
}

#[cfg(not(unix))]
pub fn stdout_is_discarded() -> bool {
    false
}

/// Formats a number with its noun: `1 event`, `2 deliveries`.
pub fn count(number: impl ToString, noun: &str) -> String {
    let number = number.to_string();
    match noun.strip_suffix("ry") {
        _ if number == "1" => format!("1 {noun}"),
        Some(stem) => format!("{number} {stem}ries"),
        None => format!("{number} {noun}s"),
    }
}

/// Formats a list: `a`, `a and b`, or `a, b, and c`.
pub fn list_of(items: &[String], conjunction: &str) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first, second] => format!("{first} {conjunction} {second}"),
        [rest @ .., last] => format!("{}, {conjunction} {last}", rest.join(", ")),
    }
}

/// Formats rows as aligned columns under a heading, each on one line.
pub fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> String {
    let one_line = |cell: &String| cell.replace(char::is_control, " ");
    let rows: Vec<[String; N]> = rows.iter().map(|row| row.each_ref().map(one_line)).collect();
    let mut widths = heading.map(|title| title.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: [&str; N]| {
        let padded: Vec<String> =
            cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let body = rows.iter().map(|row| line(std::array::from_fn(|column| row[column].as_str())));
    std::iter::once(line(heading)).chain(body).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_break_a_table() {
        let rows = [["a\nb\u{1b}[31m", "1"], ["é", "2"]].map(|row| row.map(str::to_owned));
        assert_eq!(table(["NAME", "NO"], &rows), "NAME      NO\na b [31m  1\né         2");
    }
}
