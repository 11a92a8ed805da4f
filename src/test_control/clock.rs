//! `/_test/clock`

use actix_web::HttpResponse;
use serde::Serialize;

use super::error::ControlError;
use super::request::{ControlRequest, ControlResult};
use crate::model::parse::problem::{Fault, Rule};
use crate::model::test_control::clock::{ClockChange, ClockMovement};
use crate::model::values::time::Timestamp;
use crate::service::test_control::clock::{ALLOWED, ClockStatus};

#[derive(Serialize)]
struct ClockJson {
    now: Timestamp,
    frozen: bool,
}

/// GET `/_test/clock`
pub(super) async fn get(request: ControlRequest) -> ControlResult {
    request.query::<()>()?;
    Ok(respond(request.control.state.clock.status()))
}

/// PUT `/_test/clock`
pub(super) async fn set(request: ControlRequest) -> ControlResult {
    let change: ClockChange = request.body()?;
    match request.control.state.clock.change(change) {
        Ok(status) => Ok(respond(status)),
        Err(_) => {
            let (field, requirement) = match change.movement {
                Some(ClockMovement::By(_)) => {
                    ("advance", format!("must leave the clock {ALLOWED}"))
                }
                _ => ("now", format!("must be {ALLOWED}")),
            };
            let problem = Fault::new(Rule::TooBig, requirement).into_problem(field);
            Err(ControlError::Invalid(vec![problem]))
        }
    }
}

/// DELETE `/_test/clock`
pub(super) async fn reset(request: ControlRequest) -> ControlResult {
    request.query::<()>()?;
    request.control.state.clock.reset();
    Ok(HttpResponse::NoContent().finish())
}

fn respond(ClockStatus { now, frozen }: ClockStatus) -> HttpResponse {
    HttpResponse::Ok().json(ClockJson { now, frozen })
}
