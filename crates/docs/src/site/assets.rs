//! The style sheets and scripts of the pages, and where they are served: the hash in an address
//! names the content, so that browsers may keep it for good.

use std::path::Path;

use crate::hash;
use crate::output::{File, Kind};
use crate::problem::Problems;
use crate::read::read;

/// How many digits of the hash an address has.
const DIGITS: usize = 16;

/// The parts of the style sheet and of the script, in their order.
const STYLES: [&str; 4] = ["base.css", "docs/frame.css", "docs/text.css", "docs/search.css"];
const SCRIPTS: [&str; 4] = ["docs/memory.js", "docs/page.js", "docs/tabs.js", "docs/search.js"];

/// Where the assets are served. For the templates.
pub struct Assets {
    /// The look of all pages.
    pub style: String,
    /// Chooses light or dark before anything is shown.
    pub theme: String,
    /// Comfort for all pages.
    pub script: String,
    /// The look of the console.
    pub try_style: String,
    /// The console.
    pub try_script: String,
    /// The picture in a browser's tab.
    pub icon: String,
}

/// The assets, and where they are.
pub fn read_all(root: &Path) -> Result<(Assets, Vec<File>), Problems> {
    let mut files = Vec::new();
    let mut add = |name: &str, kind, parts: &[&str]| {
        let parts = parts.iter().map(|part| read(root, &format!("assets/{part}")));
        let content = parts.collect::<Result<Vec<String>, _>>()?.concat();
        let hash = hash::of(&content);
        let address = format!("/docs/assets/{}/{name}", &hash[..DIGITS]);
        files.push(File { address: address.clone(), kind, content });
        Ok(address)
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
