//! The arguments of `health` and `wait`.

use std::time::Duration;

use super::server_address::ServerAddress;
use crate::cli::value_parsers::{parse_base_url, parse_wait};

#[derive(clap::Args)]
pub struct Health {
    /// URL of the server, with its path if it has one, or `unix:` and the path of its socket
    /// [default: the first address of the `listen` setting]
    #[arg(long, value_name = "URL", value_parser = parse_server)]
    pub url: Option<ServerAddress>,
}

#[derive(clap::Args)]
pub struct Wait {
    #[command(flatten)]
    pub server: Health,
    /// How long to wait, such as 30s or 5m
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = parse_wait)]
    pub timeout: Duration,
}

fn parse_server(text: &str) -> Result<ServerAddress, String> {
    match text.strip_prefix("unix:") {
        Some(path) if !path.is_empty() => Ok(ServerAddress::Unix(path.into())),
        _ => parse_base_url(text).map(ServerAddress::Origin),
    }
}
