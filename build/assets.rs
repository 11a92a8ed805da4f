//! The style sheets and scripts of the pages, and where they are served: the hash in an address
//! names the content, so that browsers may keep it for good.

use std::path::Path;

use blake2::{Blake2s256, Digest};

use super::problem::Problems;
use super::read;
use super::table::{File, Kind, hex};

/// Bytes of the hash that stand in an address.
const HASH: usize = 8;

/// Where the assets are served. For the templates.
pub struct Assets {
    /// The look of all pages.
    pub style: String,
    /// Chooses light or dark before anything is shown.
    pub theme: String,
    /// Comfort for all pages.
    pub script: String,
    /// The picture in a browser's tab.
    pub icon: String,
}

/// The assets, and where they are.
pub fn read_all(root: &Path) -> Result<(Assets, Vec<File>), Problems> {
    let mut files = Vec::new();
    let mut add = |name: &str, kind, parts: &[&str]| {
        let parts = parts.iter().map(|part| read(root, &format!("assets/{part}")));
        let content = parts.collect::<Result<Vec<String>, _>>()?.concat();
        let hash = hex(&Blake2s256::digest(&content)[..HASH]);
        let address = format!("/docs/assets/{hash}/{name}");
        files.push(File { address: address.clone(), kind, content });
        Ok(address)
    };
    let assets = Assets {
        style: add("docs.css", Kind::Style, &["base.css", "docs.css"])?,
        theme: add("theme.js", Kind::Script, &["theme.js"])?,
        script: add("docs.js", Kind::Script, &["docs.js"])?,
        icon: add("icon.svg", Kind::Icon, &["icon.svg"])?,
    };
    Ok((assets, files))
}
