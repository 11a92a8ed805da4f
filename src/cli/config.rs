//! `config`: the settings, checked and printed. No database is needed for it.

use serde::Serialize;

use super::context::Context;
use super::failure::Failure;
use super::stderr;
use crate::settings::EffectiveSetting;

/// A setting as it is printed.
#[derive(Serialize)]
struct SettingJson {
    name: &'static str,
    value: toml::Value,
    from: String,
}

impl From<EffectiveSetting> for SettingJson {
    fn from(setting: EffectiveSetting) -> Self {
        Self { name: setting.name, value: setting.value, from: setting.source.to_string() }
    }
}

/// Prints settings that were read without an error, after warnings on stderr. The text is TOML that
/// can be used as a file.
pub fn run(context: &Context) -> Result<(), Failure> {
    for unknown in context.loaded.unknown_variables() {
        stderr::write_line(&format!("warning: {unknown}"));
    }
    let shown: Vec<SettingJson> = context.loaded.list().map(SettingJson::from).collect();
    context.output.print(&shown, || {
        let line = |setting: &SettingJson| {
            let pair = format!("{} = {}", setting.name, setting.value);
            format!("{pair:40} # {}", setting.from)
        };
        shown.iter().map(line).collect::<Vec<_>>().join("\n")
    })
}
