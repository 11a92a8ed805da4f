//! The networks around a client's IP address. A client may have many addresses, so every limit per
//! address also applies to the networks around it, with a higher limit for larger networks.

use std::net::IpAddr;

use ipnet::IpNet;

/// Prefix lengths, and how many clients a network of that length counts as. A single IPv6 client
/// has a /64, a household or small company a /56, a larger one a /48, and a provider a /32. IPv4
/// addresses are assigned one by one, and in blocks of 256.
const IPV6: &[(u8, u32)] = &[(64, 1), (56, 2), (48, SITE_CLIENTS), (32, MAX_CLIENTS)];
const IPV4: &[(u8, u32)] = &[(32, 1), (24, SITE_CLIENTS)];
/// How many clients a /48 or an IPv4 /24 counts as. These are the largest networks that a single
/// party is likely to control.
pub(in crate::service) const SITE_CLIENTS: u32 = 4;
/// How many clients an IPv6 /32, the largest network here, counts as.
pub(in crate::service) const MAX_CLIENTS: u32 = 16;

/// Returns the networks of an address, smallest first, each with the number of clients it counts
/// as.
pub(in crate::service) fn networks_around(address: IpAddr) -> impl Iterator<Item = (IpNet, u32)> {
    let address = address.to_canonical();
    let lengths = if address.is_ipv4() { IPV4 } else { IPV6 };
    lengths.iter().map(move |&(length, clients)| {
        let network = IpNet::new(address, length).unwrap_or_else(|_| address.into());
        (network.trunc(), clients)
    })
}

/// Returns the smallest network of an address, which represents a single client.
pub(crate) fn client_network(address: IpAddr) -> IpNet {
    networks_around(address).next().map_or_else(|| address.into(), |(network, _)| network)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(address: &str) -> Vec<String> {
        let networks = networks_around(address.parse().unwrap());
        networks.map(|(network, clients)| format!("{network} {clients}")).collect()
    }

    #[test]
    fn an_address_is_in_networks_of_increasing_size() {
        let ipv6 = [
            "2001:db8:7:102::/64 1",
            "2001:db8:7:100::/56 2",
            "2001:db8:7::/48 4",
            "2001:db8::/32 16",
        ];
        assert_eq!(networks("2001:db8:7:102::9"), ipv6);
        let ipv4 = ["192.0.2.9/32 1", "192.0.2.0/24 4"];
        assert_eq!(networks("192.0.2.9"), ipv4);
        assert_eq!(networks("::ffff:192.0.2.9"), ipv4);
        assert_eq!(client_network("2001:db8::1".parse().unwrap()).to_string(), "2001:db8::/64");
    }
}
