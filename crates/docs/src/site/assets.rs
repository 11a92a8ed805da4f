//! Style sheets and scripts. Their URLs contain a hash of the content, so that browsers can cache them
//! forever.

use std::path::Path;

use crate::hash;
use crate::output::{File, Kind};
use crate::problem::Problems;
use crate::read::read;

/// The number of hex digits of the hash in a URL.
const DIGITS: usize = 16;

/// The files that are concatenated, in order.
const STYLES: [&str; 4] = ["base.css", "docs/frame.css", "docs/text.css", "docs/search.css"];
const SCRIPTS: [&str; 6] = [
    "docs/preferences.js",
    "docs/page.js",
    "docs/tabs.js",
    "docs/vendor/minisearch.js",
    "docs/search_engine.js",
    "docs/search.js",
];

/// The URLs of the assets.
pub struct Assets {
    pub style: String,
    /// A separate script, because it must run before the first paint.
    pub theme: String,
    pub script: String,
    pub try_style: String,
    pub try_script: String,
    pub icon: String,
}

pub fn read_all(root: &Path) -> Result<(Assets, Vec<File>), Problems> {
    let mut files = Vec::new();
    let mut add = |name: &str, kind, parts: &[&str]| {
        let parts = parts.iter().map(|part| read(root, &format!("assets/{part}")));
        let content = parts.collect::<Result<Vec<String>, _>>()?.concat();
        let hash = hash::hex_digest(&content);
        let path = format!("/docs/assets/{}/{name}", &hash[..DIGITS]);
        files.push(File { path: path.clone(), kind, content });
        Ok(path)
    };
    let assets = Assets {
        style: add("docs.css", Kind::Style, &STYLES)?,
        theme: add("theme.js", Kind::Script, &["docs/theme.js"])?,
        script: add("docs.js", Kind::Script, &SCRIPTS)?,
        try_style: add("try.css", Kind::Style, &["try.css"])?,
        try_script: add("try.js", Kind::Script, &["try.js"])?,
        icon: add("icon.svg", Kind::Icon, &["icon.svg"])?,
    };
    Ok((assets, files))
}
