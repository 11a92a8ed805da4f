//! The style sheet, the script and the icon. They are part of the binary; the hash in an address
//! names the content, so that browsers may keep it for good.

use blake2::{Blake2s256, Digest};

use crate::model::hex::hex;

/// Bytes of the hash that stand in an address.
const HASH_BYTES: usize = 8;

/// A file that browsers ask for.
pub(super) struct Asset {
    name: &'static str,
    /// Its media type.
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
    content: include_str!("../../assets/admin.js"),
};
static ICON: Asset = Asset {
    name: "icon.svg",
    content_type: "image/svg+xml",
    content: include_str!("../../assets/icon.svg"),
};

/// Where the assets are found. For the layout.
#[derive(Clone)]
pub(super) struct Assets {
    pub style: String,
    pub script: String,
    pub icon: String,
}

impl Assets {
    /// Hashes them.
    pub fn new() -> Self {
        let address =
            |asset: &Asset| format!("/admin/assets/{}/{}", hash(asset.content), asset.name);
        Self { style: address(&STYLE), script: address(&SCRIPT), icon: address(&ICON) }
    }

    /// What is at an address.
    pub fn get(&self, path: &str) -> Option<&'static Asset> {
        let known = [(&STYLE, &self.style), (&SCRIPT, &self.script), (&ICON, &self.icon)];
        known.into_iter().find(|(_, address)| *address == path).map(|(asset, _)| asset)
    }
}

fn hash(content: &str) -> String {
    hex(&Blake2s256::digest(content)[..HASH_BYTES])
}
