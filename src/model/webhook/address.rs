//! Classifies the addresses that a webhook might be sent to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Where an address leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressKind {
    /// On the public internet.
    Public,
    /// This machine.
    Loopback,
    /// In a private network: refused unless the operator allows it.
    Private,
    /// Never a receiver: link-local, cloud metadata, multicast, unspecified, documentation,
    /// transition mechanisms and reserved ranges.
    Forbidden,
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(segments: [u16; 8], prefix: u8) -> Ipv6Net {
    let [a, b, c, d, e, f, g, h] = segments;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix)
}

/// Cloud metadata services at addresses outside the ranges below or inside one that can be allowed:
/// Alibaba, Azure, and AWS.
const METADATA: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

const LOOPBACK_V4: Ipv4Net = v4(127, 0, 0, 0, 8);

/// RFC 1918 and RFC 6598.
const PRIVATE_V4: [Ipv4Net; 4] =
    [v4(10, 0, 0, 0, 8), v4(100, 64, 0, 0, 10), v4(172, 16, 0, 0, 12), v4(192, 168, 0, 0, 16)];

/// The IANA IPv4 Special-Purpose Address Registry, and multicast.
const FORBIDDEN_V4: [Ipv4Net; 10] = [
    v4(0, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 4),
    v4(240, 0, 0, 0, 4),
];

/// Unique local addresses (RFC 4193).
const PRIVATE_V6: Ipv6Net = v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7);

/// NAT64 (RFC 6052): the IPv4 address in the last four bytes is where a packet ends up.
const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96);

/// The IANA IPv6 Special-Purpose Address Registry, link-local and multicast. `::/8` holds the
/// IPv4-mapped and IPv4-compatible forms.
const FORBIDDEN_V6: [Ipv6Net; 11] = [
    v6([0, 0, 0, 0, 0, 0, 0, 0], 8),
    v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48),
    v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
    v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16),
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10),
    v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10),
    v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8),
];

/// Classifies an address.
pub fn kind(address: IpAddr) -> AddressKind {
    if METADATA.contains(&address) {
        return AddressKind::Forbidden;
    }
    match address {
        IpAddr::V4(address) => kind_v4(address),
        IpAddr::V6(address) => kind_v6(address),
    }
}

fn kind_v4(address: Ipv4Addr) -> AddressKind {
    if LOOPBACK_V4.contains(&address) {
        AddressKind::Loopback
    } else if PRIVATE_V4.iter().any(|net| net.contains(&address)) {
        AddressKind::Private
    } else if FORBIDDEN_V4.iter().any(|net| net.contains(&address)) {
        AddressKind::Forbidden
    } else {
        AddressKind::Public
    }
}

fn kind_v6(address: Ipv6Addr) -> AddressKind {
    if address == Ipv6Addr::LOCALHOST {
        return AddressKind::Loopback;
    }
    if NAT64.contains(&address) {
        let [.., a, b, c, d] = address.octets();
        let inside = Ipv4Addr::new(a, b, c, d);
        // Only if it is public: the translator's own loopback or network is never a receiver.
        return match kind(IpAddr::V4(inside)) {
            AddressKind::Public => AddressKind::Public,
            AddressKind::Private => AddressKind::Private,
            AddressKind::Loopback | AddressKind::Forbidden => AddressKind::Forbidden,
        };
    }
    if PRIVATE_V6.contains(&address) {
        AddressKind::Private
    } else if FORBIDDEN_V6.iter().any(|net| net.contains(&address)) {
        AddressKind::Forbidden
    } else {
        AddressKind::Public
    }
}

/// Returns whether one of the networks contains the address or, for a NAT64 address, the embedded
/// IPv4 address.
pub fn is_listed(networks: &[IpNet], address: IpAddr) -> bool {
    let inside = match address {
        IpAddr::V6(address) if NAT64.contains(&address) => {
            let [.., a, b, c, d] = address.octets();
            Some(IpAddr::V4(Ipv4Addr::new(a, b, c, d)))
        }
        _ => None,
    };
    networks.iter().any(|network| {
        network.contains(&address) || inside.is_some_and(|inside| network.contains(&inside))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kinds(addresses: &[&str]) -> Vec<AddressKind> {
        addresses.iter().map(|address| kind(address.parse().unwrap())).collect()
    }

    #[test]
    fn every_block_has_its_kind_up_to_both_ends() {
        use AddressKind::{Forbidden, Loopback, Private, Public};
        for (expected, addresses) in [
            (Loopback, &["127.0.0.0", "127.255.255.255", "::1"][..]),
            (
                Private,
                &[
                    "10.0.0.0",
                    "10.255.255.255",
                    "100.64.0.0",
                    "100.127.255.255",
                    "172.16.0.0",
                    "172.31.255.255",
                    "192.168.0.0",
                    "192.168.255.255",
                    "fc00::",
                    "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                    "64:ff9b::10.1.2.3",
                ],
            ),
            (
                Forbidden,
                &[
                    "0.0.0.0",
                    "0.255.255.255",
                    "169.254.169.254",
                    "192.0.0.192",
                    "192.0.2.1",
                    "192.88.99.1",
                    "198.18.0.0",
                    "198.19.255.255",
                    "198.51.100.7",
                    "203.0.113.9",
                    "224.0.0.1",
                    "239.255.255.255",
                    "240.0.0.0",
                    "255.255.255.255",
                    "100.100.100.200",
                    "168.63.129.16",
                    "fd00:ec2::254",
                    "::",
                    "::ffff:127.0.0.1",
                    "::ffff:8.8.8.8",
                    "::7f00:1",
                    "64:ff9b::127.0.0.1",
                    "64:ff9b::169.254.169.254",
                    "64:ff9b:1::1",
                    "100::1",
                    "2001::1",
                    "2001:1ff:ffff::",
                    "2001:db8::1",
                    "2002:7f00:1::",
                    "3fff::1",
                    "5f00::1",
                    "fe80::1",
                    "febf::1",
                    "fec0::1",
                    "ff02::1",
                ],
            ),
            (
                Public,
                &[
                    "1.1.1.1",
                    "9.255.255.255",
                    "11.0.0.0",
                    "100.63.255.255",
                    "100.128.0.0",
                    "126.255.255.255",
                    "128.0.0.0",
                    "172.15.255.255",
                    "172.32.0.0",
                    "192.167.255.255",
                    "192.169.0.0",
                    "223.255.255.255",
                    "2001:200::",
                    "2606:4700::1111",
                    "64:ff9b::8.8.8.8",
                ],
            ),
        ] {
            for address in addresses {
                assert_eq!(kinds(&[address]), [expected], "{address}");
            }
        }
    }

    #[test]
    fn a_network_lists_the_address_inside_a_nat64_one() {
        let networks = ["10.0.0.0/8".parse().unwrap()];
        assert!(is_listed(&networks, "64:ff9b::10.1.2.3".parse().unwrap()));
        assert!(!is_listed(&networks, "64:ff9b::11.1.2.3".parse().unwrap()));
        assert!(!is_listed(&networks, "::ffff:10.1.2.3".parse().unwrap()));
    }

    proptest! {
        #[test]
        fn no_form_that_embeds_an_ipv4_address_is_more_public_than_that(bits in any::<u32>()) {
            let inside = Ipv4Addr::from(bits);
            let [a, b, c, d] = inside.octets().map(u16::from);
            let (high, low) = (a << 8 | b, c << 8 | d);
            for outer in [
                Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, high, low),
                Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
            ] {
                let outer_kind = kind(IpAddr::V6(outer));
                if outer_kind == AddressKind::Public {
                    prop_assert_eq!(kind(IpAddr::V4(inside)), AddressKind::Public);
                }
            }
        }
    }
}
