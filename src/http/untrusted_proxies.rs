//! Warns about peers that forward requests for others but are no trusted proxies: they are mostly
//! proxies that the settings don't name. For `service`.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use actix_web::http::header::{FORWARDED, HeaderMap};
use ipnet::IpNet;

use super::address::is_trusted;
use super::forwarded::X_FORWARDED_FOR;

/// Peers that a process warns about. Any client can send the header, so this bounds the log.
const MAX_PEERS: usize = 16;

/// The peers that were warned about.
#[derive(Default)]
pub(crate) struct UntrustedProxies(Mutex<Vec<IpAddr>>);

impl UntrustedProxies {
    /// Logs the setting that is missing, once for each peer, if these headers name a client that
    /// is not believed.
    pub fn check(&self, peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) {
        let sent = [&X_FORWARDED_FOR, &FORWARDED];
        let Some(header) = sent.into_iter().find(|name| headers.contains_key(*name)) else {
            return;
        };
        let peer = peer.to_canonical();
        if is_trusted(peer, trusted) || !self.is_new(peer) {
            return;
        }
        log::warn!(
            "{peer} sent the header {header}, which is ignored because `trusted_proxies` does not \
             include this address; if it is your proxy, add it (PIVOTAL_TRUSTED_PROXIES={peer}), \
             or all clients behind it count as one address"
        );
    }

    fn is_new(&self, peer: IpAddr) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_PEERS || known.contains(&peer) {
            return false;
        }
        known.push(peer);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_peer_is_new_once_and_their_number_is_bounded() {
        let proxies = UntrustedProxies::default();
        let peer = |n: u8| IpAddr::from([192, 0, 2, n]);
        let new = (0..100).filter(|&n| proxies.is_new(peer(n)) && !proxies.is_new(peer(n)));
        assert_eq!(new.count(), MAX_PEERS);
    }
}
