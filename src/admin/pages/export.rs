//! `/admin/logs.csv` and `/admin/logs.json`: exports of the audit log with its filter, newest
//! first. They are streamed in batches and hold no database connection between batches.

use std::mem::take;
use std::sync::Arc;

use super::download::{self, CSV, Part};
use crate::admin::error::AdminError;
use crate::admin::page::PageResult;
use crate::admin::visit::SignedInVisit;
use crate::model::audit::{AuditEntry, AuditFilter, AuditPage};
use crate::model::parse::page::PageRequest;
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceNo;
use crate::service::Service;
use crate::store::{ReadLimit, Reader};
use crate::transfer::csv::escape_formulas;

/// Events per batch.
const BATCH: u32 = 200;

const COLUMNS: [&str; 12] = [
    "id",
    "created_at",
    "type",
    "livemode",
    "actor_type",
    "actor_id",
    "actor_name",
    "resource_type",
    "resource_id",
    "customer_id",
    "object",
    "previous_attributes",
];

#[derive(Clone, Copy)]
enum Format {
    Csv,
    Json,
}

/// The state of an export between two batches.
struct Export {
    service: Arc<Service>,
    workspace: WorkspaceNo,
    filter: AuditFilter,
    format: Format,
    position: Position,
    /// The start of the file, until it is written.
    header: String,
    /// Whether any event was written. If so, the next one needs a separator.
    any_written: bool,
}

enum Position {
    /// Continue with the events before this time; `None` means the newest.
    Before(Option<Timestamp>),
    End,
}

/// GET `/admin/logs.csv`
pub(in crate::admin) async fn csv(visit: SignedInVisit) -> PageResult {
    export(visit, Format::Csv).await
}

/// GET `/admin/logs.json`
pub(in crate::admin) async fn json(visit: SignedInVisit) -> PageResult {
    export(visit, Format::Json).await
}

async fn export(visit: SignedInVisit, format: Format) -> PageResult {
    let filter = visit.query()?;
    let workspace = visit.workspace()?;
    let service = Arc::clone(&visit.visitor().admin().service);
    let (content_type, extension) = match format {
        Format::Csv => (CSV, "csv"),
        Format::Json => ("application/json", "json"),
    };
    let now = service.store().clock().now().to_compact();
    let name = format!("audit-log-{}-{now}.{extension}", workspace.slug);
    let export = Export {
        service,
        workspace: workspace.no,
        filter,
        format,
        position: Position::Before(None),
        header: format.header(),
        any_written: false,
    };
    download::stream(name, content_type, export, Export::next).await
}

impl Export {
    /// Returns the next part of the file.
    async fn next(mut self) -> Result<Part<Self>, AdminError> {
        let mut text = take(&mut self.header);
        while let Position::Before(before) = self.position {
            // Formats the batch on the same thread, too: values can be long, and web workers must
            // stay free for other requests.
            let service = Arc::clone(&self.service);
            let job = move |limit| self.append_batch(before, text, limit);
            (self, text) = service.page_threads.run(job).await??;
            if !text.is_empty() {
                return Ok(Some((text.into(), self)));
            }
        }
        Ok(None)
    }

    /// Reads the batch before a time and appends it to `text`.
    fn append_batch(
        mut self,
        before: Option<Timestamp>,
        mut text: String,
        limit: ReadLimit,
    ) -> Result<(Self, String), AdminError> {
        let page = PageRequest { limit: BATCH, before };
        let read =
            |reader: &Reader<'_>| reader.for_workspace(self.workspace).audit(&self.filter, &page);
        let AuditPage { entries, next, .. } = self.service.store().read_within(limit, read)?;
        for entry in &entries {
            self.format.write_entry(entry, self.any_written, &mut text)?;
            self.any_written = true;
        }
        self.position = next.map_or(Position::End, |next| Position::Before(Some(next)));
        if matches!(self.position, Position::End) {
            text.push_str(self.format.footer());
        }
        Ok((self, text))
    }
}

impl Format {
    fn header(self) -> String {
        match self {
            // Excel only recognizes UTF-8 if the file starts with a byte order mark.
            Self::Csv => format!("\u{feff}{}\r\n", COLUMNS.join(",")),
            Self::Json => "[".to_owned(),
        }
    }

    fn footer(self) -> &'static str {
        match self {
            Self::Csv => "",
            Self::Json => "\n]\n",
        }
    }

    fn write_entry(
        self,
        entry: &AuditEntry,
        any_written: bool,
        text: &mut String,
    ) -> Result<(), AdminError> {
        match self {
            Self::Csv => write_row(entry, text),
            Self::Json => {
                text.push_str(if any_written { ",\n" } else { "\n" });
                let event = serde_json::to_string(&entry.event);
                text.push_str(&event.map_err(|error| AdminError::Internal(error.to_string()))?);
            }
        }
        Ok(())
    }
}

fn write_row(entry: &AuditEntry, text: &mut String) {
    let event = &entry.event;
    let time = event.created_at.to_cursor();
    let previous = event.previous_attributes.as_ref();
    // Spreadsheets that separate cells by semicolons must not find any. In JSON, semicolons occur
    // only inside strings, so they can be escaped.
    let json = |value: &str| value.replace(';', r"\u003b");
    let (object, previous) =
        (json(event.object.get()), previous.map_or(String::new(), |value| json(value.get())));
    let cells: [&str; COLUMNS.len()] = [
        &event.id,
        &time,
        event.kind.into(),
        if event.livemode { "true" } else { "false" },
        event.actor.kind.into(),
        &event.actor.id,
        &event.actor.name,
        entry.resource.into(),
        entry.resource_id.as_str(),
        entry.customer_id.as_ref().map_or("", |id| id.as_str()),
        &object,
        &previous,
    ];
    for (index, value) in cells.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        write_cell(value, text);
    }
    text.push_str("\r\n");
}

/// Appends a cell, quoted according to RFC 4180 and with formulas disarmed.
fn write_cell(value: &str, text: &mut String) {
    let value = escape_formulas(value);
    let quoted = value.starts_with('\'') || value.contains([',', '"', ';', '\t', '\r', '\n']);
    if quoted {
        text.push('"');
    }
    text.push_str(&value.replace('"', "\"\""));
    if quoted {
        text.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_when_necessary() {
        for (value, expected) in [
            ("plain", "plain"),
            ("", ""),
            ("a b", "a b"),
            ("a,b", "\"a,b\""),
            ("a;b", "\"a;b\""),
            ("a\tb", "\"a\tb\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            ("{\"a\":1}", "\"{\"\"a\"\":1}\""),
        ] {
            let mut text = String::new();
            write_cell(value, &mut text);
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn no_cell_is_a_formula() {
        for formula in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "=HYPERLINK(\"x\")",
            "＝1",
            "＋1",
            "－1",
            "＠x",
            " =1",
            "'=1",
        ] {
            let mut text = String::new();
            write_cell(formula, &mut text);
            assert!(text.starts_with("\"'"), "{text}");
        }
        let mut text = String::new();
        write_cell("a=1", &mut text);
        assert_eq!(text, "a=1");
    }

    #[test]
    fn no_part_of_a_cell_is_a_formula_with_other_separators() {
        for (value, expected) in [
            ("a;=1", "a;'=1"),
            ("a; =1;b", "a;' =1;b"),
            ("a\t@x", "a\t'@x"),
            ("a\r\n+1", "a\r\n'+1"),
            ("a;\"=1", "a;'\"\"=1"),
            ("a;＝1", "a;'＝1"),
        ] {
            let mut text = String::new();
            write_cell(value, &mut text);
            assert_eq!(text, format!("\"{expected}\""));
        }
    }
}
