//! `/admin/webhooks/{id}/test`: sends an event with an editable example.

use askama::Template;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::load;
use crate::admin::error::AdminError;
use crate::admin::forms::form::Form;
use crate::admin::page::{self, Page, PageResult, Section, see_other};
use crate::admin::views::webhook;
use crate::admin::visit::SignedInVisit;
use crate::admin::visit::submit_once::{self, submit_once};
use crate::model::event::EventType;
use crate::model::parse::problem::{Fault, Problem, Rule};
use crate::model::values::invisible::is_blank_text;
use crate::model::webhook::endpoint::Endpoint;
use crate::model::webhook::envelope::SyntheticEvent;
use crate::model::webhook::examples::example;
use crate::model::webhook::subscription::DELIVERED;
use crate::store::Tx;

const ALREADY_SENT: &str = "The event is in the list of deliveries.";

#[derive(Template)]
#[template(path = "admin/webhooks/test.html")]
struct TestEvent {
    page: Page,
    endpoint: Endpoint,
    form: Form,
    types: Vec<(&'static str, &'static str)>,
    kind: &'static str,
    path: String,
    once: String,
}

/// GET `/admin/webhooks/{id}/test`
pub(in crate::admin) async fn form(visit: SignedInVisit) -> PageResult {
    let endpoint = load::endpoint(&visit).await?;
    let kind = event_type(visit.visitor().query_form().value("type"));
    let example = example(kind);
    let object = example.as_ref().map(|example| pretty(&example.object));
    let previous = example.and_then(|example| example.previous_attributes);
    let values = [
        ("type", <&str>::from(kind).to_owned()),
        ("object", object.unwrap_or_default()),
        ("previous_attributes", previous.as_deref().map(pretty).unwrap_or_default()),
    ];
    page::html(&test_page(&visit, endpoint, kind, Form::from_values(values))?)
}

/// POST `/admin/webhooks/{id}/test`
pub(in crate::admin) async fn send(visit: SignedInVisit) -> PageResult {
    let endpoint = load::endpoint(&visit).await?;
    let form = visit.form();
    let kind = event_type(form.value("type"));
    let (object, previous) = match (parse(form, "object", true), previous_attributes(form)) {
        (Ok(Some(object)), Ok(previous)) => (object, previous),
        (object, previous) => {
            let problems = object.err().into_iter().chain(previous.err()).collect();
            let form = form.clone().with_problems(problems);
            return page::invalid_form(&test_page(&visit, endpoint, kind, form)?);
        }
    };
    let (path, action) = (load::path(&endpoint), format!("test {}", endpoint.id));
    let send = move |tx: &Tx<'_>| {
        tx.send_test_event(&endpoint.id, |org_id, now| {
            SyntheticEvent::test(kind.into(), &object, previous.as_deref(), org_id, now)
        })
    };
    if !submit_once(&visit, &action, ALREADY_SENT, send).await? {
        return Err(load::missing());
    }
    visit.set_flash(format!("Test event {} queued.", <&str>::from(kind)));
    Ok(see_other(&path))
}

/// Returns the event type with this name, or the first one.
fn event_type(name: &str) -> EventType {
    let found = DELIVERED.into_iter().find(|kind| <&str>::from(*kind) == name);
    found.unwrap_or(DELIVERED[0])
}

fn previous_attributes(form: &Form) -> Result<Option<Box<RawValue>>, Problem> {
    parse(form, "previous_attributes", false)
}

/// Parses a JSON object. Returns `None` only for an optional one that is blank.
fn parse(form: &Form, name: &str, required: bool) -> Result<Option<Box<RawValue>>, Problem> {
    let text = form.value(name);
    if !required && is_blank_text(text) {
        return Ok(None);
    }
    let fault = |requirement: String| Fault::new(Rule::InvalidType, requirement).into_problem(name);
    let value: Value = serde_json::from_str(text)
        .map_err(|error| fault(format!("must be a JSON object: {error}")))?;
    if !value.is_object() {
        return Err(fault("must be a JSON object".to_owned()));
    }
    to_raw_value(&value).map(Some).map_err(|error| fault(error.to_string()))
}

fn pretty(json: &RawValue) -> String {
    let value = serde_json::from_str::<Value>(json.get());
    let pretty = value.and_then(|value| serde_json::to_string_pretty(&value));
    pretty.unwrap_or_else(|_| json.get().to_owned())
}

fn test_page(
    visit: &SignedInVisit,
    endpoint: Endpoint,
    kind: EventType,
    form: Form,
) -> Result<TestEvent, AdminError> {
    Ok(TestEvent {
        page: visit.page("Send test event", Section::Webhooks),
        path: load::path(&endpoint),
        endpoint,
        form,
        types: webhook::type_options(),
        kind: kind.into(),
        once: submit_once::new_token()?,
    })
}
