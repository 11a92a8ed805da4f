//! Converts submitted forms into API input, and resources into forms.

pub(super) mod edit;
pub(super) mod field;
pub(super) mod form;
pub(super) mod money;
pub(super) mod new_password;
pub(super) mod resource_fields;
pub(super) mod upload;
