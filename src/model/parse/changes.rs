//! Properties that a body sets. POST and PATCH read them alike: a new resource is one that has only
//! its defaults, with the changes of its body.

use super::fields::{Fields, Property};
use super::patch::Patch;

/// The changes that a body makes to an `R`. Their values are parsed when the body is, and wait for
/// the resource that they are made to.
pub struct Changes<R>(Vec<Change<R>>);

type Change<R> = Box<dyn FnOnce(&mut R) + Send>;

impl<R: 'static> Changes<R> {
    /// None yet.
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// Reads a property that always has a value: absent keeps it, null is refused.
    #[must_use]
    pub fn value<T: Property + Send + 'static>(
        mut self,
        fields: &mut Fields<'_>,
        name: &str,
        place: fn(&mut R) -> &mut T,
    ) -> Self {
        if let Some(new) = fields.given(name) {
            self.0.push(Box::new(move |to| *place(to) = new));
        }
        self
    }

    /// Reads a property that can have no value: absent keeps it, null clears it.
    #[must_use]
    pub fn nullable<T: Property + Send + 'static>(
        mut self,
        fields: &mut Fields<'_>,
        name: &str,
        place: fn(&mut R) -> &mut Option<T>,
    ) -> Self {
        let patch: Patch<T> = fields.patch(name);
        if patch.is_sent() {
            self.0.push(Box::new(move |to| patch.apply(place(to))));
        }
        self
    }

    /// Makes them.
    pub fn apply(self, to: &mut R) {
        for change in self.0 {
            change(to);
        }
    }
}
