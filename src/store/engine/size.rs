//! How large a database is.

use super::conn::Conn;
use super::error::Result;

/// The size of a database: of its file once the write-ahead log has been checkpointed into it, or of
/// its files on PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatabaseSize {
    pub bytes: i64,
    /// The part of it that is unused, and filled before the file grows. PostgreSQL doesn't say.
    pub free_bytes: i64,
}

impl Conn<'_> {
    pub fn database_size(self) -> Result<DatabaseSize> {
        match self {
            Self::Sqlite(conn) => {
                let pragma =
                    |name: &str| conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
                let page = pragma("page_size")?;
                let free_bytes = pragma("freelist_count")? * page;
                Ok(DatabaseSize { bytes: pragma("page_count")? * page, free_bytes })
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => {
                let sql = "SELECT pg_database_size(current_database())";
                let bytes = self.query_row(sql, (), |row| row.get(0))?;
                Ok(DatabaseSize { bytes, free_bytes: 0 })
            }
        }
    }
}
