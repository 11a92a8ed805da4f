//! What a cell means: text, which may start like a formula, and the values of fields.

mod formulas;
pub mod list;
pub mod text;
mod values;

pub use self::formulas::escape_formulas;
pub use self::values::to_json;
