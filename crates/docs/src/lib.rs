//! Generates everything that is served under `/docs`, from the Markdown in `docs` and the API's
//! OpenAPI document. The server's build script calls it.
//!
//! In this order:
//! 1. `sources` reads `docs/site.toml`, which lists the pages, and the Markdown of each page. Some
//!    pages have no file of their own: `reference` writes one for each endpoint in
//!    `docs/openapi.json`, and `sources` makes the configuration and the changelog from
//!    `config.toml` and `CHANGELOG.md`.
//! 2. `markdown` parses each page into an outline: title, description, headings with their anchors.
//! 3. Once all outlines are known, `markdown` resolves the links between pages, highlights code and
//!    renders each page twice: as HTML, and as Markdown whose links work from anywhere.
//! 4. `site` puts the frame around the HTML (`templates`), and adds the search index, the indexes
//!    for language models, redirects, style sheets and scripts.
//! 5. `output` writes the files and a table of them, which `src/docs` of the server embeds.
//!
//! Nothing is written if anything is wrong. All problems are reported at once (`problem`).

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

/// Reads the sources below `root`, and writes what is served to the directory `out`. The pages show
/// the server's `version`.
///
/// # Errors
/// Everything that is wrong with the sources, such as links that lead nowhere.
pub fn generate(root: &Path, out: &Path, version: &str) -> Result<(), Problems> {
    let files = site::build(root, version)?;
    output::write(&files, out).map_err(|error| Problems::new(&out.display().to_string(), error))
}
