//! The changelog page: `CHANGELOG.md` with an introduction.

const TITLE: &str = "# Changelog\n";
const INTRODUCTION: &str = "Changes that affect users and operators of the server, newest first.\n";

pub fn page(changelog: &str) -> Result<String, String> {
    let rest = changelog.strip_prefix(TITLE);
    let rest = rest.ok_or_else(|| format!("must begin with {TITLE:?}"))?;
    Ok(format!("{TITLE}\n{INTRODUCTION}{rest}"))
}
