//! What is wrong with a row of an import, and where it is.

use std::fmt::{self, Display, Formatter};

use crate::model::parse::problem::Problem;

/// Where in its source a row is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The number of a line, starting at 1.
    Line(u64),
    /// The path of a value, such as `customers[3].contacts[0]`.
    Path(String),
}

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number}"),
            Self::Path(path) => f.write_str(path),
        }
    }
}

/// Why a row can't be imported. Displayed as one line, such as `line 17: name is required`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportFault {
    pub place: Place,
    /// The field that is wrong, if it is only one.
    pub field: Option<String>,
    /// Names the field and says what is wrong.
    pub message: String,
}

impl ImportFault {
    /// Creates a fault of a row as a whole.
    pub fn new(place: &Place, message: impl Into<String>) -> Self {
        Self { place: place.clone(), field: None, message: message.into() }
    }

    pub fn from_problem(place: &Place, problem: Problem) -> Self {
        let Problem { message, field, .. } = problem;
        Self { place: place.clone(), field: Some(field), message }
    }

    pub fn from_problems(place: &Place, problems: Vec<Problem>) -> Vec<Self> {
        problems.into_iter().map(|problem| Self::from_problem(place, problem)).collect()
    }
}

/// Describes why a line is not the JSON that was expected. The line's own number is in its place.
pub(super) fn json_message(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column ", " at column ")
}

/// Describes what is wrong with JSON, without where it is.
pub(super) fn message_without_position(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    message.strip_suffix(&position).unwrap_or(&message).to_owned()
}

impl Display for ImportFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}
