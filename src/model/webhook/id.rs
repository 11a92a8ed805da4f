//! Endpoint and delivery ids.

use std::fmt::{self, Display, Formatter};

use serde::Serialize;
use uuid::Uuid;

use crate::model::values::id::base36;

const ENDPOINT: &str = "ep_";
const DELIVERY: &str = "msg_";

/// The id of an endpoint: `ep_` and a base-36 UUIDv7.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct EndpointId(String);

/// The id of a delivery, which receivers see as `svix-id`: `msg_` and a base-36 UUIDv7. It stays
/// the same across retries and replays.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct DeliveryId(String);

impl EndpointId {
    pub fn generate() -> Self {
        Self(generate(ENDPOINT))
    }

    pub fn parse(text: &str) -> Option<Self> {
        is_well_formed(text, ENDPOINT).then(|| Self(text.to_owned()))
    }

    /// A value that was generated or parsed before it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl DeliveryId {
    pub fn generate() -> Self {
        Self(generate(DELIVERY))
    }

    pub fn parse(text: &str) -> Option<Self> {
        is_well_formed(text, DELIVERY).then(|| Self(text.to_owned()))
    }

    /// A value that was generated or parsed before it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Display for EndpointId {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Display for DeliveryId {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn generate(prefix: &str) -> String {
    format!("{prefix}{}", base36(Uuid::now_v7()))
}

fn is_well_formed(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| {
        rest.len() == 25 && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_id_parses_only_as_its_own_kind() {
        let endpoint = EndpointId::generate();
        assert_eq!(EndpointId::parse(endpoint.as_str()), Some(endpoint.clone()));
        assert_eq!(DeliveryId::parse(endpoint.as_str()), None);
        let delivery = DeliveryId::generate();
        assert_eq!(DeliveryId::parse(delivery.as_str()), Some(delivery));
        assert_eq!(EndpointId::parse("ep_"), None);
        assert_eq!(EndpointId::parse("ep_0000000000000000000000000é"), None);
    }
}
