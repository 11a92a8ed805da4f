//! The configuration page, generated from `config.toml`. The first comment is the introduction. Every
//! other comment describes the settings below it.

use toml::{Table, Value};

/// Settings that share a comment.
#[derive(Default)]
struct Entry {
    comment: Vec<String>,
    /// Names, including the table, and default values.
    settings: Vec<(String, String)>,
}

pub fn page(config: &str) -> Result<String, String> {
    let mut blocks = config.split("\n\n");
    let lead = blocks.next().unwrap_or_default();
    let mut page = format!("# Configuration\n\n{}\n", comment(lead).join("\n"));
    let mut listed = Vec::new();
    let mut table = "";
    page += "\n## Server\n";
    for block in blocks {
        let mut entry = Entry { comment: comment(block), ..Entry::default() };
        for line in block.lines().filter(|line| !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                table = name;
                page += &format!("\n## `[{table}]`\n");
            } else {
                let (name, value) = line.split_once(" = ").ok_or_else(|| not_a_setting(line))?;
                let dot = if table.is_empty() { "" } else { "." };
                entry.settings.push((format!("{table}{dot}{name}"), value.to_owned()));
            }
        }
        listed.extend(entry.settings.iter().map(|(name, _)| name.clone()));
        page += &entry.markdown()?;
    }
    let parsed = config.parse::<Table>().map_err(|error| error.to_string())?;
    listed.sort();
    if listed != names(&parsed) {
        return Err(format!("only these settings were recognized: {listed:?}"));
    }
    page += &format!(
        "\n## Complete file\n\nAll settings with their defaults.\n\n```toml\n{config}```\n"
    );
    Ok(page)
}

impl Entry {
    fn markdown(&self) -> Result<String, String> {
        let names: Vec<String> =
            self.settings.iter().map(|(name, _)| format!("`{name}`")).collect();
        if names.is_empty() || self.comment.is_empty() {
            return Err("has a comment without settings, or settings without a comment".to_owned());
        }
        let mut text = format!("\n### {}\n\n{}\n", names.join(", "), self.comment.join("\n"));
        if let [(name, default)] = &self.settings[..] {
            let variable = environment_variable(name);
            text += &format!("\n- Default: `{default}`\n- Environment variable: `{variable}`\n");
            return Ok(text);
        }
        text += "\n| Setting | Default | Environment variable |\n| --- | --- | --- |\n";
        for (name, default) in &self.settings {
            text += &format!("| `{name}` | `{default}` | `{}` |\n", environment_variable(name));
        }
        Ok(text)
    }
}

fn environment_variable(name: &str) -> String {
    format!("PIVOTAL_{}", name.replace('.', "_").to_uppercase())
}

/// Returns the lines of the block's comment.
fn comment(block: &str) -> Vec<String> {
    let text = |line: &str| line.strip_prefix('#').map(|text| text.trim_start().to_owned());
    block.lines().filter_map(text).collect()
}

/// Returns the sorted names of all settings.
fn names(table: &Table) -> Vec<String> {
    let names = |(name, value): (&String, &Value)| match value {
        Value::Table(inner) => names(inner).iter().map(|inner| format!("{name}.{inner}")).collect(),
        _ => vec![name.clone()],
    };
    let mut names: Vec<String> = table.iter().flat_map(names).collect();
    names.sort();
    names
}

fn not_a_setting(line: &str) -> String {
    format!("has a line that is not a setting: {line:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "# What this is.\n#\n# More.\n\n# Where it listens.\nlisten = \"a:1\"\n\n\
                          [limits]\n# How many.\n#\n# At most.\none = 1\ntwo = 2\n";

    #[test]
    fn every_setting_is_listed_with_its_comment_default_and_environment_variable() {
        let page = page(CONFIG).unwrap();
        for text in [
            "# Configuration\n\nWhat this is.\n\nMore.\n",
            "### `listen`\n\nWhere it listens.\n",
            "- Default: `\"a:1\"`\n- Environment variable: `PIVOTAL_LISTEN`\n",
            "## `[limits]`\n\n### `limits.one`, `limits.two`\n\nHow many.\n\nAt most.\n",
            "| `limits.one` | `1` | `PIVOTAL_LIMITS_ONE` |\n| `limits.two` | `2` |",
            "```toml\n# What this is.",
        ] {
            assert!(page.contains(text), "{text} is not in {page}");
        }
    }

    #[test]
    fn an_unrecognized_line_is_a_problem() {
        for config in ["# A\n\nlisten = 1\n", "# A\n\n# B\n", "# A\n\n# B\nlisten=1\n"] {
            assert!(page(config).is_err(), "{config:?}");
        }
    }
}
