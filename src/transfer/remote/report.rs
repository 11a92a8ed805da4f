//! What a download contains, and what the other server could not tell.

use std::collections::BTreeMap;

use serde::Serialize;

use super::me::Organization;
use crate::model::values::time::Timestamp;

#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub organization: Organization,
    /// When the first request of the download was made, and the last. Changes in between may be
    /// missing.
    pub started_at: Timestamp,
    pub finished_at: Timestamp,
    pub customers: Found,
    pub contacts: Found,
    pub onboardings: Found,
    /// Customers that were deleted at the source while they were downloaded.
    pub vanished_customers: Vec<String>,
    /// Contacts and onboardings that were left out because their customer was deleted.
    pub without_customer: u64,
    /// Fields that this server doesn't have, such as `customer.region`, with the number of objects
    /// that had a value.
    pub unknown_fields: BTreeMap<String, u64>,
}

/// The objects of one type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    pub read: u64,
    /// Display IDs up to the largest one that no object has: they were deleted.
    pub missing: u64,
}
