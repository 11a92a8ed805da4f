//! What can be wrong with the URL of a database.

/// Why a text is not the URL of a database. No message repeats anything of the text: a part of a
/// password that isn't encoded can end up anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseUrlError {
    #[error(
        "must be a PostgreSQL URL such as postgres://user:password@host:5432/name; to store the \
         data in a SQLite file, leave it empty and set data_dir"
    )]
    NotPostgres,
    #[error(
        "is for SQLite, which needs no URL: leave it empty, and set data_dir to the directory of \
         the database file"
    )]
    Sqlite,
    #[error(
        "must be the URL of a PostgreSQL database, such as postgres://user:password@host:5432/name; \
         other database servers aren't supported"
    )]
    OtherEngine,
    #[error(
        "has a user or a password with a special character; percent-encode it: `@` is %40, `/` is \
         %2F, `?` is %3F, and `%` is %25"
    )]
    Credentials,
    #[error("has a `%` that isn't followed by two hexadecimal digits; write %25 for a `%`")]
    Percent,
    #[error("has percent-encoded bytes that aren't UTF-8, or a zero byte; check what was encoded")]
    Encoding,
    #[error(
        "has an empty user; write postgres://user:password@host/name, or leave out everything \
         before the host to log in as the user of this process"
    )]
    EmptyUser,
    #[error(
        "has no host; write postgres://user:password@host/name, or \
         postgres:///name?host=/run/postgresql for a Unix socket"
    )]
    NoHost,
    #[error(
        "has an invalid host; use a name, an IPv4 address, an IPv6 address in brackets, or \
         ?host=/run/postgresql for a Unix socket"
    )]
    Host,
    #[error(
        "has hosts both before the path and in the parameter `host`; keep one of them, with the \
         ports next to the hosts or in the parameter `port`"
    )]
    TwoHostLists,
    #[error("has an invalid port; use a number from 1 to 65535 for each host")]
    Port,
    #[error(
        "has a different number of hosts and ports; pass one port for all hosts, or one for each"
    )]
    PortCount,
    #[error("names no database; add its name after the host: postgres://user:password@host/name")]
    NoName,
    #[error("has a `/` in the name of the database; write %2F if it is part of the name")]
    Name,
    #[error(
        "has a parameter without a value; write `name=value`, with `&` between parameters, and %26 \
         for an `&` in a value"
    )]
    NoValue,
    #[error(
        "has a parameter that isn't supported; these are: {SUPPORTED}; the name of the database \
         follows the host"
    )]
    UnknownParameter,
    #[error("has the parameter `{0}` twice; keep one of them")]
    Repeated(&'static str),
    #[error("has the password twice; keep the parameter `password` or the one before the host")]
    TwoPasswords,
    #[error("has the user twice; keep the parameter `user` or the one before the host")]
    TwoUsers,
    #[error(
        "sets `target_session_attrs` to something other than `read-write`; remove it, because this \
         server writes and therefore always connects to the primary"
    )]
    NotReadWrite,
    #[error(
        "has an invalid `sslmode`; use `disable`, `prefer`, `require`, `verify-ca`, or \
         `verify-full`"
    )]
    SslMode,
    #[error(
        "has an `sslrootcert` that `sslmode` wouldn't use; add `sslmode=verify-full` to check the \
         server's certificate and name"
    )]
    UnusedRoots,
    #[error(
        "has `sslmode=verify-ca` without a certificate file, which would trust every server with a \
         certificate of any public authority; use `sslmode=verify-full`, or set `sslrootcert` to \
         the file of your own authority"
    )]
    VerifyCaWithoutRoots,
    #[error(
        "sets `sslrootcert=system` without `sslmode=verify-full`, which would trust every server \
         with a certificate of any public authority; use `sslmode=verify-full`"
    )]
    SystemRoots,
    #[error("has an empty `sslrootcert`; set it to the path of a PEM file, or to `system`")]
    EmptyRoots,
    #[error("has an invalid `channel_binding`; use `disable`, `prefer`, or `require`")]
    ChannelBinding,
    #[error(
        "has `channel_binding=require` with `sslmode=disable`, but channel binding needs TLS; use \
         `sslmode=require` or `sslmode=verify-full`"
    )]
    ChannelBindingWithoutTls,
    #[error("has an invalid `connect_timeout`; use a number of seconds from 1 to 60")]
    ConnectTimeout,
}

/// The names of the supported parameters, for messages.
const SUPPORTED: &str = "user, password, host, port, sslmode, sslrootcert, channel_binding, \
                         connect_timeout, application_name, options, and target_session_attrs";
