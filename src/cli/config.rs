//! `config`: the settings, checked and printed. No database is needed for it.

use serde::Serialize;

use super::context::Context;
use super::failure::Failure;
use super::stderr;
use crate::settings::Listed;

/// A setting as it is printed.
#[derive(Serialize)]
struct Shown {
    name: &'static str,
    value: toml::Value,
    from: String,
}

impl From<Listed> for Shown {
    fn from(listed: Listed) -> Self {
        Self { name: listed.name, value: listed.value, from: listed.place.to_string() }
    }
}

/// Prints settings that were read without an error, after warnings on stderr. The text is TOML that
/// can be used as a file.
pub fn run(context: &Context) -> Result<(), Failure> {
    for unknown in context.loaded.unknown_variables() {
        stderr::say(&format!("warning: {unknown}"));
    }
    let shown: Vec<Shown> = context.loaded.list().map(Shown::from).collect();
    context.output.print(&shown, || {
        let line = |setting: &Shown| {
            let pair = format!("{} = {}", setting.name, setting.value);
            format!("{pair:40} # {}", setting.from)
        };
        shown.iter().map(line).collect::<Vec<_>>().join("\n")
    })
}
