//! The process: its command line, settings, log, clock, and signals.

mod cli;
mod clocks;
#[cfg(target_os = "linux")]
mod command_line;
#[cfg(feature = "postgres")]
mod database;
mod demo;
mod demo_mode;
#[cfg(target_os = "linux")]
mod ephemeral;
#[cfg(target_os = "linux")]
mod generated;
mod health;
mod known_keys;
#[cfg(target_os = "linux")]
mod log_pipe;
mod renames;
#[cfg(target_os = "linux")]
mod serve_seed;
mod settings;
#[cfg(target_os = "linux")]
mod signals;
#[cfg(target_os = "linux")]
mod unprinted;
