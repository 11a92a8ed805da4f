//! What is known about deleted resources, for the pages that say so.

use super::error::StoreError;
use super::reader::WorkspaceReader;
use super::rows::live::find_including_deleted;
use super::rows::resource::Resource;
use crate::model::audit::AuditFilter;
use crate::model::event::EventType;
use crate::model::parse::page::PageRequest;
use crate::model::values::id::{Id, Ref, ResourceId};

impl WorkspaceReader<'_> {
    /// Returns the ID of a resource that was deleted, or `None` if it exists or never did.
    pub fn deleted_id<R: Resource>(
        &self,
        resource_ref: &Ref<R>,
    ) -> Result<Option<Id<R>>, StoreError> {
        match find_including_deleted(self.conn, self.workspace, resource_ref) {
            Ok(found) => Ok(found.deleted.then_some(found.id)),
            Err(StoreError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a webhook endpoint with this ID was deleted.
    pub fn had_endpoint(&self, id: ResourceId) -> Result<bool, StoreError> {
        let filter = AuditFilter {
            resource_id: Some(id),
            kind: Some(EventType::WebhookEndpointDeleted),
            ..AuditFilter::default()
        };
        Ok(!self.audit(&filter, &PageRequest { limit: 1, before: None })?.entries.is_empty())
    }
}
