//! Parses the URL of a database. Stricter than libpq, which takes parts of a password that isn't
//! encoded for a host or a name and then shows them in its messages.

use std::net::Ipv6Addr;
use std::time::Duration;

use super::error::DatabaseUrlError as Error;
use super::percent::{decode, encode};
use super::tls::Tls;
use super::{ChannelBinding, DatabaseHost, DatabaseUrl};

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
const OTHER_ENGINES: [&str; 8] =
    ["mysql", "mariadb", "mssql", "sqlserver", "oracle", "mongodb", "mongodb+srv", "jdbc"];
const DEFAULT_PORT: u16 = 5432;

/// The parameters that can follow the `?`.
const PARAMETERS: [&str; 11] = [
    "user",
    "password",
    "host",
    "port",
    "sslmode",
    "sslrootcert",
    "channel_binding",
    "connect_timeout",
    "application_name",
    "options",
    "target_session_attrs",
];
/// The parameters that `Display` leaves out, because it shows them elsewhere or not at all.
const NOT_SHOWN: [&str; 5] = ["user", "password", "host", "port", "options"];

pub(super) fn parse(text: &str) -> Result<DatabaseUrl, Error> {
    let text = text.trim();
    let rest = SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme));
    let rest = rest.ok_or_else(|| wrong_scheme(text))?;
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    // Another `@` would be part of a password that isn't encoded.
    if rest.matches('@').count() != authority.matches('@').count().min(1) {
        return Err(Error::Credentials);
    }
    let (path, query) =
        rest[authority.len()..].split_once('?').unwrap_or((&rest[authority.len()..], ""));
    let (credentials, hosts) =
        authority.split_once('@').map_or((None, authority), |(user, hosts)| (Some(user), hosts));

    let parameters = Parameters::parse(query)?;
    if parameters.get("target_session_attrs").is_some_and(|value| value != "read-write") {
        return Err(Error::NotReadWrite);
    }
    let (user, password) = parse_credentials(credentials, &parameters)?;
    let hosts = parse_hosts(hosts, &parameters)?;
    let tls = Tls::parse(parameters.get("sslmode"), parameters.get("sslrootcert"))?;
    let channel_binding = parse_channel_binding(parameters.get("channel_binding"), &tls)?;
    let name = parse_name(path)?;
    Ok(DatabaseUrl {
        text: text.to_owned(),
        shown: show(user.as_deref(), password.is_some(), &hosts, &name, &parameters),
        user,
        password,
        hosts,
        name,
        tls,
        channel_binding,
        connect_timeout: parameters.get("connect_timeout").map(parse_timeout).transpose()?,
        application_name: parameters.get("application_name").map(str::to_owned),
        options: parameters.get("options").map(str::to_owned),
    })
}

fn wrong_scheme(text: &str) -> Error {
    let scheme = text.split(':').next().unwrap_or_default().to_ascii_lowercase();
    match scheme.as_str() {
        "sqlite" | "sqlite3" | "file" => Error::Sqlite,
        scheme if OTHER_ENGINES.contains(&scheme) => Error::OtherEngine,
        _ => Error::NotPostgres,
    }
}

/// The decoded parameters, each at most once.
struct Parameters(Vec<(&'static str, String)>);

impl Parameters {
    fn parse(query: &str) -> Result<Self, Error> {
        let mut all = Self(Vec::new());
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').ok_or(Error::NoValue)?;
            let known = PARAMETERS.into_iter().find(|known| *known == name);
            let name = known.ok_or(Error::UnknownParameter)?;
            if all.get(name).is_some() {
                return Err(Error::Repeated(name));
            }
            all.0.push((name, decode(value)?));
        }
        Ok(all)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

/// Returns the user and the password, from before the host or from the parameters.
fn parse_credentials(
    credentials: Option<&str>,
    parameters: &Parameters,
) -> Result<(Option<String>, Option<String>), Error> {
    let (user, password) = match credentials.map(|text| text.split_once(':').unwrap_or((text, "")))
    {
        Some(("", _)) => return Err(Error::EmptyUser),
        Some((user, password)) => (Some(decode(user)?), decode(password)?),
        None => (None, String::new()),
    };
    let password = Some(password).filter(|password| !password.is_empty());
    let either = |first: Option<String>, name: &str, both| match (first, parameters.get(name)) {
        (Some(_), Some(_)) => Err(both),
        (first, second) => Ok(first.or_else(|| second.map(str::to_owned))),
    };
    let user = either(user, "user", Error::TwoUsers)?;
    if user.as_deref() == Some("") {
        return Err(Error::EmptyUser);
    }
    Ok((user, either(password, "password", Error::TwoPasswords)?))
}

fn parse_hosts(authority: &str, parameters: &Parameters) -> Result<Vec<DatabaseHost>, Error> {
    let (hosts, ports) = (parameters.get("host"), parameters.get("port"));
    if authority.is_empty() {
        return combine(hosts.unwrap_or_default(), ports.unwrap_or_default());
    }
    if hosts.is_some() || ports.is_some() {
        return Err(Error::TwoHostLists);
    }
    authority.split(',').map(parse_host_and_port).collect()
}

/// Combines the lists in the parameters `host` and `port`.
fn combine(hosts: &str, ports: &str) -> Result<Vec<DatabaseHost>, Error> {
    if hosts.is_empty() {
        return Err(Error::NoHost);
    }
    let hosts: Vec<&str> = hosts.split(',').collect();
    let ports: Vec<u16> = ports.split(',').map(parse_port).collect::<Result<_, _>>()?;
    if ports.len() != 1 && ports.len() != hosts.len() {
        return Err(Error::PortCount);
    }
    let ports = ports.iter().cycle();
    hosts.iter().zip(ports).map(|(host, port)| parse_host(host, *port)).collect()
}

fn parse_host_and_port(text: &str) -> Result<DatabaseHost, Error> {
    let (host, port) = match text.strip_prefix('[').map(|inner| inner.split_once(']')) {
        Some(Some((address, ""))) => (address, ""),
        Some(Some((address, port))) => (address, port.strip_prefix(':').ok_or(Error::Host)?),
        Some(None) => return Err(Error::Host),
        None => text.split_once(':').unwrap_or((text, "")),
    };
    let is_bracketed = text.starts_with('[');
    if is_bracketed && host.parse::<Ipv6Addr>().is_err() {
        return Err(Error::Host);
    }
    parse_host(&decode(host)?, parse_port(&decode(port)?)?)
}

/// An empty port is the default, as in libpq.
fn parse_port(text: &str) -> Result<u16, Error> {
    if text.is_empty() {
        return Ok(DEFAULT_PORT);
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = digits.then(|| text.parse().ok()).flatten();
    port.filter(|port| *port != 0).ok_or(Error::Port)
}

fn parse_host(host: &str, port: u16) -> Result<DatabaseHost, Error> {
    if host.starts_with('/') {
        return Ok(DatabaseHost::Socket { dir: host.into(), port });
    }
    if host.is_empty() {
        return Err(Error::NoHost);
    }
    let is_name = host.chars().all(|c| c.is_alphanumeric() || "-._".contains(c));
    if is_name || host.parse::<Ipv6Addr>().is_ok() {
        return Ok(DatabaseHost::Tcp { name: host.to_owned(), port });
    }
    Err(Error::Host)
}

fn parse_name(path: &str) -> Result<String, Error> {
    let name = path.strip_prefix('/').filter(|name| !name.is_empty()).ok_or(Error::NoName)?;
    if name.contains('/') { Err(Error::Name) } else { decode(name) }
}

fn parse_channel_binding(value: Option<&str>, tls: &Tls) -> Result<ChannelBinding, Error> {
    match value {
        None => Ok(ChannelBinding::default()),
        Some("disable") => Ok(ChannelBinding::Disable),
        Some("prefer") => Ok(ChannelBinding::Prefer),
        Some("require") if *tls == Tls::Disable => Err(Error::ChannelBindingWithoutTls),
        Some("require") => Ok(ChannelBinding::Require),
        Some(_) => Err(Error::ChannelBinding),
    }
}

fn parse_timeout(text: &str) -> Result<Duration, Error> {
    let seconds = text.parse().ok().filter(|seconds| (1..=60).contains(seconds));
    seconds.map(Duration::from_secs).ok_or(Error::ConnectTimeout)
}

/// Builds the URL without secrets from its parsed parts, so that it shows nothing unexpected.
fn show(
    user: Option<&str>,
    has_password: bool,
    hosts: &[DatabaseHost],
    name: &str,
    parameters: &Parameters,
) -> String {
    let credentials = match (user, has_password) {
        (Some(user), true) => format!("{}:***@", encode(user)),
        (Some(user), false) => format!("{}@", encode(user)),
        (None, _) => String::new(),
    };
    let mut tcp = Vec::new();
    for host in hosts {
        tcp.push(match host {
            DatabaseHost::Tcp { .. } => host.to_string(),
            DatabaseHost::Socket { dir, port } => {
                format!("{}:{port}", encode(&dir.to_string_lossy()))
            }
        });
    }
    let shown: Vec<String> = parameters
        .0
        .iter()
        .filter(|(name, _)| !NOT_SHOWN.contains(name))
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    let query = if shown.is_empty() { String::new() } else { format!("?{}", shown.join("&")) };
    format!("postgres://{credentials}{}/{}{query}", tcp.join(","), encode(name))
}
