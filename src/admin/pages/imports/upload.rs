//! `/admin/import`: the form for choosing a file.

use askama::Template;

use super::load;
use crate::admin::forms::form::Form;
use crate::admin::forms::upload::MAX_FILE;
use crate::admin::imports::import::Import;
use crate::admin::imports::preview::Format;
use crate::admin::page::{self, Page, PageResult, Section, see_other};
use crate::admin::visit::SignedInVisit;
use crate::model::parse::problem::{Problem, Rule};
use crate::transfer::csv::CsvType;

/// The values of the form's field `type`. They are the names of a [`CsvType`].
const CUSTOMERS: &str = "customers";
const CONTACTS: &str = "contacts";

#[derive(Template)]
#[template(path = "admin/imports/new.html")]
struct New {
    page: Page,
    form: Form,
    types: [(&'static str, &'static str); 2],
    file_hint: String,
}

/// GET `/admin/import`
pub(in crate::admin) async fn form(visit: SignedInVisit) -> PageResult {
    let mut form = visit.visitor().query_form();
    if form.value("type").parse::<CsvType>().is_err() {
        form.set("type", CUSTOMERS.to_owned());
    }
    page::html(&new_page(&visit, form))
}

/// POST `/admin/import`
pub(in crate::admin) async fn upload(visit: SignedInVisit) -> PageResult {
    let workspace = visit.checked_workspace()?.clone();
    let csv_type = visit.form().value("type").parse::<CsvType>().ok();
    let file = visit.visitor().take_file().filter(|file| !file.content.is_empty());
    let (Some(csv_type), Some(file)) = (csv_type, file) else {
        let mut problems = Vec::new();
        if csv_type.is_none() {
            problems.push(missing("type", "type must be chosen"));
        }
        // Browsers don't keep the file when the form is shown again.
        problems.push(missing("file", "file must be chosen, and must not be empty"));
        let form = visit.form().clone().with_problems(problems);
        return page::invalid_form(&new_page(&visit, form));
    };
    let (import, work, file) = Import::start(workspace, csv_type, file.name, file.content);
    let admin = visit.visitor().admin();
    let now = admin.store().clock().monotonic();
    let id = admin.imports.held.insert(visit.visitor().token(), import, now)?;
    load::start_check(&visit, work, file, Format::default());
    Ok(see_other(&format!("/admin/import/{id}")))
}

fn missing(field: &str, message: &str) -> Problem {
    Problem { rule: Rule::MissingField, message: message.to_owned(), field: field.to_owned() }
}

fn new_page(visit: &SignedInVisit, form: Form) -> New {
    New {
        page: visit.page("Import", Section::Customers),
        form,
        types: [(CUSTOMERS, "Customers"), (CONTACTS, "Contacts")],
        file_hint: format!(
            "A CSV file of up to {} MiB, whose first row has the names of the columns. You see a \
             preview before anything is imported.",
            MAX_FILE >> 20
        ),
    }
}
