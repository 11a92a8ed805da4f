//! The changes that a request body makes to a resource. POST and PATCH share this code: POST
//! applies the changes to a resource that has only default values.

use super::fields::{FieldValue, Fields};
use super::patch::Patch;

/// The changes that a body makes to an `R`. The values are parsed with the body and applied once
/// the resource is known.
pub struct Changes<R>(Vec<Change<R>>);

type Change<R> = Box<dyn FnOnce(&mut R) + Send>;

impl<R: 'static> Changes<R> {
    pub fn empty() -> Self {
        Self(Vec::new())
    }

    /// Reads a field that always has a value: if it is absent, the value stays, and null is
    /// rejected.
    #[must_use]
    pub fn non_null<T: FieldValue + Send + 'static>(
        mut self,
        fields: &mut Fields<'_>,
        name: &str,
        field: fn(&mut R) -> &mut T,
    ) -> Self {
        if let Some(new) = fields.optional(name) {
            self.0.push(Box::new(move |to| *field(to) = new));
        }
        self
    }

    /// Reads a nullable field: if it is absent, the value stays, and null clears it.
    #[must_use]
    pub fn nullable<T: FieldValue + Send + 'static>(
        mut self,
        fields: &mut Fields<'_>,
        name: &str,
        field: fn(&mut R) -> &mut Option<T>,
    ) -> Self {
        let patch: Patch<T> = fields.patch(name);
        if patch.is_sent() {
            self.0.push(Box::new(move |to| patch.apply(field(to))));
        }
        self
    }

    pub fn apply(self, to: &mut R) {
        for change in self.0 {
            change(to);
        }
    }
}
