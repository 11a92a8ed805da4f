//! The first line of an export. It says where the objects after it come from.

use serde::{Deserialize, Serialize, Serializer};

use super::entry::has_next;
use super::fault::{ImportFault, Place, json_message};
use crate::model::values::id::DisplayId;
use crate::model::values::number::MAX_SAFE;
use crate::model::values::time::Timestamp;
use crate::model::workspace::Workspace;

/// The version of the format.
const VERSION: u64 = 1;
const OBJECT: &str = "export";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Header {
    object: String,
    version: u64,
    pub workspace: SourceWorkspace,
    pub exported_at: Timestamp,
    /// Whether deleted resources are included.
    pub include_deleted: bool,
    /// Whether the events are included.
    pub events: bool,
    /// The number of lines after this one, so that an import notices if some are missing. `None`
    /// if it was not known when the header was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objects: Option<u64>,
    #[serde(default)]
    pub last: Lasts,
}

/// The workspace that was exported. An import doesn't create it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SourceWorkspace {
    pub id: String,
    pub slug: String,
    pub name: String,
}

/// The last values that the workspace allocated, whether or not their rows are included. `None` if
/// there were none.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Lasts {
    pub customer: Option<LastAllocated>,
    pub contact: Option<LastAllocated>,
    pub onboarding: Option<LastAllocated>,
    pub event: Option<LastEvent>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct LastAllocated {
    pub display_id: DisplayId,
    #[serde(serialize_with = "to_micros")]
    pub created_at: Timestamp,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct LastEvent {
    #[serde(serialize_with = "to_micros")]
    pub created_at: Timestamp,
}

fn to_micros<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.to_cursor())
}

impl Header {
    pub fn new(workspace: SourceWorkspace, exported_at: Timestamp) -> Self {
        Self {
            object: OBJECT.to_owned(),
            version: VERSION,
            workspace,
            exported_at,
            include_deleted: false,
            events: false,
            objects: None,
            last: Lasts::default(),
        }
    }

    /// Parses the first line of a file.
    ///
    /// # Errors
    /// If it is not the header of an export that this version can read.
    pub fn parse(line: &str) -> Result<Self, ImportFault> {
        let fault = |message: String| ImportFault::new(&Place::Line(1), message);
        let header: Self = serde_json::from_str(line).map_err(|error| {
            fault(format!(
                "is not the header of an export ({}); import a file that `pivotal-server export` \
                 wrote, or pass --format",
                json_message(&error)
            ))
        })?;
        if header.object != OBJECT {
            return Err(fault("is not the header of an export: object must be export".to_owned()));
        }
        if header.version != VERSION {
            return Err(fault(format!(
                "the export has version {} of the format, and this binary reads version {VERSION}; \
                 use the pivotal-server that exported it, or a newer one",
                header.version
            )));
        }
        for last in [&header.last.customer, &header.last.contact, &header.last.onboarding] {
            let Some(LastAllocated { display_id, .. }) = *last else { continue };
            if display_id.0 < 1 {
                return Err(fault("the last display_id must be at least 1".to_owned()));
            }
            if !has_next(display_id) {
                return Err(fault(format!("the last display_id must be less than {MAX_SAFE}")));
            }
        }
        Ok(header)
    }
}

impl From<&Workspace> for SourceWorkspace {
    fn from(workspace: &Workspace) -> Self {
        Self {
            id: workspace.id.to_string(),
            slug: workspace.slug.to_string(),
            name: workspace.name.as_str().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(last: i64) -> Result<Header, String> {
        let header = json!({
            "object": "export", "version": 1, "exported_at": "2026-01-01T00:00:00Z",
            "workspace": {"id": "w", "slug": "main", "name": "Main"},
            "include_deleted": false, "events": false,
            "last": {"contact": {"display_id": last, "created_at": "2026-01-01T00:00:00Z"}},
        });
        Header::parse(&header.to_string()).map_err(|fault| fault.to_string())
    }

    #[test]
    fn the_last_display_id_has_a_next_one() {
        for valid in [1, MAX_SAFE - 1] {
            assert!(parse(valid).is_ok(), "{valid}");
        }
        assert_eq!(parse(0).unwrap_err(), "line 1: the last display_id must be at least 1");
        for too_high in [MAX_SAFE, i64::MAX] {
            let fault = "line 1: the last display_id must be less than 9007199254740991";
            assert_eq!(parse(too_high).unwrap_err(), fault);
        }
    }
}
