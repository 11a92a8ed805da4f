//! `/_test/requests`

use actix_web::HttpResponse;
use serde_json::json;

use super::request::{ControlRequest, ControlResult};
use crate::model::parse::params::{Params, Query};
use crate::model::parse::schema::JsonSchema;
use crate::model::values::slug::Slug;

/// Selects the requests of one workspace; `None` selects all.
struct InWorkspace(Option<Slug>);

impl Query for InWorkspace {
    fn read(params: &mut Params) -> Self {
        Self(params.parse_with("workspace", Slug::schema, Vec::new, Slug::parse))
    }
}

/// GET `/_test/requests`
pub(super) async fn list(request: ControlRequest) -> ControlResult {
    let InWorkspace(workspace) = request.query()?;
    request.check_workspace(workspace.as_ref()).await?;
    let requests = request.control.state.journal.list(workspace.as_ref());
    Ok(HttpResponse::Ok().json(json!({ "data": requests })))
}

/// DELETE `/_test/requests`
pub(super) async fn clear(request: ControlRequest) -> ControlResult {
    let InWorkspace(workspace) = request.query()?;
    request.check_workspace(workspace.as_ref()).await?;
    request.control.state.journal.clear(workspace.as_ref());
    Ok(HttpResponse::NoContent().finish())
}
