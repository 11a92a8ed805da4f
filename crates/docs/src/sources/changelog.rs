//! The changelog page: `CHANGELOG.md` with an introduction.

const TITLE: &str = "# Changelog\n";
const INTRODUCTION: &str =
    "What has changed for users of the API and of the server, newest first.\n";

/// The page's Markdown.
pub fn page(changelog: &str) -> Result<String, String> {
    let rest = changelog.strip_prefix(TITLE);
    let rest = rest.ok_or_else(|| format!("does not begin with {TITLE:?}"))?;
    Ok(format!("{TITLE}\n{INTRODUCTION}{rest}"))
}
