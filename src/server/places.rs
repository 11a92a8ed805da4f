//! How many connections are open, in total and by address. For the server, which turns away what is
//! beyond.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;

use crate::http::address::is_trusted;
use crate::service::neighbors;

/// The open connections of a server.
#[derive(Clone, Debug)]
pub(super) struct Places(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    max: usize,
    per_address: usize,
    trusted_proxies: Vec<IpNet>,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    by_address: HashMap<IpNet, Address>,
    /// Whether it was logged that there is no place, until there is plenty again.
    is_reported: bool,
}

#[derive(Debug, Default)]
struct Address {
    open: usize,
    is_reported: bool,
}

/// The place of an open connection.
#[derive(Debug)]
pub(super) struct Place {
    places: Places,
    /// Nothing for a trusted proxy.
    address: Option<IpNet>,
}

impl Places {
    /// So many, none of them taken.
    pub fn new(max: usize, per_address: usize, trusted_proxies: Vec<IpNet>) -> Self {
        let taken = Mutex::default();
        Self(Arc::new(Shared { max, per_address, trusted_proxies, taken }))
    }

    /// A place for a connection from this address, if one is left. That none is left is logged
    /// once, and not for every connection that is turned away.
    pub fn take(&self, peer: IpAddr) -> Option<Place> {
        let address = Some(neighbors::single(peer));
        let address = address.filter(|_| !is_trusted(peer, &self.0.trusted_proxies));
        let mut taken = self.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.total >= self.0.max {
            if !std::mem::replace(&mut taken.is_reported, true) {
                log::warn!(
                    "all {} connections are open; further ones are refused (connections.max)",
                    self.0.max
                );
            }
            return None;
        }
        if let Some(address) = address {
            let entry = taken.by_address.entry(address).or_default();
            if entry.open >= self.0.per_address {
                if !std::mem::replace(&mut entry.is_reported, true) {
                    log::warn!(
                        "{peer} has {} open connections; further ones are refused \
                         (connections.per_address; a proxy belongs in trusted_proxies)",
                        entry.open
                    );
                }
                return None;
            }
            entry.open += 1;
        }
        taken.total += 1;
        Some(Place { places: self.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let shared = &self.places.0;
        let mut taken = shared.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.total -= 1;
        if taken.total < shared.max - shared.max / 8 {
            taken.is_reported = false;
        }
        if let Some(address) = self.address
            && let Some(entry) = taken.by_address.get_mut(&address)
        {
            entry.open -= 1;
            if entry.open == 0 {
                taken.by_address.remove(&address);
            } else if entry.open < shared.per_address - shared.per_address / 8 {
                entry.is_reported = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn open(places: &Places, peer: &str, count: usize) -> Vec<Place> {
        (0..count).map_while(|_| places.take(ip(peer))).collect()
    }

    #[test]
    fn an_address_has_its_share_and_the_server_its_total() {
        let places = Places::new(10, 4, Vec::new());
        let mut first = open(&places, "192.0.2.1", 9);
        let second = open(&places, "192.0.2.2", 9);
        let third = open(&places, "192.0.2.3", 9);
        assert_eq!((first.len(), second.len(), third.len()), (4, 4, 2));
        first.pop();
        assert_eq!(open(&places, "192.0.2.4", 9).len(), 1);
        drop((first, second, third));
        let taken = places.0.taken.lock().unwrap();
        assert_eq!((taken.total, taken.by_address.len()), (0, 0));
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address_and_a_mapped_ipv4_address_as_itself() {
        let places = Places::new(100, 2, Vec::new());
        let _own =
            (places.take(ip("2001:db8::1")).unwrap(), places.take(ip("2001:db8::2")).unwrap());
        assert!(places.take(ip("2001:db8::3")).is_none());
        assert!(places.take(ip("2001:db8:0:1::1")).is_some());
        let _v4 =
            (places.take(ip("192.0.2.1")).unwrap(), places.take(ip("::ffff:192.0.2.1")).unwrap());
        assert!(places.take(ip("192.0.2.1")).is_none());
    }

    #[test]
    fn a_trusted_proxy_is_bounded_by_the_total_only() {
        let places = Places::new(10, 2, vec!["10.0.0.0/8".parse().unwrap()]);
        assert_eq!(open(&places, "10.1.2.3", 20).len(), 10);
    }
}
