//! Many clients, slow clients, and hostile clients.

mod connections;
mod deadlines;
mod guessing;
mod rate_limits;
mod slow_queries;
