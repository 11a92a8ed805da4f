//! The format of the log: one line for each message, on stderr, with the time in UTC.

use std::io::Write;

use env_logger::Target;
use log::LevelFilter;

use super::stderr;
use crate::model::clock::{Clock, SystemClock};

/// Starts logging. Panics are logged too, instead of being printed over several lines.
pub fn start(level: LevelFilter) {
    let line = |out: &mut env_logger::fmt::Formatter, record: &log::Record<'_>| {
        // A line break must not start what looks like another log line.
        let mut message = record.args().to_string();
        if message.contains(['\n', '\r']) {
            message = message.replace(['\n', '\r'], " ");
        }
        writeln!(out, "{} {:5} {message}", SystemClock.now(), record.level())
    };
    // Operators don't need actix's messages about starting and stopping. It also logs every
    // malformed request as an error, which would let anyone flood the log.
    let requests = if level >= LevelFilter::Debug { level } else { LevelFilter::Off };
    env_logger::Builder::new()
        .filter_level(level)
        .filter_module("actix_server", level.min(LevelFilter::Warn))
        .filter_module("actix_http", requests)
        .format(line)
        .target(Target::Pipe(Box::new(stderr::LineWriter)))
        .init();
    std::panic::set_hook(Box::new(|panic| log::error!("{panic}")));
}
