//! The settings that a server records so that commands check URLs and encrypt secrets as it does.

use crate::model::webhook::policy::DestinationPolicy;
use crate::store::engine::{OptionalExtension, Row, params};
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::tx::Tx;

/// The settings of the server that ran last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSettings {
    pub policy: DestinationPolicy,
    /// The fingerprint of the key that the server encrypts new secrets with.
    pub encryption_key: Option<String>,
    /// The delay before first attempts, in microseconds.
    pub first_delay: i64,
}

impl Reader<'_> {
    /// Returns the recorded settings; `None` if no server has run yet.
    pub fn webhook_settings(&self) -> Result<Option<ServerSettings>, StoreError> {
        let sql = "SELECT policy, encryption_key, first_delay FROM webhook_settings";
        let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?));
        let found = self.conn.prepare_cached(sql)?.query_row((), read).optional()?;
        let Some((policy, encryption_key, first_delay)) = found else { return Ok(None) };
        let policy = serde_json::from_str(&policy)?;
        Ok(Some(ServerSettings { policy, encryption_key, first_delay }))
    }
}

impl Tx<'_> {
    pub fn record_webhook_settings(&self, settings: &ServerSettings) -> Result<(), StoreError> {
        let sql = "INSERT INTO webhook_settings (no, policy, encryption_key, first_delay)
                   VALUES (1, ?1, ?2, ?3)
                   ON CONFLICT (no) DO UPDATE SET policy = excluded.policy,
                       encryption_key = excluded.encryption_key,
                       first_delay = excluded.first_delay";
        self.conn.prepare_cached(sql)?.execute(params![
            serde_json::to_string(&settings.policy)?,
            settings.encryption_key,
            settings.first_delay,
        ])?;
        Ok(())
    }
}
