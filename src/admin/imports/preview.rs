//! What a preview shows about a file.

use encoding_rs::Encoding;

use crate::model::transfer::Counts;
use crate::transfer::csv::ShownRow;

/// How a file is read, as detected or chosen.
#[derive(Clone, Default, PartialEq)]
pub(in crate::admin) struct Format {
    /// `None` means that it is detected.
    pub encoding: Option<&'static Encoding>,
    pub delimiter: Option<u8>,
    /// The name of each column's field, or an empty string for a column that is left out. `None`
    /// means that the fields are found by the names of the columns.
    pub fields: Option<Vec<String>>,
}

pub(in crate::admin) struct Preview {
    /// The format in which the file was read, with nothing left to detect.
    pub format: Format,
    pub columns: Vec<PreviewColumn>,
    /// The first rows, as they are read.
    pub rows: Vec<ShownRow>,
    /// The first problems.
    pub problems: Vec<RowProblem>,
    /// What an import would do with the rows, if it left conflicting ones out.
    pub counts: Counts,
    /// Why the file can't be imported like this.
    pub failure: Option<String>,
}

/// A column of the file.
pub(in crate::admin) struct PreviewColumn {
    pub header: String,
    /// Its first cell that is not empty.
    pub example: String,
    /// The name of its field, or empty.
    pub field: String,
}

pub(in crate::admin) struct RowProblem {
    pub place: String,
    pub message: String,
}

impl Preview {
    /// Creates the preview of a file that can't be imported.
    pub fn failed(format: Format, failure: String) -> Self {
        Self {
            format,
            columns: Vec::new(),
            rows: Vec::new(),
            problems: Vec::new(),
            counts: Counts::default(),
            failure: Some(failure),
        }
    }

    /// Whether some rows have problems that the preview doesn't show.
    pub fn has_more_problems(&self) -> bool {
        self.counts.rejected > self.problems.len() as u64
    }
}
