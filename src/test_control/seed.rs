//! The seed in the body of `POST /_test/workspaces`.

use std::sync::Arc;

use actix_web::rt::task::spawn_blocking;
use serde::Serialize;

use super::error::ControlError;
use crate::model::event::Actor;
use crate::model::key::Mode;
use crate::model::key::secret::KeySecret;
use crate::model::seed::Seed;
use crate::model::test_control::workspace::SeedInput;
use crate::model::transfer::{FaultyRows, ImportFault, ImportOptions, OnConflict};
use crate::model::values::text::Name;
use crate::model::webhook::id::EndpointId;
use crate::model::webhook::url::EndpointUrl;
use crate::model::workspace::{NewWorkspace, Workspace};
use crate::service::Service;
use crate::service::webhooks::destination::check_destination;
use crate::store::StoreError;
use crate::transfer::{
    CreatedWebhook, ImportError, Observer, Rejected, SeedError, SeedReport, SeedSetup, SeedTarget,
    import_seed,
};

/// What a seed has created besides rows. A secret can't be shown again.
#[derive(Serialize)]
pub(super) struct SeededJson {
    keys: Vec<SeededKeyJson>,
    webhooks: Vec<SeededWebhookJson>,
}

#[derive(Serialize)]
struct SeededKeyJson {
    name: Name,
    mode: Mode,
    key: String,
}

#[derive(Serialize)]
struct SeededWebhookJson {
    id: EndpointId,
    url: EndpointUrl,
    secret: String,
}

/// Collects what is wrong with a seed.
#[derive(Default)]
struct Faults(Vec<ImportFault>);

impl Observer for Faults {
    fn on_rejected(&mut self, rejected: &Rejected) {
        self.0.extend(rejected.faults.iter().cloned());
    }
}

/// Creates a workspace with what a seed contains. The workspace that the seed names is ignored, so
/// that tests in parallel can use the same seed.
pub(super) async fn create(
    service: &Arc<Service>,
    new: NewWorkspace,
    seed: SeedInput,
) -> Result<(Workspace, SeededJson), ControlError> {
    let service = Arc::clone(service);
    let created = spawn_blocking(move || import(&service, new, seed)).await;
    created.unwrap_or_else(|error| Err(ControlError::internal(&error)))
}

fn import(
    service: &Service,
    new: NewWorkspace,
    seed: SeedInput,
) -> Result<(Workspace, SeededJson), ControlError> {
    let store = &service.store;
    let now = store.clock().now();
    let read = match seed {
        SeedInput::Document(document) => Seed::from_json(document, now),
        SeedInput::Text(text) => Seed::read(text.as_bytes(), now),
    };
    let seed = read.map_err(|fault| ControlError::InvalidSeed(vec![fault]))?;
    let policy = service.settings.destinations();
    let check_url: &(dyn Fn(&EndpointUrl) -> _ + Sync) = &|url| check_destination(&policy, url);
    let setup = SeedSetup { keyring: &service.settings.webhooks.encryption_key, check_url };
    let options = ImportOptions {
        on_conflict: OnConflict::Fail,
        faulty_rows: FaultyRows::Refuse,
        dry_run: false,
        deliver: false,
        actor: Actor::system(),
    };
    let mut faults = Faults::default();
    let target = SeedTarget::New(new);
    match import_seed(store, target, &seed, &setup, &options, &mut faults) {
        Ok(report) => {
            let lost = || StoreError::Internal("a seed created no workspace".to_owned());
            let workspace = report.workspace.clone().ok_or_else(lost)?;
            Ok((workspace, to_json(report)))
        }
        Err(SeedError::Import(ImportError::Faulty { .. })) => {
            Err(ControlError::InvalidSeed(faults.0))
        }
        Err(SeedError::Store(error)) => Err(error.into()),
        Err(error) => Err(ControlError::internal(&error)),
    }
}

fn to_json(report: SeedReport) -> SeededJson {
    let reveal = |secret: &KeySecret| secret.reveal().to_owned();
    let keys = report.keys.into_iter().map(|created| SeededKeyJson {
        key: reveal(&created.secret),
        name: created.key.name,
        mode: created.key.mode,
    });
    let webhook = |CreatedWebhook { endpoint, secret, .. }| SeededWebhookJson {
        id: endpoint.id,
        url: endpoint.url,
        secret: secret.reveal(),
    };
    let webhooks = report.webhooks.into_iter().map(webhook);
    SeededJson { keys: keys.collect(), webhooks: webhooks.collect() }
}
