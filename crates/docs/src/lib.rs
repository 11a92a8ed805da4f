//! Generates everything that the server serves under `/docs` from the Markdown in `docs` and the
//! OpenAPI document. The server's build script calls it.
//!
//! The steps, in order:
//! 1. `sources` reads `docs/site.toml`, which lists the pages, and the Markdown of each page. Some
//!    pages have no file of their own: `reference` writes one for each endpoint in
//!    `docs/openapi.json`, and `sources` generates the configuration page from `config.toml` and
//!    the changelog from `CHANGELOG.md`.
//! 2. `markdown` parses each page into an outline: title, description, and headings with anchors.
//! 3. With all outlines known, `markdown` resolves the links between pages, highlights code, and
//!    renders each page as HTML and as Markdown with absolute links.
//! 4. `site` wraps the HTML in the layout (`templates`) and adds the search index, the `llms.txt`
//!    files, redirects, style sheets, and scripts.
//! 5. `output` writes the files and a table of them, which the server embeds (`src/docs`).
//!
//! If there is any problem, nothing is written, and all problems are reported together (`problem`).

mod escape;
mod hash;
mod markdown;
mod output;
mod problem;
mod read;
mod reference;
mod site;
mod sources;
mod urls;

use std::path::Path;

pub use problem::Problems;
pub use read::SOURCES;

/// Generates the site from the sources below `root` and writes it to the directory `out`. The pages
/// show `version`.
///
/// # Errors
/// Returns all problems with the sources, such as broken links.
pub fn generate(root: &Path, out: &Path, version: &str) -> Result<(), Problems> {
    let files = site::build(root, version)?;
    output::write(&files, out).map_err(|error| Problems::new(&out.display().to_string(), error))
}
