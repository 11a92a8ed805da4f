//! The routes of a socket: the API with its documentation and with test control, the admin pages,
//! or both.

use actix_web::guard;
use actix_web::web::{self, Data, ServiceConfig};

use crate::admin::{self, Admin};
use crate::api::{self, Api};
use crate::docs;
use crate::http::public::cors;
use crate::http::public::mount::Mount;
use crate::service::Service;
use crate::service::access_log::{ServesApi, is_api_path};
use crate::settings::Settings;
use crate::test_control::{self, Control};

#[derive(Clone)]
pub(super) struct Routes {
    pub service: Data<Service>,
    pub api: Option<Data<Api>>,
    pub control: Option<Data<Control>>,
    pub admin: Option<Data<Admin>>,
}

impl Routes {
    /// Returns where clients reach these routes. The public URL is that of the API.
    pub fn mount(&self, settings: &Settings) -> Mount {
        let public_url = self.api.as_ref().and(settings.public_url.clone());
        Mount::new(public_url, settings.trusted_proxies.clone())
    }

    pub fn configure(self, config: &mut ServiceConfig) {
        let service = self.service.clone();
        let settings = &service.settings;
        config.app_data(self.service);
        // Unknown paths get the API's 404 if the API is served here, otherwise the admin pages'.
        config.default_service(match self.api {
            Some(_) => web::to(api::no_route),
            None => web::to(admin::no_page),
        });
        if let Some(api) = self.api {
            config.app_data(ServesApi).app_data(api);
            match cors::middleware(&settings.cors.allowed_origins) {
                // The scope has no path of its own, so the routes stay as they are.
                Some(cors) => config.service(
                    web::scope("")
                        .guard(guard::fn_guard(|request| is_api_path(request.head().uri.path())))
                        .wrap(cors)
                        .configure(api::configure)
                        .default_service(web::to(api::no_route)),
                ),
                None => config.configure(api::configure),
            };
            // The documentation is served wherever the API is.
            config.configure(docs::configure);
            if self.admin.is_none() {
                config.configure(docs::configure_root);
            }
        }
        if let Some(control) = self.control {
            config.app_data(control).configure(test_control::configure);
        }
        if let Some(admin) = self.admin {
            config.app_data(admin).configure(admin::configure);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::admin;
    use crate::model::web::public_url::PublicUrl;

    #[test]
    fn a_public_url_cannot_be_mistaken_for_a_path_of_the_server() {
        let paths = admin::entries().into_iter().map(|entry| entry.path);
        for path in paths.filter(|path| *path != "/").chain(["/api/v1", "/docs", "/_test"]) {
            let segment = path.split('/').nth(1).unwrap();
            let url = format!("https://example.com/{segment}/pivotal");
            assert_eq!(PublicUrl::parse(&url), None, "{url}");
        }
        assert!(PublicUrl::parse("https://example.com/pivotal/admin").is_some());
    }
}
