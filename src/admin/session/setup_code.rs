//! The code that the server prints at its start, with which the first password is set.

use std::sync::{Mutex, PoisonError};

use crate::model::hex::random_hex;

/// Random bytes of a code.
const CODE: usize = 16;

/// The code of a process, until it was used.
pub(in crate::admin) struct SetupCode(Mutex<Option<String>>);

impl SetupCode {
    /// A new code.
    pub fn new() -> Result<Self, getrandom::Error> {
        Ok(Self(Mutex::new(Some(random_hex(CODE)?))))
    }

    /// The code, if it was not used.
    pub fn code(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends it.
    pub fn use_up(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
