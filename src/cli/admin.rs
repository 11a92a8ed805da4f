//! `admin set-password`

use std::io::{BufRead, IsTerminal, Read};

use serde::Serialize;

use super::args::Admin;
use super::context::{Context, NewDatabase};
use super::output::failure::Failure;
use crate::model::plain_words::io_reason;
use crate::model::values::password::Password;
use crate::model::values::time::Timestamp;
use crate::store::WriteScope;

#[derive(Serialize)]
struct PasswordJson<'a> {
    password_changed_at: Timestamp,
    database: &'a str,
    new_database: bool,
}

pub fn run(context: &Context, command: &Admin) -> Result<(), Failure> {
    match command {
        Admin::SetPassword => set_password(context),
    }
}

fn set_password(context: &Context) -> Result<(), Failure> {
    let hash = read_new_password()?.hash()?;
    // The password can be set before the first start.
    let (store, database) = context.store_or_new()?;
    let password_changed_at =
        store.write_blocking(WriteScope::Database, move |tx| tx.set_password(&hash))?;
    let place = &database.place;
    let text = || {
        if database.is_new {
            return format!(
                "Admin password set in a new database, {place}. {}",
                NewDatabase::ELSEWHERE
            );
        }
        format!("Admin password set in {place}. Everyone who was signed in must sign in again.")
    };
    let if_unprinted = || format!("the admin password was set in {place} anyway");
    context.output.print_after_change(
        &PasswordJson { password_changed_at, database: place, new_database: database.is_new },
        text,
        if_unprinted,
    )
}

/// Prompts for the password twice without echoing it, or reads one line if stdin is not a terminal.
fn read_new_password() -> Result<Password, Failure> {
    let unreadable =
        |error| Failure::Other(format!("can't read the password: {}", io_reason(&error)));
    if !std::io::stdin().is_terminal() {
        return parse_password(&read_first_line().map_err(unreadable)?);
    }
    let prompt = |text| rpassword::prompt_password(text).map_err(unreadable);
    let password = parse_password(&prompt("New admin password: ")?)?;
    if Password::parse(&prompt("Repeat the password: ")?).is_ok_and(|again| again == password) {
        return Ok(password);
    }
    Err(Failure::Other("the passwords don't match, so nothing was changed; try again".to_owned()))
}

fn read_first_line() -> std::io::Result<String> {
    let mut line = String::new();
    // One byte more than allowed, so that a password that is too long is rejected and not cut off;
    // three for a byte order mark, and two for the line ending.
    let limit = Password::MAX as u64 + 6;
    std::io::stdin().lock().take(limit).read_line(&mut line)?;
    // Windows editors and PowerShell start files with a byte order mark.
    let line = line.strip_prefix('\u{feff}').unwrap_or(&line);
    let line = line.strip_suffix('\n').unwrap_or(line);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

fn parse_password(text: &str) -> Result<Password, Failure> {
    Password::parse(text).map_err(|fault| {
        Failure::Other(format!("the password {}; nothing was changed", fault.requirement))
    })
}
