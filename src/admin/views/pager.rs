//! The links below a list that is one of the sections of a page. The section's name is its anchor and
//! the query parameter of its cursor.

use crate::admin::links::path_with_query;
use crate::model::parse::params::Params;
use crate::model::parse::problem::{Fault, Rule};
use crate::model::values::time::Timestamp;

pub(in crate::admin) struct Pager {
    pub newest: Option<String>,
    pub older: Option<String>,
}

impl Pager {
    /// Returns the links of a section that shows what is older than `before`. `next` is the cursor
    /// after it.
    pub fn of_section(
        path: &str,
        name: &str,
        before: Option<Timestamp>,
        next: Option<Timestamp>,
    ) -> Self {
        let page = |next: Timestamp| path_with_query(path, &[(name, &next.to_cursor())]);
        Self {
            newest: before.map(|_| format!("{path}#{name}")),
            older: next.map(|next| format!("{}#{name}", page(next))),
        }
    }
}

/// Reads the cursor of a section.
pub(in crate::admin) fn cursor(params: &mut Params, name: &str) -> Option<Timestamp> {
    params.parse_non_blank(name, |text| {
        let fault = || Fault::new(Rule::InvalidString, "must be a valid cursor");
        Timestamp::parse(text).ok_or_else(fault)
    })
}
