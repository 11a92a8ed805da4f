//! `webhooks`: manages endpoints and deliveries, even while the server is running.

pub mod args;
mod deliveries;
pub(super) mod endpoints;
mod failures;
pub(super) mod keyring;
mod listen;
mod request;
mod test_event;
mod verify;

use self::args::Webhooks;
use self::endpoints::{EndpointChanges, EndpointOptions};
use super::context::Context;
use super::output::failure::Failure;

pub fn run(context: &Context, command: Webhooks) -> Result<(), Failure> {
    match command {
        Webhooks::Create { workspace, url, test, events, fields, description, secret } => {
            let own_secret = secret.is_some();
            let options = EndpointOptions { url, test, events, fields, description, own_secret };
            endpoints::create(context, &workspace, options)
        }
        Webhooks::List { workspace } => endpoints::list(context, workspace.as_ref()),
        Webhooks::Show(endpoint) => endpoints::show(context, &endpoint.id),
        Webhooks::Update { endpoint, url, events, all_events, fields, all_fields, description } => {
            let events = (all_events || !events.is_empty()).then_some(events);
            let fields = (all_fields || !fields.is_empty()).then_some(fields);
            let changes = EndpointChanges { url, events, fields, description };
            endpoints::update(context, endpoint.id, changes)
        }
        Webhooks::Enable(endpoint) => endpoints::enable(context, endpoint.id),
        Webhooks::Disable(endpoint) => endpoints::disable(context, endpoint.id),
        Webhooks::Delete(endpoint) => endpoints::delete(context, &endpoint.id),
        Webhooks::Rotate(endpoint) => endpoints::rotate(context, endpoint.id),
        Webhooks::Ping(endpoint) => deliveries::ping(context, &endpoint.id),
        Webhooks::SendTest { endpoint, event, data } => {
            test_event::send(context, &endpoint.id, event, data.as_deref())
        }
        Webhooks::Deliveries { endpoint, failed, since, limit } => {
            deliveries::list(context, &endpoint.id, failed, since, limit)
        }
        Webhooks::Replay { delivery, endpoint, since, failed, all } => {
            deliveries::replay(context, delivery, endpoint, since, failed, all)
        }
        Webhooks::Listen(args) => listen::run(context, args),
        Webhooks::Verify { secret, any_time } => verify::run(context, secret.as_deref(), any_time),
    }
}
