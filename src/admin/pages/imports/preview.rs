//! The actions of a preview: reading the file in another way, importing it, and discarding it.

use std::sync::Arc;

use super::load;
use crate::admin::imports::labels;
use crate::admin::imports::preview::{Format, Preview};
use crate::admin::imports::run::{Choices, run};
use crate::admin::page::{PageResult, see_other};
use crate::admin::visit::SignedInVisit;

/// POST `/admin/import/{id}/preview`
pub(in crate::admin) async fn update(visit: SignedInVisit) -> PageResult {
    let import = load::import(&visit)?;
    if let Some(preview) = import.preview() {
        let format = chosen_format(&visit, &preview);
        if let Some((work, file)) = import.start_check() {
            load::start_check(&visit, work, file, format);
        }
    }
    Ok(see_other(&load::path(&visit)))
}

/// POST `/admin/import/{id}/run`
pub(in crate::admin) async fn import(visit: SignedInVisit) -> PageResult {
    let import = load::import(&visit)?;
    let path = load::path(&visit);
    // Reloading the next page, or pressing the button twice, changes nothing.
    let Some(preview) = import.preview() else { return Ok(see_other(&path)) };
    let format = chosen_format(&visit, &preview);
    if format != preview.format {
        visit.set_flash("The preview was updated with your changes. Check it before you import.");
        if let Some((work, file)) = import.start_check() {
            load::start_check(&visit, work, file, format);
        }
        return Ok(see_other(&path));
    }
    let choices = Choices {
        on_conflict: visit.form().value("on_conflict").parse().unwrap_or_default(),
        deliver: visit.form().is_selected("deliver", "true"),
    };
    if preview.failure.is_none()
        && let Some((work, file)) = import.start_import()
    {
        let admin = visit.visitor().admin();
        let service = Arc::clone(&admin.service);
        admin.imports.threads.start(move |stopping| {
            run(&service, work, file, &preview.format, choices, stopping);
        });
    }
    Ok(see_other(&path))
}

/// POST `/admin/import/{id}/discard`
pub(in crate::admin) async fn discard(visit: SignedInVisit) -> PageResult {
    let import = load::import(&visit)?;
    let visitor = visit.visitor();
    visitor.admin().imports.held.discard(visitor.token(), visit.path_param("id"));
    if !import.is_importing() {
        visit.set_flash("Nothing was imported, and the file was discarded.");
    }
    Ok(see_other("/admin/import"))
}

/// Returns the format that the form asks for.
fn chosen_format(visit: &SignedInVisit, preview: &Preview) -> Format {
    let form = visit.form();
    let encoding = labels::parse_encoding(form.value("encoding")).or(preview.format.encoding);
    let delimiter = labels::parse_delimiter(form.value("delimiter")).or(preview.format.delimiter);
    // With another delimiter, the file has other columns.
    let is_same = delimiter == preview.format.delimiter;
    let field = |index| form.value(&format!("column-{index}")).to_owned();
    let fields = is_same.then(|| (0..preview.columns.len()).map(field).collect());
    Format { encoding, delimiter, fields }
}
