//! Failed attempts at a secret, counted by the client's address. The API has one of these for keys,
//! the pages have another one for the admin's password and the setup code together.

use std::net::IpAddr;

use super::client::neighbourhood;
use super::rate_limit::{Verdict, Windows};
use crate::model::time::Timestamp;

/// Addresses that are counted at the same time.
const ADDRESSES: usize = 10_000;
/// Failed attempts that an address has in any minute.
const FAILURES: u32 = 10;

/// The attempts of the last minute.
pub(crate) struct Attempts(Windows<IpAddr>);

impl Attempts {
    /// None has failed yet.
    pub fn new() -> Self {
        Self(Windows::new(ADDRESSES))
    }

    /// Whether attempts from an address are still taken.
    ///
    /// # Errors
    /// The seconds after which they are again.
    pub fn may_try(&self, address: IpAddr, now: Timestamp) -> Result<(), i64> {
        match self.0.look(&neighbourhood(address), now, FAILURES) {
            Verdict::Within(_) => Ok(()),
            Verdict::Beyond(_, wait) => Err(wait),
        }
    }

    /// Counts an attempt that failed.
    pub fn failed(&self, address: IpAddr, now: Timestamp) {
        self.0.count(&neighbourhood(address), now, FAILURES);
    }
}
