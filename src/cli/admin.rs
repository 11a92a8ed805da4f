//! `admin set-password`

use std::io::{BufRead, IsTerminal, Read};
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::args::Admin;
use super::context::Context;
use super::failure::Failure;
use crate::model::clock::SystemClock;
use crate::model::values::password::Password;
use crate::model::values::time::Timestamp;
use crate::store::Store;

#[derive(Serialize)]
struct PasswordJson<'a> {
    password_changed_at: Timestamp,
    database: &'a Path,
}

pub fn run(context: &Context, command: &Admin) -> Result<(), Failure> {
    match command {
        Admin::SetPassword => set_password(context),
    }
}

fn set_password(context: &Context) -> Result<(), Failure> {
    let hash = read_new_password()?.hash()?;
    let database = context.dir.database();
    let is_new = !database.exists();
    // The password may be set before a server has ever run.
    let store = Store::open_or_create(&context.dir, Arc::new(SystemClock))?;
    let password_changed_at = store.write_blocking(move |tx| tx.set_password(&hash))?;
    let file = database.display();
    let text = || {
        if is_new {
            return format!(
                "The admin's password is set, in a new database, {file}. If a server runs on \
                 another one, name its directory with --data-dir.",
            );
        }
        format!(
            "The admin's password is set in {file}. Whoever was signed in has to sign in again."
        )
    };
    let done = || format!("the admin's password is set in {file} all the same");
    context.output.print_after_change(
        &PasswordJson { password_changed_at, database: &database },
        text,
        done,
    )
}

/// The new password: asked for twice without showing it, or read from what was piped in.
fn read_new_password() -> Result<Password, Failure> {
    let unreadable = |error| Failure::Other(format!("the password cannot be read: {error}"));
    if !std::io::stdin().is_terminal() {
        return parse_password(&read_first_line().map_err(unreadable)?);
    }
    let prompt = |text| rpassword::prompt_password(text).map_err(unreadable);
    let password = parse_password(&prompt("New password of the admin: ")?)?;
    if Password::parse(&prompt("The same again: ")?).is_ok_and(|again| again == password) {
        return Ok(password);
    }
    Err(Failure::Other("the two passwords differ; nothing was changed, try again".to_owned()))
}

fn read_first_line() -> std::io::Result<String> {
    let mut line = String::new();
    // Three bytes for a byte order mark, and two for the end of a line that is one byte too long.
    let most = Password::MAX as u64 + 6;
    std::io::stdin().lock().take(most).read_line(&mut line)?;
    // Editors on Windows and PowerShell begin a file with it.
    let line = line.strip_prefix('\u{feff}').unwrap_or(&line);
    let line = line.strip_suffix('\n').unwrap_or(line);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

fn parse_password(typed: &str) -> Result<Password, Failure> {
    Password::parse(typed).map_err(|fault| {
        Failure::Other(format!("the password {}; nothing was changed", fault.says))
    })
}
