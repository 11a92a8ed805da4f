//! `webhooks create`, `list`, `show`, `update`, `enable`, `disable`, `delete` and `rotate`

use std::io::{BufRead, Read};

use serde::Serialize;

use super::super::context::Context;
use super::super::output::failure::Failure;
use super::super::output::table;
use super::super::workspaces::find::{find_among, find_workspace};
use super::failures::{no_such_endpoint, other, scope_of};
use super::keyring::{check_url, keyring, matching_keyring};
use crate::model::event::{Actor, EventType};
use crate::model::key::Mode;
use crate::model::parse::problem::Fault;
use crate::model::plain_words::io_reason;
use crate::model::values::slug::Slug;
use crate::model::values::text::Line;
use crate::model::webhook::endpoint::{DisabledReason, Endpoint, EndpointPatch, NewEndpoint};
use crate::model::webhook::id::EndpointId;
use crate::model::webhook::secret::SigningSecret;
use crate::model::webhook::subscription::{FieldName, Subscription};
use crate::model::webhook::url::EndpointUrl;
use crate::store::{Store, StoreError, Tx, WriteScope};

/// The longest secret to read, in bytes.
const MAX_LINE: u64 = 200;

/// An endpoint with its secret, which is printed once.
#[derive(Serialize)]
pub struct WithSecret<'e> {
    #[serde(flatten)]
    pub endpoint: &'e Endpoint,
    pub secret: String,
}

#[derive(Serialize)]
struct Deleted<'e> {
    id: &'e EndpointId,
    deleted: bool,
}

/// The settings of a new endpoint.
pub struct EndpointOptions {
    pub url: EndpointUrl,
    pub test: bool,
    pub events: Vec<EventType>,
    pub fields: Vec<FieldName>,
    pub description: Option<Line>,
    /// Whether to read the secret from stdin.
    pub own_secret: bool,
}

/// Changes to an endpoint. An empty list means all events or all fields.
pub struct EndpointChanges {
    pub url: Option<EndpointUrl>,
    pub events: Option<Vec<EventType>>,
    pub fields: Option<Vec<FieldName>>,
    pub description: Option<Line>,
}

pub fn create(context: &Context, slug: &Slug, options: EndpointOptions) -> Result<(), Failure> {
    let EndpointOptions { url, test, events, fields, description, own_secret } = options;
    let store = context.store()?;
    let workspace = find_workspace(&store, slug)?;
    check_url(context, &store, &url)?;
    let secret =
        if own_secret { read_secret()? } else { SigningSecret::generate().map_err(other)? };
    let id = EndpointId::generate();
    let stored = keyring(context, &store)?.seal(&id, &secret).map_err(other)?;
    let new = NewEndpoint {
        id,
        url,
        description: description.unwrap_or_else(no_description),
        mode: if test { Mode::Test } else { Mode::Live },
        subscription: Subscription::new(events, fields).map_err(wrong)?,
        expires_at: None,
    };
    let endpoint = store.write_blocking(WriteScope::Workspace(workspace.no), move |tx| {
        tx.create_endpoint(Actor::command_line(), &workspace, new, stored)
    })?;
    let text = || {
        format!(
            "Created endpoint {} and queued a ping. Its signing secret, which you won't be able to \
             see again:\n\n  {}\n\n{}",
            endpoint.id,
            secret.reveal(),
            describe(&endpoint)
        )
    };
    print_secret(context, &endpoint, &secret, text)
}

pub fn list(context: &Context, workspace: Option<&Slug>) -> Result<(), Failure> {
    let store = context.store_to_read()?;
    if let Some(slug) = workspace {
        find_among(slug, || store.read(|reader| reader.workspaces()))?;
    }
    let mut endpoints = store.read(|reader| reader.endpoints())?;
    endpoints.retain(|endpoint| workspace.is_none_or(|slug| endpoint.workspace == *slug));
    context.output.print(&endpoints, || {
        let heading = ["ID", "WORKSPACE", "MODE", "STATE", "EVENTS", "URL"];
        let row = |endpoint: &Endpoint| {
            [
                endpoint.id.to_string(),
                endpoint.workspace.to_string(),
                <&str>::from(endpoint.mode).to_owned(),
                state(endpoint),
                events(&endpoint.subscription),
                endpoint.url.to_string(),
            ]
        };
        table(heading, &endpoints.iter().map(row).collect::<Vec<_>>())
    })
}

pub fn show(context: &Context, id: &EndpointId) -> Result<(), Failure> {
    let store = context.store_to_read()?;
    matching_keyring(context, store.read(|reader| reader.webhook_settings())?)?;
    let found = store.read(|reader| reader.endpoint(id))?;
    let (endpoint, _) = found.ok_or_else(|| no_such_endpoint(id))?;
    context.output.print(&endpoint, || describe(&endpoint))
}

pub fn update(context: &Context, id: EndpointId, changes: EndpointChanges) -> Result<(), Failure> {
    let EndpointChanges { url, events, fields, description } = changes;
    if url.is_none() && events.is_none() && fields.is_none() && description.is_none() {
        let options = "--url, --event, --all-events, --field, --all-fields, or --description";
        return Err(Failure::Other(format!("there is nothing to change; pass {options}")));
    }
    let store = context.store()?;
    if let Some(url) = &url {
        check_url(context, &store, url)?;
    }
    let found = store.read(|reader| reader.endpoint(&id))?;
    let (before, _) = found.ok_or_else(|| no_such_endpoint(&id))?;
    let events = events.unwrap_or_else(|| before.subscription.types().to_vec());
    let fields = fields.unwrap_or_else(|| before.subscription.fields().to_vec());
    let subscription = Some(Subscription::new(events, fields).map_err(wrong)?);
    let patch = EndpointPatch { url, description, subscription };
    change(context, &store, id, "Updated", move |tx, id| {
        tx.update_endpoint(Actor::command_line(), id, patch)
    })
}

pub fn enable(context: &Context, id: EndpointId) -> Result<(), Failure> {
    let store = context.store()?;
    change(context, &store, id, "Enabled", |tx, id| tx.enable_endpoint(Actor::command_line(), id))
}

pub fn disable(context: &Context, id: EndpointId) -> Result<(), Failure> {
    let store = context.store()?;
    change(context, &store, id, "Disabled", |tx, id| {
        tx.disable_endpoint(Actor::command_line(), id, DisabledReason::Admin)
    })
}

pub fn delete(context: &Context, id: &EndpointId) -> Result<(), Failure> {
    let store = context.store()?;
    let (scope, to_delete) = (scope_of(&store, id)?, id.clone());
    let delete = move |tx: &Tx<'_>| tx.delete_endpoint(Actor::command_line(), &to_delete);
    let deleted = store.write_blocking(scope, delete)?;
    if !deleted {
        return Err(no_such_endpoint(id));
    }
    let text = || format!("Deleted endpoint {id}. No more events will be sent to it.");
    let done = || format!("endpoint {id} was deleted");
    context.output.print_after_change(&Deleted { id, deleted: true }, text, done)
}

pub fn rotate(context: &Context, id: EndpointId) -> Result<(), Failure> {
    let store = context.store()?;
    let secret = SigningSecret::generate().map_err(other)?;
    let stored = keyring(context, &store)?.seal(&id, &secret).map_err(other)?;
    let (scope, to_rotate) = (scope_of(&store, &id)?, id.clone());
    let rotated = store.write_blocking(scope, move |tx| {
        tx.rotate_endpoint_secret(Actor::command_line(), &to_rotate, stored)
    })?;
    let endpoint = rotated.ok_or_else(|| no_such_endpoint(&id))?;
    let text = || {
        let until = endpoint.old_secret_expires_at.map_or_else(String::new, |at| at.to_string());
        format!(
            "The new signing secret of endpoint {id}, which you won't be able to see again:\n\n  \
             {}\n\nRequests are signed with both secrets until {until}.",
            secret.reveal()
        )
    };
    print_secret(context, &endpoint, &secret, text)
}

fn print_secret(
    context: &Context,
    endpoint: &Endpoint,
    secret: &SigningSecret,
    text: impl FnOnce() -> String,
) -> Result<(), Failure> {
    let id = &endpoint.id;
    let lost = || {
        format!(
            "the signing secret of endpoint {id} is lost; create a new one with `pivotal-server \
             webhooks rotate {id}`"
        )
    };
    context.output.print_secret(&WithSecret { endpoint, secret: secret.reveal() }, text, lost)
}

/// Changes an endpoint and prints it.
fn change(
    context: &Context,
    store: &Store,
    id: EndpointId,
    verb: &str,
    change: impl FnOnce(&Tx<'_>, &EndpointId) -> Result<Option<Endpoint>, StoreError> + Send + 'static,
) -> Result<(), Failure> {
    let (scope, to_change) = (scope_of(store, &id)?, id.clone());
    let changed = store.write_blocking(scope, move |tx| change(tx, &to_change))?;
    let endpoint = changed.ok_or_else(|| no_such_endpoint(&id))?;
    let text = || format!("{verb} endpoint {id}.\n\n{}", describe(&endpoint));
    let done = || format!("endpoint {id} was changed");
    context.output.print_after_change(&endpoint, text, done)
}

fn describe(endpoint: &Endpoint) -> String {
    let mut lines = vec![
        format!("ID          {}", endpoint.id),
        format!("URL         {}", endpoint.url),
        format!("Workspace   {}", endpoint.workspace),
        format!("Mode        {}", <&str>::from(endpoint.mode)),
        format!("State       {}", state(endpoint)),
        format!("Events      {}", events(&endpoint.subscription)),
        format!("Created     {}", endpoint.created_at),
    ];
    if !endpoint.description.as_str().is_empty() {
        lines.push(format!("Description {}", endpoint.description));
    }
    if let Some(at) = endpoint.old_secret_expires_at {
        lines.push(format!("Old secret  valid until {at}"));
    }
    lines.join("\n")
}

fn state(endpoint: &Endpoint) -> String {
    let Some(disabled) = endpoint.disabled else {
        return match endpoint.failures {
            0 => "enabled".to_owned(),
            failures => format!("enabled, {failures} failed in a row"),
        };
    };
    let why = match disabled.reason {
        DisabledReason::Admin => "by an admin",
        DisabledReason::Failures => "after too many failures",
        DisabledReason::Gone => "because the receiver returned 410",
    };
    format!("disabled {why} at {}", disabled.since)
}

fn events(subscription: &Subscription) -> String {
    let (types, fields) = subscription.to_texts();
    let types = if types.is_empty() { "all".to_owned() } else { types.replace(' ', ", ") };
    if fields.is_empty() {
        types
    } else {
        format!("{types}; updates of {}", fields.replace(' ', ", "))
    }
}

fn read_secret() -> Result<SigningSecret, Failure> {
    let mut line = String::new();
    std::io::stdin().lock().take(MAX_LINE).read_line(&mut line).map_err(|error| {
        Failure::Other(format!("the secret can't be read: {}", io_reason(&error)))
    })?;
    SigningSecret::parse(line.trim_start_matches('\u{feff}'))
        .map_err(|error| Failure::Other(format!("the secret {error}; nothing was created")))
}

fn no_description() -> Line {
    Line::from_stored(String::new())
}

fn wrong(fault: Fault) -> Failure {
    Failure::Other(format!("the events {}", fault.requirement))
}
