//! The database file and its copies, whatever happens to the disk and the process.

mod backup_schedule;
pub mod backups;
#[cfg(target_os = "linux")]
mod beside;
mod checks;
mod crash;
mod damage;
#[cfg(target_os = "linux")]
mod disk_full;
#[cfg(target_os = "linux")]
mod leftovers;
#[cfg(target_os = "linux")]
mod permissions;
#[cfg(target_os = "linux")]
mod upgrade_faults;
mod upgrades;
#[cfg(unix)]
mod vanished;
mod write_ahead_log;
