//! PostgreSQL: the schema and its version.

#[cfg(test)]
mod parity;
pub(in crate::store) mod schema;
#[cfg(test)]
mod test_database;
#[cfg(test)]
mod tests;
