//! `/_test/faults`

use actix_web::HttpResponse;
use serde_json::json;

use super::error::ControlError;
use super::request::{ControlRequest, ControlResult};
use crate::model::parse::problem::{Fault, Rule};
use crate::model::test_control::fault::NewFault;

/// GET `/_test/faults`
pub(super) async fn list(request: ControlRequest) -> ControlResult {
    request.query::<()>()?;
    Ok(HttpResponse::Ok().json(json!({ "data": request.control.state.faults.list() })))
}

/// POST `/_test/faults`
pub(super) async fn create(request: ControlRequest) -> ControlResult {
    let fault: NewFault = request.body()?;
    let operations = &request.control.operations;
    if let Some(operation) = &fault.operation
        && !operations.contains(&operation.as_str())
    {
        let requirement = format!("must be one of: {}", operations.join(", "));
        let problem = Fault::new(Rule::InvalidEnumValue, requirement).into_problem("operation");
        return Err(ControlError::Invalid(vec![problem]));
    }
    request.check_workspace(fault.workspace.as_ref()).await?;
    let id = request.control.state.faults.add(fault).ok_or(ControlError::TooManyFaults)?;
    Ok(HttpResponse::Created().json(json!({ "id": id })))
}

/// DELETE `/_test/faults`
pub(super) async fn delete_all(request: ControlRequest) -> ControlResult {
    request.query::<()>()?;
    request.control.state.faults.clear();
    Ok(HttpResponse::NoContent().finish())
}

/// DELETE `/_test/faults/{id}`
pub(super) async fn delete(request: ControlRequest) -> ControlResult {
    request.query::<()>()?;
    if request.control.state.faults.remove(request.path_parameter("id")) {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(ControlError::FaultNotFound)
    }
}
