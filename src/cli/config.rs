//! `config`: checks the settings and prints them. It needs no database.

use serde::Serialize;

use super::context::Context;
use super::output::failure::Failure;
use super::output::messages;
use crate::settings::EffectiveSetting;

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

/// Prints all settings, after warnings on stderr. The text is TOML and a valid settings file.
pub fn run(context: &Context) -> Result<(), Failure> {
    for unknown in context.settings.unknown_variables() {
        messages::warning(&unknown.to_string());
    }
    let settings: Vec<SettingJson> = context.settings.list().map(SettingJson::from).collect();
    context.output.print(&settings, || {
        let line = |setting: &SettingJson| {
            let pair = format!("{} = {}", setting.name, setting.value);
            format!("{pair:40} # {}", setting.from)
        };
        settings.iter().map(line).collect::<Vec<_>>().join("\n")
    })
}
