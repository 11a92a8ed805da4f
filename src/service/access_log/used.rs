//! What handlers and errors tell the access log about a request, in its extensions and those of its
//! response.

use std::sync::Arc;

use actix_web::web::Bytes;

use crate::model::values::slug::Slug;
use crate::store::Credentials;

/// The API key of a request, stored in its extensions after authentication. Also present if the key
/// was revoked.
pub(crate) struct UsedKey(pub Arc<Credentials>);

/// The workspace that a signed-in user of the admin pages has chosen, stored in the extensions of
/// the request.
pub(crate) struct UsedWorkspace(pub Slug);

/// The operation that handles a request, stored in its extensions.
#[derive(Clone, Copy)]
pub(crate) struct UsedOperation {
    pub id: &'static str,
    pub kind: OperationKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OperationKind {
    Api,
    /// A health check of the API.
    Probe,
    AdminPage,
    /// A style sheet, script, or image of the admin pages.
    Asset,
    Docs,
    TestControl,
}

impl UsedOperation {
    pub fn new(id: &'static str, kind: OperationKind) -> Self {
        Self { id, kind }
    }

    /// Returns whether its requests would fill the log without saying anything about the use of the
    /// server.
    pub(super) fn is_background_noise(self) -> bool {
        match self.kind {
            OperationKind::Probe | OperationKind::Asset | OperationKind::Docs => true,
            OperationKind::Api | OperationKind::AdminPage | OperationKind::TestControl => false,
        }
    }
}

/// What test control records of a request in addition, stored in its extensions after
/// authentication.
pub(crate) struct Observed {
    pub workspace: Slug,
    /// `None` until it is read.
    pub body: Option<Bytes>,
    /// The ID of the fault that applied.
    pub fault: Option<String>,
}

/// App data that marks a listener that serves the API. The separate port for the admin pages
/// doesn't have it.
pub(crate) struct ServesApi;
