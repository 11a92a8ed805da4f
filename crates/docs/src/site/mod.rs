//! Assembles everything that is served: pages in two forms, indexes, redirects and assets.

mod assets;
mod llms;
mod navigation;
mod page;
mod redirects;
mod search;
mod template;

use std::path::Path;

use crate::address;
use crate::output::{File, Kind};
use crate::problem::Problems;
use crate::sources;

/// Builds the site from the sources below `root`.
pub fn make(root: &Path, version: &str) -> Result<Vec<File>, Problems> {
    let sections = sources::read_all(root)?;
    let (assets, mut files) = assets::read_all(root)?;
    let pages = page::render_all(&sections)?;
    let mut put = |address: String, kind, content| files.push(File { address, kind, content });
    for page in &pages {
        put(address::twin(page.path()), Kind::Markdown, page.twin.clone());
        put(address::index(page.path()), Kind::Text, llms::one(page, &pages));
    }
    put("/llms.txt".to_owned(), Kind::Text, llms::all(&pages));
    put("/llms-full.txt".to_owned(), Kind::Text, llms::full(&pages));
    let index = search::index(&pages, sources::search_terms(root)?)?;
    put("/docs/search.json".to_owned(), Kind::Json, index);
    for (address, target) in redirects::all(&pages) {
        put(address, Kind::Moved, target);
    }
    let html = template::render_all(&pages, &assets, &navigation::menus(&sections), version);
    files.extend(html.map_err(|error| Problems::of("crates/docs/templates", error))?);
    Ok(files)
}
