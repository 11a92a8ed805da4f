//! The one-time code for setting the first password. The server prints it when it starts.

use std::sync::{Mutex, PoisonError};

use crate::model::hex::random_hex;

/// Random bytes in a code.
const BYTES: usize = 16;

/// The setup code of this process, or `None` once it was used.
pub(in crate::admin) struct SetupCode(Mutex<Option<String>>);

impl SetupCode {
    pub fn new() -> Result<Self, getrandom::Error> {
        Ok(Self(Mutex::new(Some(random_hex(BYTES)?))))
    }

    /// Returns the code, unless it was used.
    pub fn code(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Invalidates the code.
    pub fn use_up(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
