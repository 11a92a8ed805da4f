//! The networks around a client's address. One client may have many addresses, so whatever is
//! bounded by address is bounded for its networks too, with a higher limit for each larger one.

use std::net::IpAddr;

use ipnet::IpNet;

/// Lengths of prefixes, each with how many single clients such a network counts for. One IPv6
/// client has a /64, a household or small company a /56, a larger one a /48, a provider a /32. IPv4
/// addresses are handed out one by one, and in blocks of 256.
const IPV6: &[(u8, u32)] = &[(64, 1), (56, 2), (48, SITE), (32, MOST)];
const IPV4: &[(u8, u32)] = &[(32, 1), (24, SITE)];
/// How many clients the largest network counts for that can be in one hand.
pub(super) const SITE: u32 = 4;
/// How many clients the largest network of all counts for.
pub(super) const MOST: u32 = 16;

/// The networks of an address with how many clients each counts for, smallest first.
pub(super) fn networks(address: IpAddr) -> impl Iterator<Item = (IpNet, u32)> {
    let address = address.to_canonical();
    let lengths = if address.is_ipv4() { IPV4 } else { IPV6 };
    lengths.iter().map(move |&(length, clients)| {
        let network = IpNet::new(address, length).unwrap_or_else(|_| address.into());
        (network.trunc(), clients)
    })
}

/// The smallest of them, which stands for a single client.
pub(crate) fn single(address: IpAddr) -> IpNet {
    networks(address).next().map_or_else(|| address.into(), |(network, _)| network)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(address: &str) -> Vec<String> {
        let networks = networks(address.parse().unwrap());
        networks.map(|(network, clients)| format!("{network} {clients}")).collect()
    }

    #[test]
    fn an_address_belongs_to_networks_of_growing_size() {
        let ipv6 = [
            "2001:db8:7:102::/64 1",
            "2001:db8:7:100::/56 2",
            "2001:db8:7::/48 4",
            "2001:db8::/32 16",
        ];
        assert_eq!(around("2001:db8:7:102::9"), ipv6);
        let ipv4 = ["192.0.2.9/32 1", "192.0.2.0/24 4"];
        assert_eq!(around("192.0.2.9"), ipv4);
        assert_eq!(around("::ffff:192.0.2.9"), ipv4);
        assert_eq!(single("2001:db8::1".parse().unwrap()).to_string(), "2001:db8::/64");
    }
}
