//! Log lines, in the format that the settings choose. Nothing in a message or in the value of a field
//! can end its line or look like another field.

mod escape;
mod format;
mod line;

pub use self::format::{set_format, write_message, write_record};
pub use self::line::Line;
