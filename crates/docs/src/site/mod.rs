//! Assembles the site: pages in HTML and Markdown, indexes, redirects, and assets.

mod assets;
mod llms;
mod navigation;
mod page;
mod redirects;
mod search;
mod templates;

use std::path::Path;

use crate::output::{File, Kind};
use crate::problem::Problems;
use crate::read::read;
use crate::sources;
use crate::urls;

/// Files that are served as they are, and their sources. A test generates the schema from the parsers
/// of the server.
const FILES: [(&str, Kind, &str); 3] = [
    ("/docs/seed.schema.json", Kind::Json, "docs/seed.schema.json"),
    ("/docs/alerts.yml", Kind::Text, "docs/operate/alerts.yml"),
    ("/docs/grafana.json", Kind::Json, "docs/operate/grafana.json"),
];

/// Builds the site from the sources below `root`.
pub fn build(root: &Path, version: &str) -> Result<Vec<File>, Problems> {
    let sections = sources::read_all(root)?;
    let (assets, mut files) = assets::read_all(root)?;
    let pages = page::render_all(&sections)?;
    let mut put = |path: String, kind, content| files.push(File { path, kind, content });
    for page in &pages {
        put(urls::markdown(page.path()), Kind::Markdown, page.markdown.clone());
        put(urls::llms_index(page.path()), Kind::Text, llms::page_index(page, &pages));
    }
    put("/llms.txt".to_owned(), Kind::Text, llms::site_index(&pages));
    put("/llms-full.txt".to_owned(), Kind::Text, llms::full_text(&pages));
    let index = search::index(&pages, sources::search_terms(root)?)?;
    put("/docs/search.json".to_owned(), Kind::Json, index);
    for (path, kind, source) in FILES {
        put(path.to_owned(), kind, read(root, source)?);
    }
    for (path, target) in redirects::all(&pages) {
        put(path, Kind::Redirect, target);
    }
    let html = templates::render_all(&pages, &assets, &navigation::menus(&sections), version);
    files.extend(html.map_err(|error| Problems::new("crates/docs/templates", error))?);
    Ok(files)
}
