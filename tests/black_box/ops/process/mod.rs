//! The command line, the settings, the log, the clock and the signals of the process.

mod cli;
mod clocks;
mod demo;
#[cfg(target_os = "linux")]
mod log_pipe;
mod settings;
#[cfg(target_os = "linux")]
mod signals;
#[cfg(target_os = "linux")]
mod unprinted;
