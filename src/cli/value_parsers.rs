//! Parsers of values that several commands take.

use crate::model::parse::problem::Fault;
use crate::model::values::slug::Slug;
use crate::model::values::text::Name;

pub fn parse_slug(text: &str) -> Result<Slug, String> {
    Slug::parse(text).map_err(message)
}

pub fn parse_name(text: &str) -> Result<Name, String> {
    Name::parse(text).map_err(message)
}

fn message(fault: Fault) -> String {
    fault.requirement
}
