//! `serve --ephemeral`: how its settings differ, and preparing its keys while its database is
//! created.

use std::net::Ipv4Addr;
use std::panic::resume_unwind;
use std::thread::{self, JoinHandle};

use log::LevelFilter;

use super::super::output::failure::Failure;
use super::bootstrap::PreparedKeys;
use crate::settings::{Bootstrap, ListenAddress, LoadedSettings, Source, Tls};

/// How long a request may keep the server from stopping, in seconds. Nothing can be lost.
const SHUTDOWN_TIMEOUT: u64 = 1;

/// Adapts the settings to a server for tests.
pub fn adapt(loaded: &mut LoadedSettings) -> Result<(), Failure> {
    // A container image may set the variable for all commands.
    if *loaded.source("data_dir") == Source::Flag {
        let message = "--ephemeral uses a temporary directory; remove --data-dir, or, to keep the \
                       data, use --test-control instead of --ephemeral";
        return Err(Failure::Other(message.to_owned()));
    }
    // The settings file may belong to the server that this one replaces in tests.
    let is_chosen = |name| *loaded.source(name) == Source::Environment;
    let (log, limits) = (is_chosen("log"), is_chosen("rate_limits.enabled"));
    let (proxies, metrics) = (is_chosen("trusted_proxies"), is_chosen("metrics.listen"));
    let settings = &mut loaded.settings;
    settings.listen = ListenAddress::Ip((Ipv4Addr::LOCALHOST, 0).into()).into();
    settings.tls = Tls::default();
    settings.admin.listen = None;
    if !metrics {
        settings.metrics.listen = None;
    }
    settings.database = None;
    settings.backup.every = None;
    settings.shutdown_timeout = settings.shutdown_timeout.min(SHUTDOWN_TIMEOUT);
    settings.test_control.enabled = true;
    if !log {
        settings.log = LevelFilter::Warn;
    }
    if !limits {
        settings.rate_limits.enabled = false;
    }
    if !proxies {
        settings.trusted_proxies.clear();
    }
    Ok(())
}

/// Keys that are being hashed on another thread.
pub struct KeysInPreparation(JoinHandle<Result<PreparedKeys, Failure>>);

impl KeysInPreparation {
    pub fn start(bootstrap: Bootstrap) -> Self {
        Self(thread::spawn(move || PreparedKeys::prepare_portable(&bootstrap)))
    }

    pub fn wait(self) -> Result<PreparedKeys, Failure> {
        self.0.join().unwrap_or_else(|panic| resume_unwind(panic))
    }
}
