//! What a parser says about itself when it has nothing to parse. The API's description is made from
//! this.

use super::problem::Problem;
use super::schema::Schema;

/// What a body or a query is read from, and what can be wrong with it.
#[derive(Default)]
pub struct Declaration {
    /// The properties or parameters, in the order in which they are read.
    pub fields: Vec<Field>,
    /// The problems that the parser can report, in the same order.
    pub problems: Vec<Problem>,
}

/// A property of a body, or a parameter of a query.
pub struct Field {
    /// Its name.
    pub name: String,
    /// Whether it has to be there.
    pub required: bool,
    /// The values that it accepts.
    pub schema: Schema,
}
