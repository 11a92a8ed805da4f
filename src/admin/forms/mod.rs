//! From a submitted form to the parsers of the API, and from a resource to a form.

pub(super) mod edit;
pub(super) mod field;
pub(super) mod form;
pub(super) mod resource_fields;
