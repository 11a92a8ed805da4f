//! Many clients, slow clients and hostile ones.

mod connections;
mod deadlines;
mod guessing;
mod rate_limits;
mod slow_queries;
