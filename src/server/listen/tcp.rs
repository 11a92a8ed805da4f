//! Listening on TCP addresses: one, all addresses of a name, or all interfaces.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};

use socket2::{Domain, Protocol, Socket, Type};

use super::BoundAddress;
use super::error::{ListenError, Problem};
use crate::settings::{ListenAddress, ListenAddresses, is_localhost};

/// Connections that the kernel accepts before the server does.
const BACKLOG: i32 = 1024;
/// How often a free port is picked until it is free on every address of a name.
const PORT_ATTEMPTS: usize = 50;

/// Listens on all addresses that `address` stands for, on the same port, except those in `mine`,
/// which an earlier entry of the list has opened. `own` are all addresses of this server.
pub(super) fn listen(
    address: &ListenAddress,
    all: &ListenAddresses,
    mine: &[BoundAddress],
    own: &[&BoundAddress],
) -> Result<Vec<TcpListener>, ListenError> {
    let mine: Vec<SocketAddr> = mine.iter().filter_map(BoundAddress::tcp).collect();
    let addresses = resolve(address)?;
    let optional = match address {
        ListenAddress::Ip(_) => Optional::None,
        // The kernel may have no IPv6, or not on loopback, although the name has an address.
        _ => Optional::Ipv6,
    };
    let options = Options { optional, shares_port: |own| shares_port(own, address, all) };
    let mut attempts = PORT_ATTEMPTS;
    loop {
        let (failed, error) = match listen_once(&addresses, &mine, &options) {
            Ok(listeners) => return Ok(listeners),
            Err(failure) => failure,
        };
        attempts -= 1;
        let is_taken = error.kind() == io::ErrorKind::AddrInUse;
        if is_taken && failed.port() == 0 && attempts > 0 {
            continue;
        }
        let is_own =
            is_taken && own.iter().filter_map(|own| own.tcp()).any(|own| overlap(own, failed));
        let problem = if is_own { Problem::Own } else { Problem::Tcp(error) };
        return Err(match address {
            ListenAddress::Ip(_) => ListenError::new(address, problem),
            _ => ListenError::new(&format!("{address} ({failed})"), problem),
        });
    }
}

/// Returns whether nobody can listen on both addresses.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let [one_ip, other_ip] = [one, other].map(|address| address.ip().to_canonical());
    let is_same = one_ip == other_ip || one_ip.is_unspecified() || other_ip.is_unspecified();
    is_same && one.port() == other.port()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Optional {
    None,
    /// IPv6 addresses that can't be used are left out, unless nothing is left.
    Ipv6,
}

struct Options<F> {
    optional: Optional,
    /// Whether an IPv6 address must leave the port free for IPv4.
    shares_port: F,
}

fn resolve(address: &ListenAddress) -> Result<Vec<SocketAddr>, ListenError> {
    Ok(match address {
        ListenAddress::Ip(ip) => vec![*ip],
        ListenAddress::AllInterfaces { port } => {
            vec![(Ipv4Addr::UNSPECIFIED, *port).into(), (Ipv6Addr::UNSPECIFIED, *port).into()]
        }
        ListenAddress::Name { host, port } => {
            let found = (host.as_str(), *port)
                .to_socket_addrs()
                .map_err(|error| ListenError::new(address, Problem::UnknownHost(error)))?;
            let mut addresses: Vec<SocketAddr> = Vec::new();
            for one in found {
                // Settings that are only safe on loopback rely on this name.
                let is_meant = !is_localhost(host) || one.ip().to_canonical().is_loopback();
                if is_meant && !addresses.contains(&one) {
                    addresses.push(one);
                }
            }
            // So that the printed address is the one that every client can use.
            addresses.sort_by_key(SocketAddr::is_ipv6);
            if addresses.is_empty() {
                return Err(ListenError::new(address, Problem::NoAddress));
            }
            addresses
        }
        ListenAddress::Unix(_) => Vec::new(),
    })
}

/// Returns whether an IPv6 socket must not take IPv4 connections, as it does by default on some
/// systems: because the server has a socket for IPv4 on the same port.
fn shares_port(ip: SocketAddr, address: &ListenAddress, all: &ListenAddresses) -> bool {
    ip.is_ipv6()
        && match address {
            ListenAddress::Ip(_) => all.iter().any(|other| match other {
                ListenAddress::Ip(other) => other.is_ipv4() && other.port() == ip.port(),
                ListenAddress::Name { port, .. } => *port == ip.port(),
                ListenAddress::AllInterfaces { .. } | ListenAddress::Unix(_) => false,
            }),
            _ => true,
        }
}

/// Returns the listeners, or the address that failed. Its port is 0 if it was picked here.
fn listen_once(
    addresses: &[SocketAddr],
    mine: &[SocketAddr],
    options: &Options<impl Fn(SocketAddr) -> bool>,
) -> Result<Vec<TcpListener>, (SocketAddr, io::Error)> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    let mut picked = None;
    let mut skipped = None;
    for &address in addresses {
        if address.port() != 0 && mine.contains(&address) {
            continue;
        }
        let mut with_port = address;
        with_port.set_port(picked.unwrap_or(address.port()));
        match bind(with_port, (options.shares_port)(address)) {
            Ok(listener) => {
                let local = listener.local_addr().map_err(|error| (address, error))?;
                picked = Some(local.port());
                listeners.push(listener);
            }
            Err(error)
                if options.optional == Optional::Ipv6 && is_without_ipv6(address, &error) =>
            {
                log::info!("not listening on {address}: {error}");
                skipped = Some((address, error));
            }
            Err(error) => return Err((address, error)),
        }
    }
    match skipped {
        Some(failure) if listeners.is_empty() => Err(failure),
        _ => Ok(listeners),
    }
}

/// Returns whether the error means that this machine can't use the IPv6 address at all.
fn is_without_ipv6(address: SocketAddr, error: &io::Error) -> bool {
    #[cfg(unix)]
    let is_unknown_family =
        error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error());
    #[cfg(not(unix))]
    let is_unknown_family = error.kind() == io::ErrorKind::Unsupported;
    address.is_ipv6() && (is_unknown_family || error.kind() == io::ErrorKind::AddrNotAvailable)
}

fn bind(address: SocketAddr, only_v6: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Otherwise a restart has to wait until the kernel has forgotten the old connections. On Windows
    // the option would allow several processes to listen on the same address.
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    if only_v6 {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_overlap_if_one_of_them_contains_the_other() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        for (one, other, expected) in [
            ("127.0.0.1:1", "127.0.0.1:1", true),
            ("0.0.0.0:1", "127.0.0.1:1", true),
            ("192.0.2.1:1", "[::]:1", true),
            ("[::ffff:192.0.2.1]:1", "192.0.2.1:1", true),
            ("127.0.0.1:1", "192.0.2.1:1", false),
            ("127.0.0.1:1", "127.0.0.1:2", false),
        ] {
            assert_eq!(overlap(address(one), address(other)), expected, "{one} {other}");
            assert_eq!(overlap(address(other), address(one)), expected, "{other} {one}");
        }
    }
}
