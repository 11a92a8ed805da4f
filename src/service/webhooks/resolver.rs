//! Looks up host names and refuses addresses that webhooks must not be sent to. The connection uses
//! one of the checked addresses: the name isn't looked up again.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::model::webhook::policy::DestinationPolicy;

/// Looks up the addresses of a host name; tests substitute their own.
pub(crate) trait HostLookup: Send + Sync {
    fn lookup(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The operating system's resolver.
pub(crate) struct SystemLookup;

impl HostLookup for SystemLookup {
    fn lookup(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// The resolver for the sender's HTTP client. URLs with a literal IP address never get here: the
/// sender checks those itself.
pub(super) struct GuardedResolver {
    pub lookup: Arc<dyn HostLookup>,
    pub policy: DestinationPolicy,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.lookup.lookup(name.as_str().to_owned());
        let policy = self.policy.clone();
        Box::pin(async move {
            let addresses = found.await?;
            if addresses.is_empty() {
                return Err("the host name doesn't resolve to any address".into());
            }
            // Whether plain HTTP may leave this machine was checked with the URL.
            policy.check_addresses(true, addresses.iter().copied())?;
            // Port 0 means the URL's port.
            let addresses: Addrs =
                Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;
    use std::sync::Mutex;

    use super::*;
    use crate::model::webhook::policy::Refusal;

    /// Each lookup returns the next list of addresses.
    struct ScriptedLookup(Mutex<Vec<Vec<&'static str>>>);

    impl HostLookup for ScriptedLookup {
        fn lookup(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
            let next = self.0.lock().unwrap().remove(0);
            let addresses = next.iter().map(|text| text.parse().unwrap()).collect();
            Box::pin(async move { Ok(addresses) })
        }
    }

    async fn resolve(resolver: &GuardedResolver) -> Result<Vec<String>, Refusal> {
        match resolver.resolve(Name::from_str("receiver.example").unwrap()).await {
            Ok(found) => Ok(found.map(|address| address.ip().to_string()).collect()),
            Err(error) => Err(error.downcast_ref::<Refusal>().unwrap().clone()),
        }
    }

    #[tokio::test]
    async fn all_addresses_of_a_name_are_checked_at_every_lookup() {
        let script = vec![
            vec!["1.1.1.1", "2606:4700::1111"],
            vec!["1.1.1.1", "10.0.0.1"],
            vec!["127.0.0.1"],
            vec!["169.254.169.254"],
        ];
        let lookup = Arc::new(ScriptedLookup(Mutex::new(script)));
        let resolver = GuardedResolver { lookup, policy: DestinationPolicy::default() };
        assert_eq!(resolve(&resolver).await.unwrap(), ["1.1.1.1", "2606:4700::1111"]);
        assert!(matches!(resolve(&resolver).await, Err(Refusal::Private(_))));
        assert!(matches!(resolve(&resolver).await, Err(Refusal::Loopback(_))));
        assert!(matches!(resolve(&resolver).await, Err(Refusal::Forbidden(_))));
    }
}
