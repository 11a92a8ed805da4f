//! Tests that everything that can be exported comes back the same.

use std::io::Write;

use proptest::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value};
use tempfile::NamedTempFile;

use super::{CsvExport, CsvFile, CsvType, Mapping, RejectsWriter, parse_row};
use crate::model::contact::{Contact, NewContact};
use crate::model::customer::{Customer, NewCustomer};
use crate::model::parse::fields::Fields;
use crate::model::round_trip_tests::{contact_body, customer_body};
use crate::model::transfer::{CustomerKey, Entry, ImportFault};
use crate::model::values::id::{DisplayId, Id, Ref};
use crate::model::values::slug::Slug;
use crate::model::values::time::Timestamp;
use crate::transfer::observer::Rejected;

/// Text with everything that means something in a CSV file or to a spreadsheet.
fn ugly() -> impl Strategy<Value = Value> {
    let text = r#"([ '",;|\[\t\r\n=+@＝-]|[aäλ\]]){0,12}"#;
    text.prop_map(Value::from)
}

fn name() -> impl Strategy<Value = Value> {
    "[='\",;\n +@-]{0,5}[a-zä]['\";=\n]{0,5}[a-z=]".prop_map(Value::from)
}

fn times() -> impl Strategy<Value = (Timestamp, Timestamp)> {
    let millis = 0..253_402_300_799_999i64;
    (millis.clone(), millis).prop_map(|(a, b)| {
        let at = |millis| Timestamp::from_micros(millis * 1000);
        (at(a.min(b)), at(a.max(b)))
    })
}

fn customers() -> impl Strategy<Value = Vec<Customer>> {
    let body = (customer_body(), name(), ugly(), prop::collection::vec(name(), 0..4));
    let body = body.prop_map(|(mut body, name, plan, tags)| {
        body.insert("name".to_owned(), name);
        body.insert("plan".to_owned(), plan);
        body.insert("tags".to_owned(), tags.into());
        body
    });
    let customer =
        (body, times(), 1..1_000_000i64).prop_map(|(body, (created, updated), number)| {
            let new: NewCustomer = Fields::parse(&body).unwrap();
            let slug = Slug::from_name(new.name.as_str());
            let mut customer = new.create(Id::generate(), DisplayId(number), slug, created);
            customer.updated_at = updated;
            customer
        });
    prop::collection::vec(customer, 1..4)
}

fn contacts() -> impl Strategy<Value = Vec<Contact>> {
    let body = (contact_body(), name(), ugly(), "[a-zäλ+=-]{1,9}").prop_map(
        |(mut body, name, title, local)| {
            body.insert("name".to_owned(), name);
            body.insert("title".to_owned(), title);
            body.insert("email".to_owned(), format!("{local}@aurora.example").into());
            body
        },
    );
    let contact = (body, times()).prop_map(|(body, (created, updated))| {
        let new: NewContact = Fields::parse(&body).unwrap();
        let mut contact = new.create(Id::generate(), DisplayId(7), Id::generate(), created);
        contact.updated_at = updated;
        contact
    });
    prop::collection::vec(contact, 1..4)
}

/// Opens a file with this content.
fn open(content: &[u8]) -> (NamedTempFile, CsvFile) {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(content).unwrap();
    let csv = CsvFile::open(file.path(), "test.csv", None, None).unwrap();
    (file, csv)
}

fn entries(content: &[u8], csv_type: CsvType) -> Vec<Entry> {
    let (_kept, file) = open(content);
    let mapping = Mapping::new(&file.headers, None, &[]).unwrap();
    assert_eq!((mapping.csv_type, mapping.unused().count()), (csv_type, 0));
    let mut rows = file.rows().unwrap();
    let parse = |record| parse_row(&record, &mapping).unwrap_or_else(|faults| panic!("{faults:?}"));
    std::iter::from_fn(|| rows.read().unwrap()).map(parse).collect()
}

fn json(resource: &impl Serialize) -> String {
    serde_json::to_string(resource).unwrap()
}

/// Panics if a spreadsheet would see a formula, whatever its delimiter is.
fn assert_no_formulas(content: &[u8]) {
    let reader = csv::ReaderBuilder::new().has_headers(false).from_reader(content);
    for row in reader.into_records() {
        for cell in &row.unwrap() {
            for part in cell.split([';', '\t', '\r', '\n']) {
                let start = part.trim_start_matches(|c: char| c.is_whitespace() || c == '"');
                assert!(
                    !start.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']),
                    "{cell:?}"
                );
            }
        }
    }
}

proptest! {
    #[test]
    fn every_customer_comes_back(customers in customers()) {
        let mut export = CsvExport::new(Vec::new(), CsvType::Customers).unwrap();
        for customer in &customers {
            export.customer(customer).unwrap();
        }
        let content = export.finish().unwrap();
        assert_no_formulas(&content);
        let found = entries(&content, CsvType::Customers);
        prop_assert_eq!(found.len(), customers.len());
        for (entry, customer) in found.into_iter().zip(customers) {
            let Entry::Customer(row) = entry else { panic!() };
            let slug = row.body.slug.clone().unwrap();
            let created = row.created_at.unwrap();
            let mut back =
                row.body.create(row.id.unwrap(), row.display_id.unwrap(), slug, created);
            back.updated_at = row.updated_at.unwrap();
            prop_assert_eq!(json(&back), json(&customer));
        }
    }

    #[test]
    fn every_contact_comes_back(contacts in contacts()) {
        let mut export = CsvExport::new(Vec::new(), CsvType::Contacts).unwrap();
        for contact in &contacts {
            export.contact(contact, "aurora").unwrap();
        }
        let content = export.finish().unwrap();
        assert_no_formulas(&content);
        let found = entries(&content, CsvType::Contacts);
        prop_assert_eq!(found.len(), contacts.len());
        for (entry, contact) in found.into_iter().zip(contacts) {
            let Entry::Contact { customer: CustomerKey::Ref(Ref::Id(customer)), row } = entry else {
                panic!()
            };
            let created = row.created_at.unwrap();
            let mut back =
                row.body.create(row.id.unwrap(), row.display_id.unwrap(), customer, created);
            back.updated_at = row.updated_at.unwrap();
            prop_assert_eq!(json(&back), json(&contact));
        }
    }

    /// Rejected rows come back as they were, so that only what was wrong has to be corrected.
    #[test]
    fn a_rejected_row_keeps_its_meaning(
        cells in prop::collection::vec(ugly().prop_map(|text| text.as_str().unwrap().to_owned()), 1..6),
        delimiter in prop::sample::select(&super::DELIMITERS[..]),
    ) {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .from_writer(b"name,plan\n".map(|byte| if byte == b',' { delimiter } else { byte }).to_vec());
        writer.write_record(&cells).unwrap();
        let (_kept, original) = open(&writer.into_inner().unwrap());
        prop_assert_eq!(original.delimiter, delimiter);
        let Some(record) = original.rows().unwrap().read().unwrap() else { return Ok(()) };

        let place = crate::model::transfer::Place::Line(record.line);
        let faults = vec![ImportFault::new(&place, "=bad")];
        let rejected = Rejected { place, text: Some(record.text.clone()), faults };
        let mut rejects = RejectsWriter::new(Vec::new(), &original).unwrap();
        rejects.add(&rejected).unwrap();
        let content = rejects.finish().unwrap();
        let (_kept, corrected) = open(&content);
        prop_assert_eq!(&corrected.headers, &["error", "name", "plan"]);
        let again = corrected.rows().unwrap().read().unwrap().unwrap();
        prop_assert_eq!(again.cells.len(), record.cells.len() + 1);
        prop_assert_eq!(&again.cells[0], "line 2: =bad");
        for (cell, original) in again.cells.iter().skip(1).zip(&record.cells) {
            prop_assert_eq!(super::cells::text::from_cell(cell), super::cells::text::from_cell(original));
        }

        // A file of rejected rows that is rejected again doesn't get a second column of reasons.
        let rejected = Rejected { text: Some(again.text), ..rejected };
        let mut rejects = RejectsWriter::new(Vec::new(), &corrected).unwrap();
        rejects.add(&rejected).unwrap();
        prop_assert_eq!(rejects.finish().unwrap(), content);
    }
}

#[test]
fn empty_cells_leave_fields_at_their_defaults() {
    let body: Map<String, Value> = [("name".to_owned(), "Aurora".into())].into_iter().collect();
    let new: NewCustomer = Fields::parse(&body).unwrap();
    let slug = Slug::from_name("aurora");
    let created = Timestamp::from_micros(0);
    let customer = new.create(Id::from_stored("c1".to_owned()), DisplayId(7), slug, created);
    let mut export = CsvExport::new(Vec::new(), CsvType::Customers).unwrap();
    export.customer(&customer).unwrap();
    let text = String::from_utf8(export.finish().unwrap()).unwrap();
    let (_, row) = text.trim_end().split_once("\r\n").unwrap();
    let empty = "\"\",".repeat(9);
    assert_eq!(
        row,
        format!(
            "\"c1\",\"7\",\"Aurora\",\"aurora\",\"\",\"onboarding\",{empty}\"\",\
             \"1970-01-01T00:00:00.000Z\",\"1970-01-01T00:00:00.000Z\""
        )
    );
}
