//! `/admin/import/{id}`: the preview of an import, its progress, and its result.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;

use super::load;
use crate::admin::display;
use crate::admin::forms::form::Form;
use crate::admin::imports::import::{Import, Outcome, Step};
use crate::admin::imports::labels;
use crate::admin::imports::preview::{Preview, PreviewColumn};
use crate::admin::page::{self, Page, PageResult, Section};
use crate::admin::visit::SignedInVisit;
use crate::transfer::csv::CsvType;

/// How long a page waits for the work in progress. After that it shows the progress.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Template)]
#[template(path = "admin/imports/progress.html")]
struct Progress {
    page: Page,
    path: String,
    import: Arc<Import>,
    is_importing: bool,
}

#[derive(Template)]
#[template(path = "admin/imports/preview.html")]
struct ShowPreview {
    page: Page,
    path: String,
    import: Arc<Import>,
    preview: Arc<Preview>,
    form: Form,
    encodings: Vec<(&'static str, &'static str)>,
    delimiters: Vec<(&'static str, &'static str)>,
    /// The fields that a column can be.
    fields: Vec<(&'static str, String)>,
    /// The fields of the rows that the preview shows.
    shown_fields: Vec<String>,
    on_conflict: [(&'static str, &'static str); 3],
}

#[derive(Template)]
#[template(path = "admin/imports/result.html")]
struct ShowResult {
    page: Page,
    path: String,
    import: Arc<Import>,
    outcome: Arc<Outcome>,
}

/// GET `/admin/import/{id}`
pub(in crate::admin) async fn show(visit: SignedInVisit) -> PageResult {
    let import = load::import(&visit)?;
    let path = load::path(&visit);
    let title = match import.csv_type {
        CsvType::Customers => "Import customers",
        CsvType::Contacts => "Import contacts",
    };
    let step = import.step(PATIENCE).await;
    let page = visit.page(title, Section::Customers);
    match step {
        Step::Checking => page::html(&Progress { page, path, import, is_importing: false }),
        Step::Importing => page::html(&Progress { page, path, import, is_importing: true }),
        Step::Ready(preview) => page::html(&show_preview(page, path, import, preview)),
        Step::Finished(outcome) => page::html(&ShowResult { page, path, import, outcome }),
    }
}

fn show_preview(
    page: Page,
    path: String,
    import: Arc<Import>,
    preview: Arc<Preview>,
) -> ShowPreview {
    let shown_fields = preview.columns.iter().filter(|column| !column.field.is_empty());
    let format = &preview.format;
    ShowPreview {
        form: Form::from_values([
            ("encoding", labels::encoding_value(format.encoding)),
            ("delimiter", labels::delimiter_value(format.delimiter)),
            ("on_conflict", "skip".to_owned()),
        ]),
        encodings: labels::encodings(format.encoding),
        delimiters: labels::delimiters(format.delimiter),
        fields: labels::fields(import.csv_type),
        shown_fields: shown_fields
            .map(|column| labels::field(import.csv_type, &column.field))
            .collect(),
        on_conflict: labels::ON_CONFLICT,
        page,
        path,
        import,
        preview,
    }
}

impl ShowPreview {
    fn tone(&self) -> &'static str {
        if self.preview.counts.rejected > 0 { "warn" } else { "good" }
    }

    /// Says what an import would do.
    fn summary(&self) -> String {
        let counts = &self.preview.counts;
        let parts = [
            (counts.created, "can be added"),
            (counts.skipped, "already in this workspace with other values"),
            (counts.unchanged, "already in this workspace with the same values"),
            (counts.rejected, "with problems"),
        ];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> =
            parts.map(|(count, what)| format!("{} {what}", rows(&count))).collect();
        format!("{}.", parts.join(", "))
    }
}

/// Formats a number of rows.
fn rows(count: &u64) -> String {
    display::count(i64::try_from(*count).unwrap_or(i64::MAX), "row")
}

/// Returns the name of a column, or its position if it has none.
fn header(column: &PreviewColumn, position: &usize) -> String {
    let header = labels::shorten(&column.header);
    if header.is_empty() { format!("Column {position}") } else { header }
}
