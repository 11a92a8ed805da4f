//! Tests of reading rows.

use csv::StringRecord;
use proptest::prelude::*;

use super::records::{Defect, MAX_CELL, MAX_ROW, Record, Records};

fn records(text: &str) -> Vec<Record> {
    let mut records = Records::new(text.as_bytes(), b',');
    std::iter::from_fn(|| records.read().unwrap()).collect()
}

fn cells(record: &Record) -> Vec<&str> {
    record.cells.iter().collect()
}

#[test]
fn rows_know_the_line_on_which_they_start() {
    let found = records("a,b\r\n\r\n1,\"x\r\ny\"\n2,\"\"\"q\"\"\"\r\r3\n\n");
    let lines: Vec<_> = found.iter().map(|row| (row.line, cells(row))).collect();
    assert_eq!(
        lines,
        [(1, vec!["a", "b"]), (3, vec!["1", "x\r\ny"]), (5, vec!["2", "\"q\""]), (7, vec!["3"]),]
    );
    assert!(found.iter().all(|row| row.defect.is_none()));
    assert!(records("\n\r\n").is_empty());
}

#[test]
fn a_quote_that_is_not_closed_only_costs_its_row() {
    let found = records("a,b\n1,\"2\r\n3,4\r\n\"5\r\n6\",\"7\n8\n");
    let rows: Vec<_> = found.iter().map(|row| (row.line, cells(row), row.defect)).collect();
    assert_eq!(
        rows[..2],
        [
            (1, vec!["a", "b"], None),
            // The next quote closes it, which is not what was meant.
            (2, vec!["1", "2\r\n3,4\r\n5"], Some(Defect::TextAfterQuote)),
        ]
    );
    assert_eq!(rows[2], (5, vec!["6\"", "7"], Some(Defect::UnclosedQuote)));
    assert_eq!(rows[3..], [(6, vec!["8"], None)]);

    // A row can have cells of several lines before the quote.
    let found = records("\"1\r\n2\",\"3\r\n4,5");
    assert_eq!((cells(&found[0]), found[0].line), (vec!["1\r\n2", "3"], 1));
    assert_eq!(found[0].defect, Some(Defect::UnclosedQuote));
    assert_eq!((cells(&found[1]), found[1].line, found[1].defect), (vec!["4", "5"], 3, None));
}

#[test]
fn all_rows_after_an_open_quote_are_read() {
    let rows: String = (3..30_003).map(|n| format!("customer {n},slug-{n}\n")).collect();
    let found = records(&format!("\"legit\nimate\",0\n\"open,1\n{rows}\"open again\n"));
    assert_eq!((cells(&found[0]), found[0].defect), (vec!["legit\nimate", "0"], None));
    assert_eq!((found[1].text.as_str(), found[1].line), ("\"open,1\"", 3));
    // The quote at the end is too far away to close this one.
    assert_eq!(found[1].defect, Some(Defect::FarQuote));
    let (last, others) = found[2..].split_last().unwrap();
    assert_eq!(others.len(), 30_000);
    for (row, n) in others.iter().zip(3_u64..) {
        assert_eq!(cells(row), [format!("customer {n}"), format!("slug-{n}")]);
        assert_eq!((row.line, row.defect), (n + 1, None));
    }
    assert_eq!((last.line, last.defect), (30_004, Some(Defect::UnclosedQuote)));
}

#[test]
fn cells_that_are_too_long_are_cut_off() {
    let quoted = "ä\"\"".repeat(MAX_CELL);
    for text in
        [format!("1,\"{quoted}\",2\n3,4\n"), format!("1,{},2\n3,4\n", "x".repeat(2 * MAX_CELL))]
    {
        let found = records(&text);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].defect, Some(Defect::TooLong));
        assert_eq!((found[0].cells.len(), &found[0].cells[2]), (3, "2"));
        assert!(found[0].cells[1].len() <= MAX_CELL);
        assert_eq!((cells(&found[1]), found[1].line, found[1].defect), (vec!["3", "4"], 2, None));
    }
    // Without an end of the quotes, the line ends the cell.
    let found = records(&format!("1,\"{quoted}\n3,4\n"));
    assert_eq!((found.len(), found[0].defect), (2, Some(Defect::TooLong)));
    assert_eq!((cells(&found[1]), found[1].line), (vec!["3", "4"], 2));
}

#[test]
fn rows_that_are_too_long_are_cut_off() {
    let found = records(&format!("{}\n3,4\n", ",".repeat(3 * MAX_ROW)));
    assert_eq!(found[0].defect, Some(Defect::TooLong));
    assert!(found[0].cells.len() <= MAX_ROW + 1);
    assert_eq!(cells(&found[1]), ["3", "4"]);
}

proptest! {
    #[test]
    fn the_rows_are_those_of_the_csv_parser(text in "[ab,\"\r\n]{0,40}") {
        let rows = records(&text);
        let is_open = rows.iter().any(|row| row.defect == Some(Defect::UnclosedQuote));
        prop_assume!(!is_open);
        let reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let expected: Vec<StringRecord> = reader.into_records().map(Result::unwrap).collect();
        let found: Vec<StringRecord> = rows.into_iter().map(|row| row.cells).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn nothing_is_lost(text in "[ab,\"\r\n]{0,40}") {
        let without_breaks = |text: &str| text.replace(['\r', '\n'], "");
        let mut found = String::new();
        for row in records(&text) {
            let is_open = row.defect == Some(Defect::UnclosedQuote);
            // The quote was closed.
            let text = if is_open { row.text.strip_suffix('"').unwrap() } else { &row.text };
            found += &without_breaks(text);
        }
        prop_assert_eq!(found, without_breaks(&text));
    }
}
