//! `/admin/import/{id}/rejected.csv`: the rows that were not imported, with the reasons.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

use super::load;
use crate::admin::error::AdminError;
use crate::admin::imports::import::Step;
use crate::admin::page::PageResult;
use crate::admin::pages::download::CSV;
use crate::admin::visit::SignedInVisit;

/// GET `/admin/import/{id}/rejected.csv`
pub(in crate::admin) async fn download(visit: SignedInVisit) -> PageResult {
    let import = load::import(&visit)?;
    let Step::Finished(outcome) = import.step(Duration::ZERO).await else {
        return Err(AdminError::PageNotFound);
    };
    if outcome.rejected.is_empty() {
        return Err(AdminError::PageNotFound);
    }
    // The name of the uploaded file could have any characters.
    let name = format!("rejected-{}.csv", <&str>::from(import.csv_type));
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, CSV))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .body(outcome.rejected.clone()))
}
