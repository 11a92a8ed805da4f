//! What these commands do to find an endpoint, and their failures.

use super::super::output::failure::Failure;
use crate::model::webhook::id::EndpointId;
use crate::store::{Store, StoreError, WriteScope};

pub fn no_such_endpoint(id: &EndpointId) -> Failure {
    Failure::NotFound(format!(
        "endpoint {id} not found; run `pivotal-server webhooks list` to see all endpoints"
    ))
}

/// Returns what changes of an endpoint touch.
pub fn scope_of(store: &Store, id: &EndpointId) -> Result<WriteScope, Failure> {
    let workspace = store.read(|reader| reader.workspace_of_endpoint(id))?;
    workspace.map(WriteScope::Workspace).ok_or_else(|| no_such_endpoint(id))
}

/// Adds to an endpoint error what to do about it.
pub fn with_advice(id: &EndpointId, error: StoreError) -> Failure {
    match error {
        StoreError::NotFound(_) => no_such_endpoint(id),
        StoreError::EndpointDisabled => Failure::Other(format!(
            "endpoint {id} is disabled; run `pivotal-server webhooks enable {id}` first"
        )),
        other => other.into(),
    }
}

pub fn other(error: impl ToString) -> Failure {
    Failure::Other(error.to_string())
}
