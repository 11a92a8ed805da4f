//! `/admin/webhooks`: the webhook endpoints of the current workspace and their deliveries.

pub(in crate::admin) mod actions;
mod deleted;
pub(in crate::admin) mod deliveries;
pub(in crate::admin) mod delivery;
pub(in crate::admin) mod endpoint;
pub(in crate::admin) mod form;
pub(in crate::admin) mod list;
mod load;
pub(in crate::admin) mod replay;
mod secret;
pub(in crate::admin) mod test_event;
