//! `webhooks listen`: a temporary endpoint that prints and forwards what a running server sends.

mod delivery;
mod forward;
mod http;

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use self::delivery::Deliveries;
use self::forward::Forwarder;
use self::http::Listener;
use super::super::context::Context;
use super::super::output::failure::Failure;
use super::super::output::messages::{self, ErrorCode, ErrorMessage};
use super::super::signals;
use super::args::ListenArgs;
use super::endpoints::WithSecret;
use super::failures::other;
use super::keyring::{check_url, keyring};
use crate::model::event::Actor;
use crate::model::key::Mode;
use crate::model::plain_words::io_reason;
use crate::model::values::slug::Slug;
use crate::model::values::text::Line;
use crate::model::webhook::encryption::StoredSecret;
use crate::model::webhook::endpoint::{Endpoint, NewEndpoint};
use crate::model::webhook::id::EndpointId;
use crate::model::webhook::secret::SigningSecret;
use crate::model::webhook::subscription::Subscription;
use crate::model::webhook::url::EndpointUrl;
use crate::model::workspace::Workspace;
use crate::store::{Store, Tx, WriteScope};

/// How often the endpoint is renewed, and how long it outlives a killed command, in milliseconds.
const RENEW_EVERY: Duration = Duration::from_secs(10);
const EXPIRES_AFTER: i64 = 45_000;
const DESCRIPTION: &str = "Temporary: `webhooks listen`";
/// The workspace that the server creates at its first start.
const DEFAULT: &str = "default";

/// Why the command ends.
enum End {
    Asked,
    Failed(Failure),
}

pub fn run(context: &Context, args: ListenArgs) -> Result<(), Failure> {
    if context.location.is_unserved()? {
        return Err(Failure::Other(format!(
            "no server is running on {}; start it with `pivotal-server serve`, or pass its data \
             directory with --data-dir",
            context.settings.settings.data_dir.display()
        )));
    }
    if context.location.files().is_none() {
        messages::warning(
            "servers on other machines that use this database can't reach this command, so what \
             they deliver to it fails; use it only while a single server runs, on this machine",
        );
    }
    let listener = Listener::bind().map_err(|error| {
        Failure::Other(format!("can't listen on 127.0.0.1: {}", io_reason(&error)))
    })?;
    let forwarder = args.forward_to.clone().map(Forwarder::new).transpose().map_err(other)?;
    // From here on, a signal shuts the command down cleanly.
    let (ends, end) = mpsc::channel();
    handle_signals(ends.clone())?;
    let (endpoint, secret) = create(context, &args, &listener)?;
    let shown = print_start(context, &args, &endpoint, &secret);
    let ended = shown.and_then(|()| {
        let deliveries = Deliveries { secret, forwarder, output: context.output, fail: fail(ends) };
        listener.start(move |request| deliveries.take(request)).map_err(other)?;
        renew_until_end(context, &endpoint.id, &end)
    });
    let removed = remove(context, &endpoint.id);
    ended.and(removed)
}

fn handle_signals(ends: Sender<End>) -> Result<(), Failure> {
    // If nobody receives this, the command has already ended.
    let first = move |_| drop(ends.send(End::Asked));
    let again = |signal| {
        let message = format!("{signal} again: the endpoint will expire within two minutes");
        messages::error(&ErrorMessage::new(ErrorCode::Interrupted, message));
    };
    signals::on_stop_signals(first, again).map_err(Failure::Signals)
}

/// Receives failures to print a delivery.
fn fail(ends: Sender<End>) -> Sender<Failure> {
    let (fail, failures) = mpsc::channel();
    let forward =
        move || failures.into_iter().try_for_each(|failure| ends.send(End::Failed(failure)));
    std::thread::spawn(forward);
    fail
}

/// Creates the endpoint, as `webhooks create` does.
fn create(
    context: &Context,
    args: &ListenArgs,
    listener: &Listener,
) -> Result<(Endpoint, SigningSecret), Failure> {
    let store = context.store()?;
    let workspace = find_workspace(&store, args.workspace.as_ref())?;
    let url = EndpointUrl::parse(&format!("http://{}/", listener.address()))
        .map_err(|fault| Failure::Other(fault.requirement))?;
    check_url(context, &store, &url)?;
    let secret = SigningSecret::generate().map_err(other)?;
    let id = EndpointId::generate();
    let stored: StoredSecret = keyring(context, &store)?.seal(&id, &secret).map_err(other)?;
    let new = NewEndpoint {
        id,
        url,
        description: Line::from_stored(DESCRIPTION.to_owned()),
        mode: if args.live { Mode::Live } else { Mode::Test },
        subscription: Subscription::new(args.events.clone(), Vec::new())
            .map_err(|fault| Failure::Other(fault.requirement))?,
        expires_at: Some(store.clock().now().plus_millis(EXPIRES_AFTER)),
    };
    let endpoint = store.write_blocking(WriteScope::Workspace(workspace.no), move |tx| {
        tx.create_endpoint(Actor::command_line(), &workspace, new, stored)
    })?;
    Ok((endpoint, secret))
}

/// Returns the workspace with this slug. Without a slug, the only workspace, or `default`.
fn find_workspace(store: &Store, slug: Option<&Slug>) -> Result<Workspace, Failure> {
    if let Some(slug) = slug {
        return super::super::workspaces::find::find_workspace(store, slug);
    }
    let mut workspaces = store.read(|reader| reader.workspaces())?;
    let only = if workspaces.len() == 1 { workspaces.pop() } else { None };
    only.or_else(|| workspaces.into_iter().find(|workspace| workspace.slug.as_str() == DEFAULT))
        .ok_or_else(|| {
            Failure::NotFound(format!(
                "workspace `{DEFAULT}` not found; pass --workspace SLUG (run `pivotal-server \
                 workspaces list` to see all workspaces)"
            ))
        })
}

fn print_start(
    context: &Context,
    args: &ListenArgs,
    endpoint: &Endpoint,
    secret: &SigningSecret,
) -> Result<(), Failure> {
    let started = WithSecret { endpoint, secret: secret.reveal() };
    context.output.print(&started, || {
        let (mode, workspace) = (<&str>::from(endpoint.mode), &endpoint.workspace);
        let mut text = format!("Listening for {mode} events in workspace `{workspace}`.");
        if let Some(url) = &args.forward_to {
            text.push_str(&format!(
                " Forwarding to {url}. The signing secret for the receiver:\n\n  {}\n\n",
                secret.reveal()
            ));
        } else {
            text.push(' ');
        }
        text.push_str("Press Ctrl-C to stop.");
        text
    })
}

fn renew_until_end(context: &Context, id: &EndpointId, end: &Receiver<End>) -> Result<(), Failure> {
    loop {
        match end.recv_timeout(RENEW_EVERY) {
            Ok(End::Failed(failure)) => return Err(failure),
            Ok(End::Asked) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
            Err(RecvTimeoutError::Timeout) => renew(context, id)?,
        }
    }
}

/// Postpones the endpoint's expiry. Opens the database only for a moment, so that it can be
/// restored or upgraded in between.
fn renew(context: &Context, id: &EndpointId) -> Result<(), Failure> {
    let renew = || -> Result<Option<Endpoint>, Failure> {
        let store = context.store()?;
        let until = store.clock().now().plus_millis(EXPIRES_AFTER);
        let Some(workspace) = store.read(|reader| reader.workspace_of_endpoint(id))? else {
            return Ok(None);
        };
        let endpoint = id.clone();
        let renew = move |tx: &Tx<'_>| tx.renew_endpoint(&endpoint, until);
        store.write_blocking(WriteScope::Workspace(workspace), renew)?;
        Ok(store.read(|reader| reader.endpoint(id))?.map(|(endpoint, _)| endpoint))
    };
    match renew() {
        Ok(Some(endpoint)) if endpoint.is_enabled() => Ok(()),
        Ok(Some(_)) => Err(Failure::Other(
            "the endpoint was disabled by an admin, because the receiver returned 410, or because \
             too many deliveries failed; start the command again"
                .to_owned(),
        )),
        Ok(None) => Err(Failure::Other(
            "the endpoint was deleted or has expired; start the command again".to_owned(),
        )),
        Err(failure) => {
            messages::warning(&format!("the endpoint wasn't renewed: {failure}"));
            Ok(())
        }
    }
}

fn remove(context: &Context, id: &EndpointId) -> Result<(), Failure> {
    let remove = || -> Result<bool, Failure> {
        let store = context.store()?;
        let Some(workspace) = store.read(|reader| reader.workspace_of_endpoint(id))? else {
            return Ok(false);
        };
        let endpoint = id.clone();
        let delete = move |tx: &Tx<'_>| tx.delete_endpoint(Actor::command_line(), &endpoint);
        Ok(store.write_blocking(WriteScope::Workspace(workspace), delete)?)
    };
    let was_there = remove().map_err(|failure| {
        Failure::Other(format!("endpoint {id} wasn't deleted, but will expire soon: {failure}"))
    })?;
    if was_there {
        messages::note(&format!("Deleted the temporary endpoint {id}."));
    }
    Ok(())
}
