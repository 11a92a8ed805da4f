//! What opening a database finds out about it.

use crate::model::key::checksum::ChecksumSecret;

/// A database that was opened.
pub(in crate::store) struct Opened<D> {
    pub database: D,
    /// Whether it was created.
    pub is_new: bool,
    pub checksum_secret: ChecksumSecret,
}

impl<D> Opened<D> {
    pub fn map<E>(self, convert: impl FnOnce(D) -> E) -> Opened<E> {
        let Self { database, is_new, checksum_secret } = self;
        Opened { database: convert(database), is_new, checksum_secret }
    }
}
