//! The name of an operation, and what a request needs to be allowed to use it.

use crate::model::key;

/// What a request needs to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Nothing: no key is looked at.
    Public,
    /// A valid key, whatever its scopes.
    AnyKey,
    /// A valid key that has the scope.
    Scope(key::Scope),
    /// A valid key that has at least one of the scopes.
    AnyOf(&'static [key::Scope]),
}

/// An operation's name and what it needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    /// The `operationId` of the API's description, which the log names too.
    pub id: &'static str,
    /// Who may call it.
    pub access: Access,
}
