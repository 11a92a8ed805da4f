//! The style sheet, the script, and the icon, embedded in the binary. Their URLs contain a hash of
//! the content, so browsers can cache them forever.

use blake2::{Blake2s256, Digest};

use crate::model::hex::hex;

/// Bytes of the hash in a URL.
const HASH_BYTES: usize = 8;

pub(super) struct Asset {
    name: &'static str,
    pub content_type: &'static str,
    pub content: &'static str,
}

static STYLE: Asset = Asset {
    name: "admin.css",
    content_type: "text/css; charset=utf-8",
    content: concat!(include_str!("../../assets/base.css"), include_str!("../../assets/admin.css")),
};
static SCRIPT: Asset = Asset {
    name: "admin.js",
    content_type: "text/javascript; charset=utf-8",
    content: concat!(include_str!("../../assets/admin.js"), include_str!("../../assets/times.js")),
};
static ICON: Asset = Asset {
    name: "icon.svg",
    content_type: "image/svg+xml",
    content: include_str!("../../assets/icon.svg"),
};

/// The URL paths of the assets, for the layout.
#[derive(Clone)]
pub(super) struct Assets {
    pub style: String,
    pub script: String,
    pub icon: String,
}

impl Assets {
    pub fn new() -> Self {
        let path = |asset: &Asset| format!("/admin/assets/{}/{}", hash(asset.content), asset.name);
        Self { style: path(&STYLE), script: path(&SCRIPT), icon: path(&ICON) }
    }

    /// Finds an asset by its URL path.
    pub fn get(&self, path: &str) -> Option<&'static Asset> {
        let all = [(&STYLE, &self.style), (&SCRIPT, &self.script), (&ICON, &self.icon)];
        all.into_iter().find(|(_, asset_path)| *asset_path == path).map(|(asset, _)| asset)
    }
}

fn hash(content: &str) -> String {
    hex(&Blake2s256::digest(content)[..HASH_BYTES])
}
