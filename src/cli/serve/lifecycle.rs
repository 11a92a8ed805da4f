//! The log lines with which a server starts and stops.

use std::time::Instant;

use log::Level;

use super::args::Serve;
use super::stop::StopCause;
use crate::logging::Line;
use crate::server::Server;
use crate::settings::{LoadedSettings, Source};
use crate::store::DataDir;

/// Where the settings came from: names, without their values, which may be secrets.
pub struct Origins {
    /// `None` if there was no file.
    file: Option<String>,
    variables: Vec<String>,
    flags: Vec<String>,
}

impl Origins {
    pub fn new(loaded: &LoadedSettings, args: &Serve) -> Self {
        let set = [
            ("--data-dir", *loaded.source("data_dir") == Source::Flag),
            ("--listen", !args.listen.is_empty()),
            ("--no-bootstrap", args.no_bootstrap),
            ("--new-database", args.new_database),
            ("--resume-deliveries", args.resume_deliveries),
            ("--ephemeral", args.ephemeral),
            ("--demo", args.demo),
            ("--seed", args.seed.is_some()),
            ("--exit-with-parent", args.exit_with_parent),
            ("--test-control", args.test_control),
            ("--test-control-token", args.test_control_token.is_some()),
        ];
        let flags = set.into_iter().filter(|(_, is_set)| *is_set);
        Self {
            file: loaded.file().map(|file| file.display().to_string()),
            variables: loaded.variables(),
            flags: flags.map(|(name, _)| name.to_owned()).collect(),
        }
    }
}

/// Logs that the server has started, with what tells servers apart.
pub fn log_started(server: &Server, origins: &Origins) {
    let service = server.service();
    let (engine, files) = (service.store().engine(), service.store().files());
    let data_dir = files.map_or(&*service.settings().data_dir, DataDir::path);
    // The working directory of a service is easily overlooked.
    let data_dir = std::path::absolute(data_dir).unwrap_or_else(|_| data_dir.to_owned());
    Line::new(Level::Info, "started")
        .text("version", env!("CARGO_PKG_VERSION"))
        .number("pid", std::process::id().into())
        .text("engine", &engine.product())
        .text("database", &engine.place)
        .text("data_dir", &data_dir.display().to_string())
        .optional_list("listen", &server.addresses())
        .optional_list("admin_listen", &server.admin_addresses())
        .optional_list("metrics_listen", &server.metrics_addresses())
        .text("config", origins.file.as_deref().unwrap_or("none"))
        .optional_list("environment", &origins.variables)
        .optional_list("flags", &origins.flags)
        .write();
}

/// Logs that the server has stopped: why, how long that took, and how long it ran.
pub fn log_stopped(cause: &StopCause, started: Instant) {
    let mut line = Line::new(Level::Info, "stopped");
    if let Some((reason, since)) = cause.get() {
        line = line.text("reason", reason).millis("ms", since.elapsed());
    }
    line.number("uptime_seconds", started.elapsed().as_secs()).write();
}
