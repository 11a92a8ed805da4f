//! Adding and editing endpoints.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::time::timeout;
use actix_web::web;
use askama::Template;

use super::{load, secret};
use crate::admin::display;
use crate::admin::error::AdminError;
use crate::admin::forms::form::Form;
use crate::admin::page::{self, Page, PageResult, Section, see_other};
use crate::admin::views::webhook;
use crate::admin::visit::SignedInVisit;
use crate::admin::visit::save::NOTHING_CHANGED;
use crate::admin::visit::submit_once::{self, submit_once};
use crate::model::event::{Actor, EventType};
use crate::model::key::Mode;
use crate::model::parse::problem::{Fault, Problem, Rule};
use crate::model::values::text::Line;
use crate::model::webhook::endpoint::{Endpoint, EndpointPatch, NewEndpoint};
use crate::model::webhook::id::EndpointId;
use crate::model::webhook::subscription::{DELIVERED, FieldName, Subscription};
use crate::model::webhook::url::EndpointUrl;
use crate::service::webhooks::destination::check_destination_for;
use crate::store::Tx;

const ALREADY_SUBMITTED: &str = "The endpoint is in the list of webhooks, but its secret can't be \
     shown again. If you didn't copy it, rotate the endpoint's secret.";
const CHANGED_SINCE: &str = "Someone else has changed this endpoint since you opened the form, so \
     nothing was saved. Open the form again and repeat your changes.";

/// How long saving waits for the lookup of a host name. If the lookup takes longer, the URL is
/// saved, and every attempt checks it again.
const LOOKUP: Duration = Duration::from_secs(5);

#[derive(Template)]
#[template(path = "admin/webhooks/form.html")]
struct EndpointForm {
    page: Page,
    form: Form,
    types: Vec<(&'static str, &'static str)>,
    modes: Vec<(&'static str, &'static str)>,
    action: String,
    back: String,
    button: &'static str,
    /// The one-time token; only for a new endpoint.
    once: Option<String>,
}

/// The values of a valid form.
struct Submitted {
    url: EndpointUrl,
    description: Line,
    subscription: Subscription,
}

/// GET `/admin/webhooks/new`
pub(in crate::admin) async fn new(visit: SignedInVisit) -> PageResult {
    visit.workspace()?;
    let values = [("mode", <&str>::from(Mode::default()).to_owned()), ("events", "all".to_owned())];
    page::html(&new_form(&visit, Form::from_values(values))?)
}

/// POST `/admin/webhooks`
pub(in crate::admin) async fn create(visit: SignedInVisit) -> PageResult {
    let workspace = visit.checked_workspace()?.clone();
    let mode = visit.form().value("mode").parse::<Mode>();
    let mode = mode.map_err(|_| Fault::unknown_variant::<Mode>().into_problem("mode"));
    let (submitted, mode) = match (parse(&visit, None).await, mode) {
        (Ok(submitted), Ok(mode)) => (submitted, mode),
        (submitted, mode) => {
            let mut problems = submitted.err().unwrap_or_default();
            problems.extend(mode.err());
            let form = visit.form().clone().with_problems(problems);
            return page::invalid_form(&new_form(&visit, form)?);
        }
    };
    let id = EndpointId::generate();
    let (signing, stored) = secret::issue(&visit, &id)?;
    let Submitted { url, description, subscription } = submitted;
    let new = NewEndpoint { id, url, description, mode, subscription, expires_at: None };
    let create =
        move |tx: &Tx<'_>| tx.create_endpoint(Actor::admin_page(), &workspace, new, stored);
    let endpoint = submit_once(&visit, "webhook", ALREADY_SUBMITTED, create).await?;
    secret::page(&visit, endpoint, signing, false)
}

/// GET `/admin/webhooks/{id}/edit`
pub(in crate::admin) async fn edit(visit: SignedInVisit) -> PageResult {
    let endpoint = load::endpoint(&visit).await?;
    let (types, fields) = endpoint.subscription.to_texts();
    let events = if types.is_empty() { "all" } else { "selected" };
    let mut values = vec![
        ("url", endpoint.url.to_string()),
        ("description", endpoint.description.as_str().to_owned()),
        ("events", events.to_owned()),
        ("fields", fields.replace(' ', "\n")),
        ("was-saved", saved_values(&endpoint)),
    ];
    values.extend(types.split_whitespace().map(|kind| ("types", kind.to_owned())));
    page::html(&edit_form(&visit, &endpoint, Form::from_values(values)))
}

/// POST `/admin/webhooks/{id}/edit`
pub(in crate::admin) async fn update(visit: SignedInVisit) -> PageResult {
    let before = load::endpoint(&visit).await?;
    let submitted = match parse(&visit, Some(&before.url)).await {
        Ok(submitted) => submitted,
        Err(problems) => {
            let form = visit.form().clone().with_problems(problems);
            return page::invalid_form(&edit_form(&visit, &before, form));
        }
    };
    let path = load::path(&before);
    let is_unchanged = submitted.url == before.url
        && submitted.description == before.description
        && submitted.subscription == before.subscription;
    if is_unchanged {
        visit.set_flash(NOTHING_CHANGED);
        return Ok(see_other(&path));
    }
    if visit.form().value("was-saved") != saved_values(&before) {
        return Err(AdminError::conflict("Endpoint changed in the meantime", CHANGED_SINCE));
    }
    let patch = EndpointPatch {
        url: Some(submitted.url),
        description: Some(submitted.description),
        subscription: Some(submitted.subscription),
    };
    let id = before.id;
    let updated =
        visit.write_current(move |tx| tx.update_endpoint(Actor::admin_page(), &id, patch)).await?;
    updated.ok_or_else(load::missing)?;
    visit.set_flash("Changes saved.");
    Ok(see_other(&path))
}

/// Returns the saved values as text, to detect changes by someone else.
fn saved_values(endpoint: &Endpoint) -> String {
    let (types, fields) = endpoint.subscription.to_texts();
    let description = endpoint.description.as_str();
    [endpoint.url.as_str(), description, &types, &fields].join("|")
}

/// Parses the form, and checks where a URL leads unless it is `known` already.
async fn parse(
    visit: &SignedInVisit,
    known: Option<&EndpointUrl>,
) -> Result<Submitted, Vec<Problem>> {
    let form = visit.form();
    let url = EndpointUrl::parse(form.value("url")).map_err(|fault| fault.into_problem("url"));
    let url = match url {
        Ok(url) if known != Some(&url) => check(visit, &url).await.map(|()| url),
        url => url,
    };
    let description =
        Line::parse(form.value("description")).map_err(|fault| fault.into_problem("description"));
    match (url, description, subscription(form)) {
        (Ok(url), Ok(description), Ok(subscription)) => {
            Ok(Submitted { url, description, subscription })
        }
        (url, description, subscription) => {
            let mut problems: Vec<Problem> =
                url.err().into_iter().chain(description.err()).collect();
            problems.extend(subscription.err().into_iter().flatten());
            Err(problems)
        }
    }
}

fn subscription(form: &Form) -> Result<Subscription, Vec<Problem>> {
    let is_chosen = |kind: &EventType| form.is_selected("types", <&str>::from(*kind));
    let types: Vec<EventType> = match form.value("events") {
        "all" => Vec::new(),
        _ => DELIVERED.into_iter().filter(is_chosen).collect(),
    };
    let mut problems = Vec::new();
    if form.value("events") != "all" && types.is_empty() {
        let fault = Fault::new(Rule::TooSmall, "must include at least one event");
        problems.push(fault.into_problem("types"));
    }
    let mut fields = Vec::new();
    let names = form.value("fields").split([',', ' ', '\n']).filter(|name| !name.trim().is_empty());
    for (index, name) in names.enumerate() {
        match FieldName::parse(name) {
            Ok(name) => fields.push(name),
            Err(fault) => problems.push(fault.at_index(index).into_problem("fields")),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Subscription::new(types, fields).map_err(|fault| vec![fault.into_problem("types")])
}

/// Checks that requests may go to a URL. Looks up its host name on a thread that may block.
async fn check(visit: &SignedInVisit, url: &EndpointUrl) -> Result<(), Problem> {
    let service = Arc::clone(&visit.visitor().admin().service);
    let checked_url = url.clone();
    let lookup = web::block(move || check_destination_for(&service, &checked_url));
    match timeout(LOOKUP, lookup).await {
        Ok(Ok(Err(refusal))) => {
            Err(Fault::new(Rule::InvalidString, refusal.to_string()).into_problem("url"))
        }
        _ => Ok(()),
    }
}

fn new_form(visit: &SignedInVisit, form: Form) -> Result<EndpointForm, AdminError> {
    Ok(EndpointForm {
        page: visit.page("Add webhook endpoint", Section::Webhooks),
        form,
        types: webhook::type_options(),
        modes: display::options(None, display::mode),
        action: "/admin/webhooks".to_owned(),
        back: "/admin/webhooks".to_owned(),
        button: "Add endpoint",
        once: Some(submit_once::new_token()?),
    })
}

fn edit_form(visit: &SignedInVisit, endpoint: &Endpoint, form: Form) -> EndpointForm {
    let path = load::path(endpoint);
    EndpointForm {
        page: visit.page("Edit webhook endpoint", Section::Webhooks),
        form,
        types: webhook::type_options(),
        modes: Vec::new(),
        action: format!("{path}/edit"),
        back: path,
        button: "Save",
        once: None,
    }
}
