//! PostgreSQL: the schema and its version.

pub(in crate::store) mod connection;
#[cfg(test)]
mod parity;
pub(in crate::store) mod schema;
#[cfg(test)]
mod test_database;
#[cfg(test)]
mod tests;
pub(in crate::store) mod types;
