//! `/admin/logs.csv` and `/admin/logs.json`: all that a filter of the audit log shows, newest
//! first. It is sent as it is read, two hundred events at a time, and holds no connection to the
//! database in between.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::Bytes;
use futures_util::{StreamExt, stream};

use crate::admin::error::AdminError;
use crate::admin::page::PageResult;
use crate::admin::visit::Visit;
use crate::model::audit::{AuditEntry, AuditFilter, AuditPage};
use crate::model::parse::page::PageRequest;
use crate::model::values::time::Timestamp;
use crate::model::workspace::WorkspaceNo;
use crate::service::Service;
use crate::store::{ReadLimit, Reader};

/// Events that are read at a time.
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

/// What an export that is being sent knows from one batch to the next.
struct Export {
    service: Arc<Service>,
    workspace: WorkspaceNo,
    filter: AuditFilter,
    format: Format,
    position: Position,
    /// Whether an event was written, which the next one is separated from.
    any_written: bool,
}

enum Position {
    /// What is older than this comes next; at first everything.
    Before(Option<Timestamp>),
    End,
}

/// GET `/admin/logs.csv`
pub(in crate::admin) async fn csv(visit: Visit) -> PageResult {
    export(visit, Format::Csv).await
}

/// GET `/admin/logs.json`
pub(in crate::admin) async fn json(visit: Visit) -> PageResult {
    export(visit, Format::Json).await
}

async fn export(visit: Visit, format: Format) -> PageResult {
    let filter = visit.query()?;
    let workspace = visit.workspace()?;
    let service = Arc::clone(&visit.visitor().admin().service);
    let (kind, end) = match format {
        Format::Csv => ("text/csv; charset=utf-8; header=present", "csv"),
        Format::Json => ("application/json", "json"),
    };
    let now = service.store().clock().now().to_compact();
    // A slug is ASCII without quotes.
    let slug = workspace.slug.as_str();
    let file = format!("attachment; filename=\"audit-log-{slug}-{now}.{end}\"");
    let position = Position::Before(None);
    let export =
        Export { service, workspace: workspace.no, filter, format, position, any_written: false };
    // What goes wrong at once is told on a page; later, the file ends before its end.
    let (first, rest) = export.next(format.header()).await?.unzip();
    let rest = stream::unfold(rest, |export| async {
        match export?.next(String::new()).await {
            Ok(part) => part.map(|(bytes, export)| (Ok(bytes), Some(export))),
            Err(error) => {
                log::error!("an export of the audit log ended early: {error}");
                Some((Err(std::io::Error::other(error.to_string())), None))
            }
        }
    });
    let parts = stream::iter(first.map(Ok)).chain(rest);
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CONTENT_DISPOSITION, file))
        .streaming(parts))
}

impl Export {
    /// The next part of the file, which is never empty: an empty one would end it. `text` is what
    /// it begins with. Nothing at the end.
    async fn next(mut self, mut text: String) -> Result<Option<(Bytes, Self)>, AdminError> {
        while let Position::Before(before) = self.position {
            // What is read is also written there: values are long, and web workers have others to
            // answer.
            let service = Arc::clone(&self.service);
            let job = move |limit| self.append_batch(before, text, limit);
            (self, text) = service.page_threads.run(job).await??;
            if !text.is_empty() {
                return Ok(Some((text.into(), self)));
            }
        }
        Ok(None)
    }

    /// Appends the batch before a time.
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
            // Excel takes a file for UTF-8 only if it begins with a byte order mark.
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
    // In JSON a semicolon stands within strings only.
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
    for (position, value) in cells.iter().enumerate() {
        if position > 0 {
            text.push(',');
        }
        write_cell(value, text);
    }
    text.push_str("\r\n");
}

/// A cell as RFC 4180 has it, of which no spreadsheet makes a formula.
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

/// What a formula begins with, also in full width.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Text with an apostrophe, which makes it no formula, wherever one would begin: at its start, and
/// after what ends a cell for spreadsheets that separate cells by semicolons or tabs. To those,
/// quotes within a line mean nothing, or are taken away like spaces.
fn escape_formulas(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    if value.starts_with(['\t', '\r', '\n']) {
        text.push('\'');
    }
    for part in value.split_inclusive([';', '\t', '\r', '\n']) {
        let ignored = |c: char| c.is_whitespace() || c == '"';
        if part.trim_start_matches(ignored).starts_with(FORMULA) {
            text.push('\'');
        }
        text.push_str(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_have_to_be() {
        for (value, written) in [
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
            assert_eq!(text, written);
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
    fn no_part_of_a_cell_is_a_formula_where_cells_are_separated_otherwise() {
        for (value, written) in [
            ("a;=1", "a;'=1"),
            ("a; =1;b", "a;' =1;b"),
            ("a\t@x", "a\t'@x"),
            ("a\r\n+1", "a\r\n'+1"),
            ("a;\"=1", "a;'\"\"=1"),
            ("a;＝1", "a;'＝1"),
        ] {
            let mut text = String::new();
            write_cell(value, &mut text);
            assert_eq!(text, format!("\"{written}\""));
        }
    }
}
