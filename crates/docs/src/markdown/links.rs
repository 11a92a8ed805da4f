//! Resolves links. Pages link to each other by the relative path of the file, which also works on
//! code hosts. A link to a missing page or heading is a problem.

use std::collections::{BTreeMap, BTreeSet};

use crate::urls::ORIGIN;

/// The anchors of every page, by the page's path.
pub type Anchors = BTreeMap<String, BTreeSet<String>>;

#[derive(Debug, PartialEq, Eq)]
pub enum Target {
    /// A page. The fragment is empty or includes its `#`.
    Page { path: String, fragment: String },
    /// An absolute URL.
    External,
}

/// Resolves a link on the page `from`.
pub fn resolve(from: &str, link: &str, anchors: &Anchors) -> Result<Target, String> {
    if link.starts_with("https://") || link.starts_with("http://") {
        return Ok(Target::External);
    }
    if link.starts_with('/') {
        return Err(format!("the link {link} must begin with the origin: {ORIGIN}"));
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let path = if file.is_empty() { Some(from.to_owned()) } else { page_path(from, file) };
    let page = path.and_then(|path| anchors.get_key_value(&path));
    let (path, known) = page.ok_or_else(|| format!("the link {link} leads to no page"))?;
    if !anchor.is_empty() && !known.contains(anchor) {
        let known = known.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        return Err(format!("the link {link} leads to no heading. The headings are: {known}"));
    }
    let fragment = if anchor.is_empty() { String::new() } else { format!("#{anchor}") };
    Ok(Target::Page { path: path.clone(), fragment })
}

/// Returns the path of the page whose file is at `file`, relative to the page `from`.
fn page_path(from: &str, file: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in file.strip_suffix(".md")?.split('/') {
        match part {
            ".." => drop(parts.pop()?),
            "." => {}
            _ => parts.push(part),
        }
    }
    let path = parts.join("/");
    Some(if path == "index" { String::new() } else { path })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(from: &str, link: &str) -> Result<Target, String> {
        let pages = ["", "errors", "guides/ids", "guides/bulk", "reference", "reference/get-me"];
        let headings = || BTreeSet::from(["codes".to_owned()]);
        let anchors = pages.into_iter().map(|path| (path.to_owned(), headings())).collect();
        resolve(from, link, &anchors)
    }

    #[test]
    fn a_link_is_resolved_as_the_relative_path_of_a_file() {
        for (from, link, path, fragment) in [
            ("", "errors.md", "errors", ""),
            ("errors", "index.md", "", ""),
            ("errors", "guides/ids.md#codes", "guides/ids", "#codes"),
            ("guides/ids", "bulk.md", "guides/bulk", ""),
            ("guides/ids", "./bulk.md", "guides/bulk", ""),
            ("guides/ids", "../errors.md#codes", "errors", "#codes"),
            ("guides/ids", "../index.md", "", ""),
            ("guides/ids", "#codes", "guides/ids", "#codes"),
            ("reference", "reference/get-me.md", "reference/get-me", ""),
            ("reference/get-me", "../reference.md", "reference", ""),
        ] {
            let (path, fragment) = (path.to_owned(), fragment.to_owned());
            assert_eq!(resolved(from, link), Ok(Target::Page { path, fragment }), "{from} {link}");
        }
        assert_eq!(resolved("", "https://example.org/a.md#b"), Ok(Target::External));
    }

    #[test]
    fn a_link_that_leads_nowhere_is_a_problem() {
        for (from, link) in [
            ("", "nowhere.md"),
            ("", "errors"),
            ("", "errors.md#nothing"),
            ("", "#nothing"),
            ("", "../errors.md"),
            ("guides/ids", "errors.md"),
            ("guides/ids", "../../errors.md"),
            ("", "/docs/errors"),
            ("", "mailto:somebody"),
        ] {
            let problem = resolved(from, link);
            assert!(problem.is_err(), "{from} {link} is {problem:?}");
        }
    }
}
