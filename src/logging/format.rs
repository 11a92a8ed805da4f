//! The format of the log, which is the same for the whole process.

use std::io::{self, Write};
use std::sync::OnceLock;

use log::{Level, Record};

use super::escape::{json_string, text_message};
use crate::model::values::time::Timestamp;
use crate::settings::LogFormat;

/// The target of records whose text is already in the format of the log, with its message and
/// fields.
pub(super) const RENDERED: &str = "pivotal_server::line";

static FORMAT: OnceLock<LogFormat> = OnceLock::new();

/// Chooses the format of all lines. Only the first call has an effect.
pub fn set_format(format: LogFormat) {
    // Set only once, when the process starts to log.
    let _ = FORMAT.set(format);
}

pub(super) fn format() -> LogFormat {
    FORMAT.get().copied().unwrap_or(LogFormat::Text)
}

/// Writes the line of a record.
///
/// # Errors
/// Those of `out`.
pub fn write_record(out: &mut impl Write, now: Timestamp, record: &Record<'_>) -> io::Result<()> {
    let level = record.level();
    if record.target() == RENDERED {
        match format() {
            LogFormat::Text => writeln!(out, "{now} {level:5} {}", record.args()),
            LogFormat::Json => writeln!(out, "{{{}{}}}", json_start(now, level), record.args()),
        }
    } else {
        write_message(out, now, level, &record.args().to_string())
    }
}

/// Writes a line without fields.
///
/// # Errors
/// Those of `out`.
pub fn write_message(
    out: &mut impl Write,
    now: Timestamp,
    level: Level,
    message: &str,
) -> io::Result<()> {
    match format() {
        LogFormat::Text => writeln!(out, "{now} {level:5} {}", text_message(message)),
        LogFormat::Json => {
            let start = json_start(now, level);
            writeln!(out, "{{{start}\"message\":{}}}", json_string(message))
        }
    }
}

fn json_start(now: Timestamp, level: Level) -> String {
    format!("\"time\":\"{now}\",\"level\":\"{}\",", level.as_str().to_ascii_lowercase())
}
