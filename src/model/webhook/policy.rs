//! Where this server may send webhooks: the settings, and how URLs and addresses are checked
//! against them.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use url::Host;

use super::address::{AddressKind, is_listed, kind};
use super::url::EndpointUrl;

/// The settings that decide where requests may go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationPolicy {
    /// Private networks and loopback addresses that are allowed: `webhooks.allow`.
    pub allow: Vec<IpNet>,
    /// Whether plain HTTP may leave this machine: `webhooks.allow_http`.
    pub allow_http: bool,
    /// Whether the server listens only on loopback. If so, receivers on loopback are allowed too.
    pub listens_on_loopback: bool,
}

/// Why a request must not be sent somewhere. The message names the setting that would allow it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(
        "must use https. To allow http to other machines, set `webhooks.allow_http = true` in the \
         server's settings"
    )]
    Http,
    #[error(
        "leads to {0}, a private address. To allow it, add it or its network to `webhooks.allow` in \
         the server's settings"
    )]
    Private(IpAddr),
    #[error(
        "leads to {0}, this machine. The server listens on other addresses too, so receivers on \
         this machine must be listed: add {0} to `webhooks.allow` in the server's settings"
    )]
    Loopback(IpAddr),
    #[error(
        "leads to {0}, an address that webhooks are never sent to (link-local, cloud metadata, \
         multicast or reserved); `webhooks.allow` can't allow it"
    )]
    Forbidden(IpAddr),
}

impl DestinationPolicy {
    /// Checks one of a host name's addresses.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn check_address(&self, address: IpAddr) -> Result<(), Refusal> {
        match kind(address) {
            AddressKind::Public => Ok(()),
            AddressKind::Forbidden => Err(Refusal::Forbidden(address)),
            AddressKind::Private | AddressKind::Loopback if is_listed(&self.allow, address) => {
                Ok(())
            }
            AddressKind::Private => Err(Refusal::Private(address)),
            AddressKind::Loopback if self.listens_on_loopback => Ok(()),
            AddressKind::Loopback => Err(Refusal::Loopback(address)),
        }
    }

    /// Checks all addresses of a URL's host. A single refused address is enough to refuse the URL,
    /// because any of them could be used for the connection.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn check_addresses(
        &self,
        is_https: bool,
        addresses: impl IntoIterator<Item = IpAddr>,
    ) -> Result<(), Refusal> {
        for address in addresses {
            self.check_address(address)?;
            if !is_https && !self.allow_http && kind(address) != AddressKind::Loopback {
                return Err(Refusal::Http);
            }
        }
        Ok(())
    }

    /// Checks everything that doesn't need a lookup of the host name.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn check_url(&self, url: &EndpointUrl) -> Result<(), Refusal> {
        match url.host() {
            Some(Host::Ipv4(address)) => self.check_addresses(url.is_https(), [address.into()]),
            Some(Host::Ipv6(address)) => self.check_addresses(url.is_https(), [address.into()]),
            Some(Host::Domain(name)) if is_local_name(name) => {
                let address = IpAddr::from([127, 0, 0, 1]);
                self.check_addresses(url.is_https(), [address])
            }
            _ if url.is_https() || self.allow_http => Ok(()),
            _ => Err(Refusal::Http),
        }
    }
}

/// Names that always mean this machine (RFC 6761, section 6.3).
fn is_local_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy: &DestinationPolicy, url: &str) -> Result<(), Refusal> {
        policy.check_url(&EndpointUrl::parse(url).unwrap())
    }

    #[test]
    fn by_default_only_public_addresses_over_https_are_allowed() {
        let policy = DestinationPolicy::default();
        assert_eq!(check(&policy, "https://example.com/"), Ok(()));
        assert_eq!(check(&policy, "https://1.1.1.1/"), Ok(()));
        assert_eq!(check(&policy, "http://example.com/"), Err(Refusal::Http));
        assert_eq!(check(&policy, "http://1.1.1.1/"), Err(Refusal::Http));
        for url in ["http://127.1/", "https://localhost/", "http://[::1]/", "http://a.localhost./"]
        {
            assert!(matches!(check(&policy, url), Err(Refusal::Loopback(_))), "{url}");
        }
        assert!(matches!(check(&policy, "https://10.0.0.1/"), Err(Refusal::Private(_))));
        assert!(matches!(
            check(&policy, "https://[::ffff:127.0.0.1]/"),
            Err(Refusal::Forbidden(_))
        ));
    }

    #[test]
    fn a_server_on_loopback_reaches_receivers_there_over_http() {
        let policy = DestinationPolicy { listens_on_loopback: true, ..Default::default() };
        for url in ["http://127.0.0.1:9000/", "http://localhost:9000/", "https://[::1]/"] {
            assert_eq!(check(&policy, url), Ok(()), "{url}");
        }
        assert!(matches!(check(&policy, "http://10.0.0.1/"), Err(Refusal::Private(_))));
    }

    #[test]
    fn the_setting_allows_private_networks_and_loopback_but_not_forbidden_addresses() {
        let everything = ["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()];
        let policy = DestinationPolicy { allow: everything.into(), ..Default::default() };
        assert_eq!(check(&policy, "https://10.0.0.1/"), Ok(()));
        assert_eq!(check(&policy, "http://127.0.0.1/"), Ok(()));
        assert_eq!(check(&policy, "http://10.0.0.1/"), Err(Refusal::Http));
        for url in ["https://169.254.169.254/", "https://[fd00:ec2::254]/", "https://0.0.0.0/"] {
            assert!(matches!(check(&policy, url), Err(Refusal::Forbidden(_))), "{url}");
        }
    }

    #[test]
    fn a_name_is_refused_if_any_of_its_addresses_is() {
        let policy = DestinationPolicy::default();
        let addresses = ["1.1.1.1", "10.0.0.1"].map(|text| text.parse().unwrap());
        assert!(matches!(policy.check_addresses(true, addresses), Err(Refusal::Private(_))));
    }
}
