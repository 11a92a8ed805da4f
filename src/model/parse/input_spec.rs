//! What a body or query parser declares about itself. The OpenAPI document is generated from it.

use super::problem::Problem;
use super::schema::Schema;

/// The fields or parameters that a parser reads, and the problems that it can report.
#[derive(Default)]
pub struct InputSpec {
    /// In the order in which they are read.
    pub fields: Vec<FieldSpec>,
    /// In the same order as `fields`.
    pub problems: Vec<Problem>,
}

/// A field of a body or a parameter of a query.
pub struct FieldSpec {
    pub name: String,
    pub required: bool,
    /// Describes the values that are accepted.
    pub schema: Schema,
}
