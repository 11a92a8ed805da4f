//! Limits the number of open connections, in total and per client address.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;

use crate::http::peer::is_trusted_proxy;
use crate::model::client_address::ClientAddress;
use crate::service::client_networks;
use crate::service::metrics::{ConnectionCounts, RefusedConnection};

/// The connection slots of a server.
#[derive(Clone, Debug)]
pub(super) struct Slots(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    max: usize,
    per_address: usize,
    trusted_proxies: Vec<IpNet>,
    open: Mutex<OpenConnections>,
    counts: Arc<ConnectionCounts>,
}

#[derive(Debug, Default)]
struct OpenConnections {
    total: usize,
    by_address: HashMap<IpNet, AddressCount>,
    /// Whether the log already says that all slots are in use. Reset once an eighth of them is free.
    is_reported: bool,
}

#[derive(Debug, Default)]
struct AddressCount {
    open: usize,
    is_reported: bool,
}

/// The slot of an open connection. Dropping it frees the slot.
#[derive(Debug)]
pub(super) struct Slot {
    slots: Slots,
    /// `None` for a trusted proxy.
    address: Option<IpNet>,
}

impl Slots {
    pub fn new(
        max: usize,
        per_address: usize,
        trusted_proxies: Vec<IpNet>,
        counts: Arc<ConnectionCounts>,
    ) -> Self {
        let open = Mutex::default();
        Self(Arc::new(Shared { max, per_address, trusted_proxies, open, counts }))
    }

    /// Returns a slot for a connection from `peer` if one is free. Otherwise logs that, but only
    /// once and not for every connection.
    pub fn acquire(&self, peer: ClientAddress) -> Option<Slot> {
        let address = match peer {
            ClientAddress::Ip(ip) if !is_trusted_proxy(ip, &self.0.trusted_proxies) => {
                Some(client_networks::client_network(ip))
            }
            // Those who connect through a Unix socket are trusted proxies, too.
            ClientAddress::Ip(_) | ClientAddress::Unix => None,
        };
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.total >= self.0.max {
            if !std::mem::replace(&mut open.is_reported, true) {
                log::warn!(
                    "all {} connections are in use, so new ones are refused (connections.max)",
                    self.0.max
                );
            }
            self.0.counts.refused(RefusedConnection::Max);
            return None;
        }
        if let Some(address) = address {
            let entry = open.by_address.entry(address).or_default();
            if entry.open >= self.0.per_address {
                if !std::mem::replace(&mut entry.is_reported, true) {
                    log::warn!(
                        "{peer} has {} open connections, so new ones are refused \
                         (connections.per_address; if it is your proxy, add it to trusted_proxies)",
                        entry.open
                    );
                }
                self.0.counts.refused(RefusedConnection::PerAddress);
                return None;
            }
            entry.open += 1;
        }
        open.total += 1;
        self.0.counts.opened();
        Some(Slot { slots: self.clone(), address })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let shared = &self.slots.0;
        let mut open = shared.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.total -= 1;
        shared.counts.closed();
        if open.total < shared.max - shared.max / 8 {
            open.is_reported = false;
        }
        if let Some(address) = self.address
            && let Some(entry) = open.by_address.get_mut(&address)
        {
            entry.open -= 1;
            if entry.open == 0 {
                open.by_address.remove(&address);
            } else if entry.open < shared.per_address - shared.per_address / 8 {
                entry.is_reported = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> ClientAddress {
        ClientAddress::Ip(text.parse().unwrap())
    }

    fn open(slots: &Slots, peer: &str, count: usize) -> Vec<Slot> {
        (0..count).map_while(|_| slots.acquire(ip(peer))).collect()
    }

    #[test]
    fn connections_are_limited_by_address_and_in_total() {
        let slots = Slots::new(10, 4, Vec::new(), Arc::default());
        let mut first = open(&slots, "192.0.2.1", 9);
        let second = open(&slots, "192.0.2.2", 9);
        let third = open(&slots, "192.0.2.3", 9);
        assert_eq!((first.len(), second.len(), third.len()), (4, 4, 2));
        first.pop();
        assert_eq!(open(&slots, "192.0.2.4", 9).len(), 1);
        drop((first, second, third));
        let open = slots.0.open.lock().unwrap();
        assert_eq!((open.total, open.by_address.len()), (0, 0));
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address_and_a_mapped_ipv4_address_as_itself() {
        let slots = Slots::new(100, 2, Vec::new(), Arc::default());
        let _own =
            (slots.acquire(ip("2001:db8::1")).unwrap(), slots.acquire(ip("2001:db8::2")).unwrap());
        assert!(slots.acquire(ip("2001:db8::3")).is_none());
        assert!(slots.acquire(ip("2001:db8:0:1::1")).is_some());
        let _v4 = (
            slots.acquire(ip("192.0.2.1")).unwrap(),
            slots.acquire(ip("::ffff:192.0.2.1")).unwrap(),
        );
        assert!(slots.acquire(ip("192.0.2.1")).is_none());
    }

    #[test]
    fn a_trusted_proxy_is_limited_only_by_the_total() {
        let slots = Slots::new(10, 2, vec!["10.0.0.0/8".parse().unwrap()], Arc::default());
        assert_eq!(open(&slots, "10.1.2.3", 20).len(), 10);
        let through_socket: Vec<_> =
            (0..20).map_while(|_| slots.acquire(ClientAddress::Unix)).collect();
        assert_eq!(through_socket.len(), 10);
    }
}
