//! The lines of the file: a header, objects as the other server returned them, and after each page
//! a mark that says where the download is. Objects count once their mark is written.

use serde::{Deserialize, Serialize};

use crate::model::values::slug::Slug;
use crate::model::values::time::Timestamp;
use crate::transfer::remote::me::Organization;

pub(super) const VERSION: u32 = 1;

/// The first line: what is downloaded, and for which workspace.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Header {
    pub object: HeaderKind,
    pub version: u32,
    pub url: String,
    pub organization: Organization,
    pub workspace: Slug,
    pub started_at: Timestamp,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum HeaderKind {
    Download,
}

/// A line that completes the objects before it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MarkLine {
    pub object: MarkKind,
    #[serde(flatten)]
    pub mark: Mark,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MarkKind {
    Mark,
}

/// Where the download is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "list", rename_all = "snake_case")]
pub(in crate::transfer::remote) enum Mark {
    /// A page of the customers, and the cursor of the next one.
    Customers { next: Option<String> },
    /// A page of the onboardings.
    Onboardings { next: Option<String> },
    /// A page of a customer's contacts.
    Contacts { customer: String, next: Option<String> },
    /// The customer no longer exists.
    Gone { customer: String },
    /// Everything that was created since the lists were read.
    News,
}

impl MarkLine {
    pub fn new(mark: Mark) -> Self {
        Self { object: MarkKind::Mark, mark }
    }
}
