//! How log lines look: one line each, on stderr, with the time in UTC.

use std::io::Write;

use env_logger::Target;
use log::LevelFilter;

use super::stderr;
use crate::model::clock::{Clock, SystemClock};

/// Starts logging, and has panics logged instead of printed in lines of their own.
pub fn start(level: LevelFilter) {
    let line = |out: &mut env_logger::fmt::Formatter, record: &log::Record<'_>| {
        // A line break in a message must not begin a line that looks like another message.
        let mut message = record.args().to_string();
        if message.contains(['\n', '\r']) {
            message = message.replace(['\n', '\r'], " ");
        }
        writeln!(out, "{} {:5} {message}", SystemClock.now(), record.level())
    };
    // actix's own news of starting and stopping are of no use to an operator.
    // It logs every malformed request as an error, so that anyone could fill the log.
    let requests = if level >= LevelFilter::Debug { level } else { LevelFilter::Off };
    env_logger::Builder::new()
        .filter_level(level)
        .filter_module("actix_server", level.min(LevelFilter::Warn))
        .filter_module("actix_http", requests)
        .format(line)
        .target(Target::Pipe(Box::new(stderr::Lines)))
        .init();
    std::panic::set_hook(Box::new(|panic| log::error!("{panic}")));
}
