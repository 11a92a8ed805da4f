//! An operation's ID and the access that it requires.

use crate::model::key;

/// The access that an operation requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// None: keys are ignored.
    Public,
    /// A valid key with any scopes.
    AnyKey,
    /// A valid key with this scope.
    Scope(key::Scope),
    /// A valid key with at least one of these scopes.
    AnyOf(&'static [key::Scope]),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    /// The `operationId` in the OpenAPI document; also appears in the access log.
    pub id: &'static str,
    pub access: Access,
}
