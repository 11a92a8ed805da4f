//! Objects that the other server doesn't accept.

use std::fmt::{self, Display, Formatter};

use serde::Serialize;

use super::kind::Kind;
use super::reply::ApiFault;

/// An object that was not created, and why. Displayed as one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub object: Kind,
    pub id: String,
    pub display_id: i64,
    /// At least one.
    pub errors: Vec<ApiFault>,
}

impl Display for Problem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} (display_id {}): ", self.object.as_str(), self.id, self.display_id)?;
        for (number, error) in self.errors.iter().enumerate() {
            if number > 0 {
                f.write_str("; ")?;
            }
            match (&*error.code, &*error.message) {
                ("", message) => f.write_str(message)?,
                (code, message) => write!(f, "{code}: {}", message.trim_end_matches('.'))?,
            }
        }
        Ok(())
    }
}
