//! What an upload did.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::transfer::remote::problem::Problem;

#[derive(Clone, Debug, Default, Serialize)]
pub struct UploadReport {
    pub customers: Sent,
    pub contacts: Sent,
    pub onboardings: Sent,
    /// Fields that the other server doesn't have or has changed, such as `customer.tags`, with the
    /// number of objects.
    pub changed_fields: BTreeMap<String, u64>,
    pub problems: Vec<Problem>,
}

/// The objects of one type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sent {
    pub created: u64,
    /// Created by an earlier run.
    pub existing: u64,
    /// Not accepted.
    pub refused: u64,
    /// Left out because their customer doesn't exist on the other server.
    pub left_out: u64,
}
