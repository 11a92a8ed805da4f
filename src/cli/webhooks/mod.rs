//! `webhooks`: endpoints and deliveries, also while a server runs.

pub mod args;
mod deliveries;
mod endpoints;
mod keyring;
mod verify;

use self::args::Webhooks;
use super::context::Context;
use super::failure::Failure;

pub fn run(context: &Context, command: Webhooks) -> Result<(), Failure> {
    match command {
        Webhooks::Create { workspace, endpoint, url, test, secret } => {
            let own_secret = secret.is_some();
            endpoints::create(context, &workspace, url, endpoint, test, own_secret)
        }
        Webhooks::List { workspace } => endpoints::list(context, workspace.as_ref()),
        Webhooks::Show { id } => endpoints::show(context, &id.0),
        Webhooks::Update { id, url, endpoint, all_events, all_fields } => {
            endpoints::update(context, id.0, url, endpoint, all_events, all_fields)
        }
        Webhooks::Enable { id } => endpoints::enable(context, id.0),
        Webhooks::Disable { id } => endpoints::disable(context, id.0),
        Webhooks::Delete { id } => endpoints::delete(context, &id.0),
        Webhooks::Rotate { id } => endpoints::rotate(context, id.0),
        Webhooks::Ping { id } => deliveries::ping(context, &id.0),
        Webhooks::Deliveries { id, failed, since, limit } => {
            deliveries::list(context, &id.0, failed, since, limit)
        }
        Webhooks::Replay { delivery, endpoint, since, failed, all } => {
            deliveries::replay(context, delivery, endpoint, since, failed, all)
        }
        Webhooks::Verify { secret, any_time } => verify::run(context, &secret, any_time),
    }
}
