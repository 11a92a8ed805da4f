//! The webhook endpoints of a seed. An endpoint is the same as an existing one if it has the same
//! URL and mode.

use super::SeedError;
use super::plan::{Planned, on_difference};
use super::setup::SeedSetup;
use crate::model::event::Actor;
use crate::model::seed::{Placed, SeedWebhook};
use crate::model::transfer::{ImportFault, OnConflict, Outcome};
use crate::model::values::text::Line;
use crate::model::webhook::encryption::StoredSecret;
use crate::model::webhook::endpoint::{Endpoint, EndpointPatch, MAX_ENDPOINTS, NewEndpoint};
use crate::model::webhook::id::EndpointId;
use crate::model::webhook::secret::SigningSecret;
use crate::model::workspace::Workspace;
use crate::store::{Store, StoreError, Tx};

/// An endpoint that the import created.
pub struct CreatedWebhook {
    pub endpoint: Endpoint,
    pub secret: SigningSecret,
    /// Whether the seed contained the secret.
    pub is_own: bool,
}

/// A change that the import makes.
pub(super) enum WebhookChange {
    Create(NewEndpoint, StoredSecret, SigningSecret, bool),
    Update(EndpointId, EndpointPatch, Option<StoredSecret>),
}

pub(super) type PlannedWebhooks = Vec<Planned<WebhookChange>>;

/// Decides what happens to each endpoint of a seed, and finds what is wrong with them.
pub(super) fn plan(
    store: &Store,
    workspace: Option<&Workspace>,
    webhooks: &[Placed<SeedWebhook>],
    setup: &SeedSetup<'_>,
    on_conflict: OnConflict,
) -> Result<(PlannedWebhooks, Vec<ImportFault>), SeedError> {
    let existing = match workspace {
        Some(workspace) => store.read(|reader| reader.for_workspace(workspace.no).endpoints())?,
        None => Vec::new(),
    };
    let (mut planned, mut faults) = (Vec::new(), Vec::new());
    for (index, placed) in webhooks.iter().enumerate() {
        let webhook = &placed.value;
        let same = |other: &&Placed<SeedWebhook>| {
            other.value.url == webhook.url && other.value.mode == webhook.mode
        };
        if let Some(first) = webhooks[..index].iter().find(same) {
            let message = format!("url and mode are the same as those of {}", first.place);
            faults.push(placed.fault("url", message));
            continue;
        }
        if let Err(refusal) = (setup.check_url)(&webhook.url) {
            faults.push(placed.fault("url", format!("url {refusal}")));
            continue;
        }
        // Endpoints that expire belong to a `webhooks listen` that is running.
        let same = |one: &&Endpoint| {
            one.url == webhook.url && one.mode == webhook.mode && one.expires_at.is_none()
        };
        match existing.iter().find(same) {
            None => planned.push(Planned::Create(create_change(webhook, setup)?)),
            Some(found) => match change(store, placed, found, setup, on_conflict)? {
                Ok(plan) => planned.push(plan),
                Err(fault) => faults.push(fault),
            },
        }
    }
    let is_new =
        |plan: &&Planned<WebhookChange>| matches!(plan, Planned::Create(WebhookChange::Create(..)));
    let total = existing.len() + planned.iter().filter(is_new).count();
    if let Some(last) = webhooks.last().filter(|_| total > MAX_ENDPOINTS as usize) {
        let message = format!(
            "url: the workspace would have {total} endpoints, and {MAX_ENDPOINTS} are allowed"
        );
        faults.push(last.fault("url", message));
    }
    Ok((planned, faults))
}

fn create_change(webhook: &SeedWebhook, setup: &SeedSetup<'_>) -> Result<WebhookChange, SeedError> {
    let id = EndpointId::generate();
    let (secret, is_own) = match &webhook.secret {
        Some(secret) => (secret.clone(), true),
        None => (SigningSecret::generate()?, false),
    };
    let stored = setup.keyring.seal(&id, &secret)?;
    let new = NewEndpoint {
        id,
        url: webhook.url.clone(),
        description: description(webhook),
        mode: webhook.mode,
        subscription: webhook.subscription.clone(),
        expires_at: None,
    };
    Ok(WebhookChange::Create(new, stored, secret, is_own))
}

fn description(webhook: &SeedWebhook) -> Line {
    webhook.description.clone().unwrap_or_else(|| Line::from_stored(String::new()))
}

/// Compares an endpoint of the seed with the existing one.
fn change(
    store: &Store,
    placed: &Placed<SeedWebhook>,
    found: &Endpoint,
    setup: &SeedSetup<'_>,
    on_conflict: OnConflict,
) -> Result<Result<Planned<WebhookChange>, ImportFault>, SeedError> {
    let webhook = &placed.value;
    let new_secret = match &webhook.secret {
        Some(secret) if !has_secret(store, found, secret, setup)? => Some(secret),
        _ => None,
    };
    let differs = [
        ("description", description(webhook) != found.description),
        ("events", webhook.subscription.types() != found.subscription.types()),
        ("fields", webhook.subscription.fields() != found.subscription.fields()),
        ("secret", new_secret.is_some()),
    ];
    let Some((field, _)) = differs.into_iter().find(|(_, differs)| *differs) else {
        return Ok(Ok(Planned::Keep(Outcome::Unchanged)));
    };
    if on_conflict == OnConflict::Update {
        let patch = EndpointPatch {
            url: None,
            description: Some(description(webhook)),
            subscription: Some(webhook.subscription.clone()),
        };
        let sealed = new_secret.map(|secret| setup.keyring.seal(&found.id, secret)).transpose()?;
        let update = WebhookChange::Update(found.id.clone(), patch, sealed);
        return Ok(Ok(Planned::Update(update)));
    }
    let kept = on_difference(on_conflict).map(Planned::Keep);
    Ok(kept.ok_or_else(|| {
        let message = format!(
            "{field} differs from that of the existing endpoint {}; pass --on-conflict skip or \
             update, or adapt the seed",
            found.id
        );
        placed.fault(field, message)
    }))
}

fn has_secret(
    store: &Store,
    found: &Endpoint,
    secret: &SigningSecret,
    setup: &SeedSetup<'_>,
) -> Result<bool, SeedError> {
    let stored = store.read(|reader| reader.endpoint(&found.id))?;
    let Some((_, secrets)) = stored else { return Ok(false) };
    Ok(setup.keyring.open(&found.id, &secrets.current)? == *secret)
}

/// Makes a change. Returns the endpoint if it was created.
pub(super) fn apply(
    tx: &Tx<'_>,
    actor: &Actor,
    workspace: &Workspace,
    change: WebhookChange,
    ping: bool,
) -> Result<Option<CreatedWebhook>, StoreError> {
    match change {
        WebhookChange::Create(new, stored, secret, is_own) => {
            let create = if ping { Tx::create_endpoint } else { Tx::create_endpoint_without_ping };
            let endpoint = create(tx, actor.clone(), workspace, new, stored)?;
            Ok(Some(CreatedWebhook { endpoint, secret, is_own }))
        }
        WebhookChange::Update(id, patch, secret) => {
            tx.update_endpoint(actor.clone(), &id, patch)?;
            if let Some(secret) = secret {
                tx.rotate_endpoint_secret(actor.clone(), &id, secret)?;
            }
            Ok(None)
        }
    }
}
