//! Turns the row of a file into a row of an import.

use serde_json::{Map, Value};

use super::cells::{text, to_json};
use super::columns::{Content, CsvType};
use super::file::{Defect, MAX_CELL, Record};
use super::mapping::{Mapping, Target};
use crate::model::parse::fields::{Body, Fields};
use crate::model::parse::problem::{Fault, Problem, Rule};
use crate::model::transfer::{CustomerKey, Entry, ImportFault, Place};
use crate::model::values::id::Ref;
use crate::model::values::slug::Slug;

/// Parses a row.
///
/// # Errors
/// Returns everything that is wrong with it, at least one fault.
pub fn parse(record: &Record, mapping: &Mapping) -> Result<Entry, Vec<ImportFault>> {
    let place = Place::Line(record.line);
    if let Err(message) = check_shape(record, mapping.columns.len()) {
        return Err(vec![ImportFault::new(&place, message)]);
    }
    let mut values = Values::read(record, mapping);
    let entry = match mapping.csv_type {
        CsvType::Customers => values.parse().map(Entry::Customer),
        CsvType::Contacts => {
            let customer = values.customer(mapping);
            values.parse().and_then(|row| Some(Entry::Contact { customer: customer?, row }))
        }
    };
    match entry {
        Some(entry) if values.problems.is_empty() => Ok(entry),
        _ => Err(ImportFault::from_problems(&place, values.problems)),
    }
}

fn check_shape(record: &Record, columns: usize) -> Result<(), String> {
    if let Some(defect) = record.defect {
        let limit = MAX_CELL / 1024;
        return Err(match defect {
            Defect::TooLong => {
                format!("a cell is longer than {limit} KiB; check that its quotes are closed")
            }
            Defect::UnclosedQuote => "a quote is opened in this row and never closed".to_owned(),
            Defect::FarQuote => {
                format!("a quote is opened in this row and not closed within {limit} KiB")
            }
            Defect::TextAfterQuote => "a cell of several lines goes on after its closing quote; \
                 close its quotes before the end of the line, or double those inside it"
                .to_owned(),
        });
    }
    let cells = record.cells.len();
    // Spreadsheets add empty cells at the end.
    let has_more = record.cells.iter().skip(columns).any(|cell| !text::is_empty(cell));
    if cells < columns || has_more {
        return Err(format!(
            "the row has {cells} cells, but the header has {columns}; check its quotes and delimiters"
        ));
    }
    Ok(())
}

/// The values of a row, and what is wrong with them so far.
#[derive(Default)]
struct Values {
    fields: Map<String, Value>,
    customer_id: Option<String>,
    customer_slug: Option<String>,
    problems: Vec<Problem>,
}

impl Values {
    /// Reads the cells. Empty ones have no value.
    fn read(record: &Record, mapping: &Mapping) -> Self {
        let mut values = Self::default();
        let (mut first, mut last) = (None, None);
        for (cell, column) in record.cells.iter().zip(&mapping.columns) {
            let (Target::Field(field), Some(text)) = (column.target, text::from_cell(cell)) else {
                continue;
            };
            match field.content {
                Content::Field(format) => match to_json(&text, format) {
                    Ok(value) => {
                        values.fields.insert(field.name.to_owned(), value);
                    }
                    Err(fault) => values.problems.push(fault.into_problem(field.name)),
                },
                Content::CustomerId => values.customer_id = Some(text.into_owned()),
                Content::CustomerSlug => values.customer_slug = Some(text.into_owned()),
                Content::FirstName => first = Some(text),
                Content::LastName => last = Some(text),
            }
        }
        if !values.fields.contains_key("name") && (first.is_some() || last.is_some()) {
            let halves: Vec<&str> =
                [&first, &last].into_iter().flatten().map(|n| n.trim()).collect();
            values.fields.insert("name".to_owned(), halves.join(" ").into());
        }
        values
    }

    /// Parses the fields with the parser of the API.
    fn parse<B: Body>(&mut self) -> Option<B> {
        match Fields::parse(&self.fields) {
            Ok(row) => Some(row),
            Err(problems) => {
                self.problems.extend(problems.into_iter().map(advise));
                None
            }
        }
    }

    /// Finds out which customer a contact belongs to. The ID decides if there are both.
    fn customer(&mut self, mapping: &Mapping) -> Option<CustomerKey> {
        let key = match (&self.customer_id, &self.customer_slug) {
            (Some(id), _) => match Ref::parse(id.trim()) {
                Some(id) => Ok(CustomerKey::Ref(id)),
                None => {
                    Err(("customer_id", "must be the ID or display ID of a customer".to_owned()))
                }
            },
            (None, Some(slug)) => Slug::parse(slug).map(CustomerKey::Slug).map_err(|fault| {
                ("customer_slug", format!("{}, as in the customer's slug", fault.requirement))
            }),
            (None, None) => {
                let has_slug = mapping.position("customer_slug").is_some();
                let field = if has_slug { "customer_slug" } else { "customer_id" };
                Err((field, "is required".to_owned()))
            }
        };
        key.map_err(|(field, requirement)| {
            let problem = Fault::new(Rule::InvalidString, requirement).into_problem(field);
            self.problems.push(problem);
        })
        .ok()
    }
}

/// Says what to do about IDs of another system.
fn advise(mut problem: Problem) -> Problem {
    if problem.field == "id" {
        problem.message.push_str("; to assign new IDs, ignore this column");
    }
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields of a row that has the given cells, or what is wrong with it.
    fn parsed(header: &[&str], row: &[&str]) -> Result<Entry, Vec<String>> {
        let headers: Vec<String> = header.iter().map(|&name| name.to_owned()).collect();
        let mapping = Mapping::new(&headers, None, &[]).unwrap();
        let record = Record { line: 7, cells: row.to_vec().into(), ..Record::default() };
        parse(&record, &mapping).map_err(|faults| faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn everything_that_is_wrong_with_a_row_is_listed() {
        let faults = parsed(
            &["id", "name", "mrr", "tags", "status", "metadata"],
            &["17", "", "1,200", "\"vip", "gone", "{]"],
        );
        assert_eq!(
            faults.err().unwrap(),
            [
                "line 7: mrr must be an integer without thousands separators or currency symbols, such as 120000",
                "line 7: tags must be a list such as vip, beta; items in double quotes must end with a quote",
                "line 7: metadata must be a JSON object, such as {\"seats\": 25}",
                "line 7: id must be an ID: c, followed by 24 to 31 lowercase letters and digits; to assign new IDs, ignore this column",
                "line 7: name is required",
                "line 7: status must be one of: onboarding, active, at_risk, churned, archived",
            ]
        );
    }

    #[test]
    fn rows_must_have_as_many_cells_as_the_header() {
        let header = ["name", "slug"];
        assert!(parsed(&header, &["Aurora", "aurora", "", " "]).is_ok());
        for row in [&["Aurora"][..], &["Aurora", "Inc.", "aurora"]] {
            let faults = parsed(&header, row).err().unwrap();
            assert!(faults[0].contains("but the header has 2"), "{faults:?}");
        }
    }

    #[test]
    fn a_contact_names_its_customer() {
        let header = ["customer_id", "customer", "email", "first name", "last name"];
        let customer = |id, slug| match parsed(&header, &[id, slug, "a@b.example", "Zoë", ""]) {
            Ok(Entry::Contact { customer, row }) => {
                assert_eq!(row.body.name.as_str(), "Zoë");
                Ok(format!("{customer:?}"))
            }
            Ok(_) => panic!(),
            Err(faults) => Err(faults),
        };
        assert_eq!(customer("7", "aurora").unwrap(), "Ref(DisplayId(7))");
        assert_eq!(customer("", "aurora").unwrap(), "Slug(Slug(\"aurora\"))");
        assert_eq!(
            customer("x", "").unwrap_err(),
            ["line 7: customer_id must be the ID or display ID of a customer"]
        );
        assert_eq!(customer("", "").unwrap_err(), ["line 7: customer_slug is required"]);
        assert!(customer("", "Aurora Inc.").is_err());
    }
}
