//! The admin account: a single row, which exists once a password has been set.

use crate::model::values::password::PasswordHash;
use crate::model::values::time::Timestamp;
use crate::store::engine::{OptionalExtension, params};
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::tx::Tx;

pub struct Account {
    pub password: PasswordHash,
    /// When the password was set. Strictly increasing, so it identifies the password.
    pub changed_at: Timestamp,
}

impl Reader<'_> {
    /// Returns the admin account, or `None` if no password has been set.
    pub fn account(&self) -> Result<Option<Account>, StoreError> {
        let sql = "SELECT password_hash, changed_at FROM admin";
        let account = self.conn.prepare_cached(sql)?.query_row((), |row| {
            Ok(Account {
                password: PasswordHash::from_stored(row.get(0)?),
                changed_at: Timestamp::from_micros(row.get(1)?),
            })
        });
        Ok(account.optional()?)
    }
}

impl Tx<'_> {
    /// Sets the admin password, replacing any earlier one, and returns the time of the change.
    pub fn set_password(&self, password: &PasswordHash) -> Result<Timestamp, StoreError> {
        let sql = "INSERT INTO admin (id, password_hash, changed_at) VALUES (1, ?1, ?2)
                   ON CONFLICT (id) DO UPDATE SET password_hash = excluded.password_hash,
                       changed_at = max(excluded.changed_at, admin.changed_at + 1)
                   RETURNING changed_at";
        let changed_at = self
            .conn
            .prepare_cached(sql)?
            .query_row(params![password.as_str(), self.now.as_micros()], |row| row.get(0))?;
        Ok(Timestamp::from_micros(changed_at))
    }

    /// Replaces the password that was set at a time, and returns the time of the change. Returns
    /// `None` if there is another password by now.
    pub fn change_password(
        &self,
        set_at: Timestamp,
        password: &PasswordHash,
    ) -> Result<Option<Timestamp>, StoreError> {
        let current = Reader { conn: self.conn }.account()?;
        if current.is_none_or(|account| account.changed_at != set_at) {
            return Ok(None);
        }
        self.set_password(password).map(Some)
    }

    /// Sets the first admin password and returns the time. Returns `None` if there already is a
    /// password.
    pub fn set_first_password(
        &self,
        password: &PasswordHash,
    ) -> Result<Option<Timestamp>, StoreError> {
        let reader = Reader { conn: self.conn };
        if reader.account()?.is_some() {
            return Ok(None);
        }
        self.set_password(password).map(Some)
    }
}
