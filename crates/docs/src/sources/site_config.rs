//! Reads `docs/site.toml`, which lists the pages, and the sources of each page.

use std::path::Path;

use serde::Deserialize;

use super::{changelog, configuration};
use crate::markdown::Text;
use crate::problem::Problems;
use crate::read::read;
use crate::reference::{self, Operation};

/// A section of the navigation.
pub struct Section {
    pub title: String,
    pub sources: Vec<Source>,
}

pub struct Source {
    pub text: Text,
    /// The endpoint, if this is an endpoint page.
    pub operation: Option<Operation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteConfig {
    section: Vec<SectionConfig>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SectionConfig {
    title: String,
    pages: Vec<String>,
}

const SITE_CONFIG: &str = "docs/site.toml";
const OPENAPI: &str = "docs/openapi.json";
const HOW_TO_UPDATE: &str = "update it with \
    `UPDATE_SNAPSHOT=1 cargo test --test black_box the_document_in_the_repository`";

pub fn read_all(root: &Path) -> Result<Vec<Section>, Problems> {
    let config = toml::from_str::<SiteConfig>(&read(root, SITE_CONFIG)?);
    let config = config.map_err(|error| Problems::new(SITE_CONFIG, error))?;
    let mut problems = Problems::default();
    let mut sections = Vec::new();
    for SectionConfig { title, pages } in config.section {
        let mut sources = Vec::new();
        for name in pages {
            let found = problems.record(sources_for(root, &name));
            sources.extend(found.unwrap_or_default());
        }
        sections.push(Section { title, sources });
    }
    problems.into_result(sections)
}

/// Returns the sources of an entry, which may be several pages.
fn sources_for(root: &Path, name: &str) -> Result<Vec<Source>, Problems> {
    match name {
        "reference" => reference_sources(root),
        "operate/configuration" => generated_source(root, name, "config.toml", configuration::page),
        "changelog" => generated_source(root, name, "CHANGELOG.md", changelog::page),
        _ => {
            let Some(path) = name.strip_suffix(".md") else {
                return Err(Problems::new(
                    SITE_CONFIG,
                    format!("there is no source for the page {name:?}"),
                ));
            };
            let file = format!("docs/{name}");
            let path = if path == "index" { "" } else { path };
            let markdown = read(root, &file)?;
            Ok(vec![Source::new(path, file, markdown, None)?])
        }
    }
}

fn generated_source(
    root: &Path,
    path: &str,
    file: &str,
    page: fn(&str) -> Result<String, String>,
) -> Result<Vec<Source>, Problems> {
    let text = page(&read(root, file)?);
    let markdown = text.map_err(|problem| Problems::new(file, problem))?;
    Ok(vec![Source::new(path, file.to_owned(), markdown, None)?])
}

fn reference_sources(root: &Path) -> Result<Vec<Source>, Problems> {
    let wrong = |problem: String| Problems::new(OPENAPI, problem);
    let document = serde_json::from_str(&read(root, OPENAPI)?);
    let document = document.map_err(|error| wrong(format!("{error}; {HOW_TO_UPDATE}")))?;
    let pages = reference::pages(&document).map_err(|error| wrong(error.to_string()))?;
    let source = |page: reference::Page| {
        let file = format!("{OPENAPI} ({})", page.path);
        Source::new(&page.path, file, page.markdown, page.operation)
    };
    pages.into_iter().map(source).collect()
}

impl Source {
    fn new(
        path: &str,
        file: String,
        markdown: String,
        operation: Option<Operation>,
    ) -> Result<Self, Problems> {
        Ok(Self { text: Text::parse(path, file, markdown)?, operation })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn an_unreadable_openapi_document_says_how_to_update_it() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("docs")).unwrap();
        let list = "[[section]]\ntitle = \"API\"\npages = [\"reference\"]\n";
        fs::write(root.path().join(SITE_CONFIG), list).unwrap();
        fs::write(root.path().join(OPENAPI), "<<<<<<< HEAD\n{}\n").unwrap();
        let problem = read_all(root.path()).err().unwrap().to_string();
        assert!(problem.starts_with("docs/openapi.json: expected value at line 1"), "{problem}");
        assert!(problem.contains("; update it with `UPDATE_SNAPSHOT=1 cargo test"), "{problem}");
    }
}
