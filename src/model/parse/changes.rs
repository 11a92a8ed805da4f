//! The changes that a request body makes to a resource. POST and PATCH share this code: POST
//! applies the changes to a resource that has only default values.

use std::sync::Arc;

use super::fields::{FieldValue, Fields};
use super::patch::Patch;

/// The changes that a body makes to an `R`. The values are parsed with the body and applied once
/// the resource is known.
pub struct Changes<R>(Vec<Change<R>>);

type Change<R> = Arc<dyn Fn(&mut R) + Send + Sync>;

// Not derived: that would require `R: Clone`.
impl<R> Clone for Changes<R> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<R: 'static> Changes<R> {
    pub fn empty() -> Self {
        Self(Vec::new())
    }

    /// Reads a field that always has a value: if it is absent, the value stays, and null is
    /// rejected.
    #[must_use]
    pub fn non_null<T: FieldValue + Clone + Send + Sync + 'static>(
        mut self,
        fields: &mut Fields<'_>,
        name: &str,
        field: fn(&mut R) -> &mut T,
    ) -> Self {
        if let Some(new) = fields.optional::<T>(name) {
            self.0.push(Arc::new(move |to| *field(to) = new.clone()));
        }
        self
    }

    /// Reads a nullable field: if it is absent, the value stays, and null clears it.
    #[must_use]
    pub fn nullable<T: FieldValue + Clone + Send + Sync + 'static>(
        mut self,
        fields: &mut Fields<'_>,
        name: &str,
        field: fn(&mut R) -> &mut Option<T>,
    ) -> Self {
        let patch: Patch<T> = fields.patch(name);
        if patch.is_sent() {
            self.0.push(Arc::new(move |to| patch.clone().apply(field(to))));
        }
        self
    }

    /// Adds a change that doesn't come from the body.
    #[must_use]
    pub fn then(mut self, change: fn(&mut R)) -> Self {
        self.0.push(Arc::new(change));
        self
    }

    pub fn apply(self, to: &mut R) {
        for change in self.0 {
            change(to);
        }
    }
}
