//! Errors of a transfer from or to another server.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::base_url::BaseUrl;

/// Why a transfer ended before it was complete.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    #[error("stopped")]
    Stopped,
    #[error("can't set up the HTTP client: {0}")]
    Client(io::Error),
    #[error("can't reach {url}: {cause}; check the URL and the network, and run the command again")]
    Unreachable { url: BaseUrl, cause: String },
    #[error("{url} redirects to {to}; pass the URL that it redirects to, if you trust it")]
    Redirect { url: BaseUrl, to: String },
    #[error(
        "{url} doesn't accept the API key ({message}); check PIVOTAL_API_KEY, or the key on stdin"
    )]
    KeyRejected { url: BaseUrl, message: String },
    #[error(
        "the API key isn't allowed to do this: {message} (`{request}`); use a key that has all scopes"
    )]
    Forbidden { request: String, message: String },
    #[error(
        "{url} doesn't look like a Pivotal API: `GET /me` returned {found}; check the URL, for example https://pivotal.example.com or https://pivotal.example.com/api/v1"
    )]
    NotAnApi { url: BaseUrl, found: String },
    #[error("`{request}` failed: {status}{message}; run the command again to continue")]
    Failed { request: String, status: u16, message: String },
    #[error("`{request}` returned an unexpected response: {reason}")]
    Unexpected { request: String, reason: String },
    #[error(
        "the server asks to wait {} before the next request; run the command again then, to continue",
        humantime::format_duration(*.0)
    )]
    LongWait(Duration),
    #[error(
        "the server refuses every request because of its rate limit; run the command again later, to continue"
    )]
    StillLimited,
    #[error("another command is downloading to {}; wait until it is done", .0.display())]
    InUse(PathBuf),
    #[error(
        "{} contains a part of a download from {url}; continue with this URL, or delete the file",
        .path.display()
    )]
    OtherSource { path: PathBuf, url: String },
    #[error(
        "line {line} of {} is not valid; correct the file, or pass another one with --map",
        .path.display()
    )]
    DamagedMap { path: PathBuf, line: u64 },
    #[error(
        "{} maps workspace `{workspace}` to organization `{organization}` ({organization_id}); pass another file with --map",
        .path.display()
    )]
    OtherMap { path: PathBuf, workspace: String, organization: String, organization_id: String },
    #[error("can't read the exported data: {0}")]
    Export(io::Error),
    #[error("{} is damaged; delete it and run the command again", .0.display())]
    DamagedStaging(PathBuf),
    #[error("{}: {source}; run the command again to continue", .path.display())]
    File { path: PathBuf, source: io::Error },
}
