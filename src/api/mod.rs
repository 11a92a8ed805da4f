//! The HTTP API. It stands on `store` and `model`; nothing but `cli`, which starts the server,
//! may use it. `routes` lists every endpoint; the module named after an endpoint's path answers
//! it.

mod access_log;
mod activity;
mod answer;
mod app;
mod auth;
mod backups;
mod body;
mod call;
mod client_ip;
mod contacts;
mod customers;
mod error;
mod health;
mod idempotency;
mod limits;
mod me;
mod onboardings;
mod operation;
mod rate_limit;
mod request_id;
mod routes;
mod server;
mod usage;
mod verifier;

pub use self::app::App;
pub use self::server::Server;
