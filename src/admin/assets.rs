//! The style sheet, the script and the icon. They are part of the binary; the hash in an address
//! names the content, so that browsers may keep it for good.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use blake2::{Blake2s256, Digest};

use crate::admin::error::AdminError;
use crate::admin::session::cookie::hex;
use crate::admin::state::Admin;
use crate::admin::visit::refuse;
use crate::http::headers::{self, LASTING, Scripts};
use crate::service::access_log::UsedOperation;

/// Bytes of the hash that stand in an address.
const HASH: usize = 8;

struct Asset {
    name: &'static str,
    kind: &'static str,
    content: &'static str,
}

const STYLE: Asset = Asset {
    name: "admin.css",
    kind: "text/css; charset=utf-8",
    content: concat!(include_str!("../../assets/base.css"), include_str!("../../assets/admin.css")),
};
const SCRIPT: Asset = Asset {
    name: "admin.js",
    kind: "text/javascript; charset=utf-8",
    content: include_str!("../../assets/admin.js"),
};
const ICON: Asset = Asset {
    name: "icon.svg",
    kind: "image/svg+xml",
    content: include_str!("../../assets/icon.svg"),
};

/// Where the assets are found. For the layout.
#[derive(Clone)]
pub(in crate::admin) struct Assets {
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
}

fn hash(content: &str) -> String {
    hex(&Blake2s256::digest(content)[..HASH])
}

/// GET `/admin/assets/{hash}/{name}`: no session, no cookie.
pub(in crate::admin) async fn show(request: HttpRequest, admin: Data<Admin>) -> HttpResponse {
    request.extensions_mut().insert(UsedOperation("admin-asset"));
    let path = request.path();
    let known = [(&STYLE, &admin.assets.style), (&SCRIPT, &admin.assets.script)]
        .into_iter()
        .chain([(&ICON, &admin.assets.icon)])
        .find(|(_, address)| *address == path);
    let Some((asset, _)) = known else {
        return refuse(&request, AdminError::NoPage);
    };
    let mut response = HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, asset.kind))
        .insert_header((CACHE_CONTROL, LASTING))
        .body(asset.content);
    headers::add(&mut response, Scripts::AskNothing);
    response
}
