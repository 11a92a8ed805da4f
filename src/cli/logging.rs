//! Starts the log, on stderr.

use env_logger::Target;
use log::LevelFilter;

use super::output::stderr;
use crate::logging;
use crate::model::clock::{Clock, SystemClock};
use crate::settings::LogFormat;

/// Starts logging. Panics are logged too, instead of being printed over several lines.
pub fn start(level: LevelFilter, format: LogFormat) {
    logging::set_format(format);
    // Operators don't need actix's messages about starting and stopping. It also logs every
    // malformed request as an error, which would let anyone flood the log.
    let requests = if level >= LevelFilter::Debug { level } else { LevelFilter::Off };
    env_logger::Builder::new()
        .filter_level(level)
        .filter_module("actix_server", level.min(LevelFilter::Warn))
        .filter_module("actix_http", requests)
        // Logs the parameters of every statement, with hashes of keys and secrets of webhooks.
        .filter_module("tokio_postgres", level.min(LevelFilter::Warn))
        .format(|out, record| logging::write_record(out, SystemClock.now(), record))
        .target(Target::Pipe(Box::new(stderr::LineWriter)))
        .init();
    std::panic::set_hook(Box::new(|panic| log::error!("{panic}")));
}
