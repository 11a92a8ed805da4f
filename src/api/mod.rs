//! The HTTP API. It stands on `service`, `store` and `model`; nothing but `server` and, for the API's
//! description, `cli` may use it. `routes` lists every endpoint; the module named after an endpoint's
//! path answers it, and `openapi` describes it.

mod activity;
mod answer;
mod contacts;
mod customers;
mod error;
mod health;
mod me;
mod onboardings;
mod openapi;
mod operation;
mod request;
mod routes;
mod state;

pub use self::openapi::document;
pub use self::routes::{configure, no_route};
pub use self::state::Api;
