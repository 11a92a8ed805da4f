//! The routes of a socket: the API with its documentation and with test control, the admin pages,
//! or both.

use actix_web::web::{self, Data, ServiceConfig};

use crate::admin::{self, Admin};
use crate::api::{self, Api};
use crate::docs;
use crate::service::Service;
use crate::service::access_log::ServesApi;
use crate::test_control::{self, Control};

#[derive(Clone)]
pub(super) struct Routes {
    pub service: Data<Service>,
    pub api: Option<Data<Api>>,
    pub control: Option<Data<Control>>,
    pub admin: Option<Data<Admin>>,
}

impl Routes {
    pub fn configure(self, config: &mut ServiceConfig) {
        config.app_data(self.service);
        // Unknown paths get the API's 404 if the API is served here, otherwise the admin pages'.
        config.default_service(match self.api {
            Some(_) => web::to(api::no_route),
            None => web::to(admin::no_page),
        });
        if let Some(api) = self.api {
            config.app_data(ServesApi).app_data(api).configure(api::configure);
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
