//! PostgreSQL: connections, commits and what became of them, errors, the schema, and the writer.

pub(in crate::store) mod commit;
pub(in crate::store) mod connect;
pub(in crate::store) mod connection;
pub(in crate::store) mod database;
pub(in crate::store) mod durability;
pub(in crate::store) mod exclusive;
pub(in crate::store) mod failure;
pub(in crate::store) mod lease;
#[cfg(test)]
mod parity;
pub(in crate::store) mod schema;
#[cfg(test)]
pub(in crate::store) mod test_database;
#[cfg(test)]
mod tests;
pub(in crate::store) mod writer;
