//! The HTTP API. Only `server` and, for the API's description, `cli` may use it. `routes` lists every
//! endpoint; the module named after an endpoint's path answers and describes it, and `openapi` makes
//! the document of all descriptions.

mod activity;
mod answer;
mod contacts;
mod customers;
mod endpoint;
mod error;
mod events;
mod health;
mod me;
mod onboardings;
mod openapi;
mod operation;
mod request;
mod routes;
mod state;

pub use self::routes::{configure, document, no_route};
pub use self::state::Api;
