//! Where commands reach a running server.

use std::fmt;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use reqwest::Client;
use reqwest::redirect::Policy;

use crate::http::origin::connectable_address;
use crate::settings::{ListenAddress, Settings};
use crate::tls;

/// The address of a running server.
#[derive(Clone, Debug)]
pub enum ServerAddress {
    /// A URL, such as `https://pivotal.example.com`, with a path if the server is below one.
    Origin(String),
    /// An address of this machine on which the server of these settings speaks HTTPS. Its
    /// certificate need not be valid for the address.
    OwnTls(String),
    Unix(PathBuf),
}

impl ServerAddress {
    /// Returns the first address that a server with these settings listens on.
    pub fn from_settings(settings: &Settings) -> Self {
        let authority = match settings.listen.first() {
            ListenAddress::Unix(path) => return Self::Unix(path.clone()),
            ListenAddress::Ip(address) => connectable_address(*address).to_string(),
            ListenAddress::AllInterfaces { port } => format!("{}:{port}", Ipv4Addr::LOCALHOST),
            name @ ListenAddress::Name { .. } => name.to_string(),
        };
        if settings.tls.is_on() {
            Self::OwnTls(format!("https://{authority}"))
        } else {
            Self::Origin(format!("http://{authority}"))
        }
    }

    /// Returns a client, and the start of the URLs to request with it.
    ///
    /// # Errors
    /// Says why there can't be a client.
    pub fn client(&self) -> Result<(Client, &str), String> {
        let config = match self {
            // Nothing secret is sent to it.
            Self::OwnTls(_) => tls::config_without_verification(),
            Self::Origin(_) | Self::Unix(_) => tls::config(),
        };
        let builder = Client::builder()
            .tls_backend_preconfigured(config.map_err(|error| error.to_string())?)
            .redirect(Policy::none())
            .no_proxy();
        let (builder, origin) = match self {
            Self::Origin(origin) | Self::OwnTls(origin) => (builder, origin.as_str()),
            #[cfg(unix)]
            Self::Unix(path) => (builder.unix_socket(path.as_path()), "http://localhost"),
            #[cfg(not(unix))]
            Self::Unix(_) => return Err("this system has no Unix sockets".to_owned()),
        };
        builder.build().map(|client| (client, origin)).map_err(|error| error.to_string())
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Origin(origin) | Self::OwnTls(origin) => f.write_str(origin),
            Self::Unix(path) => ListenAddress::Unix(path.clone()).fmt(f),
        }
    }
}
