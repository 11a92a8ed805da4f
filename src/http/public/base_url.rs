//! The URL at which the client reached the server: an origin and the path below which the server is
//! served.

use std::fmt;

use actix_web::HttpRequest;
use actix_web::web::Data;

use super::mount::{self, Mount};
use crate::http::origin::request_origin;
use crate::model::web::base_path::BasePath;

/// A base URL, such as `https://example.com/pivotal`. Displayed without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    pub origin: String,
    pub path: BasePath,
}

impl BaseUrl {
    /// Returns the URL for responses to this request: the public URL from the settings, or else what
    /// the request says.
    pub fn of_request(request: &HttpRequest) -> Self {
        let mount = request.app_data::<Data<Mount>>();
        let public = mount.and_then(|mount| mount.public_url.as_ref());
        let origin = public.map_or_else(
            || request_origin(request, mount.map_or(&[], |mount| &mount.trusted_proxies)),
            |public| public.origin().to_owned(),
        );
        Self { origin, path: mount::base_path(request) }
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path)
    }
}
