//! Whether the key of a request was read for it, or is compared with the database later.

use std::cell::Cell;
use std::rc::Rc;

use crate::api::error::ApiError;
use crate::store::{Snapshot, StoreError};

/// What is known about the key of a request.
pub(super) enum KeyState {
    /// It was read for this request, in this snapshot if it can be used for more lookups.
    Read(Option<Snapshot>),
    /// It was read for an earlier request.
    Assumed(Confirmation),
}

/// Whether the response to a request is valid although its key was only assumed.
#[derive(Clone, Default)]
pub(super) struct Confirmation(Rc<Cell<bool>>);

impl Confirmation {
    /// Takes what was read with the key.
    pub fn confirm<T>(
        &self,
        found: Result<Option<Result<T, StoreError>>, StoreError>,
    ) -> Result<T, ApiError> {
        // A database that can't be read responds to every key in the same way.
        self.0.set(!matches!(found, Ok(None)));
        let changed = || ApiError::Internal("the key has changed".to_owned());
        Ok(found?.ok_or_else(changed)??)
    }

    pub fn is_confirmed(&self) -> bool {
        self.0.get()
    }
}
