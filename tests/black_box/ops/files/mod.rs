//! The database file and its copies, including failures of the disk and crashes of the process.

#[cfg(target_os = "linux")]
mod backup_after;
mod backup_schedule;
pub mod backups;
mod checks;
mod damage;
#[cfg(target_os = "linux")]
mod disk_full;
#[cfg(target_os = "linux")]
mod leftovers;
#[cfg(unix)]
mod lost_database;
#[cfg(target_os = "linux")]
mod other_processes;
#[cfg(target_os = "linux")]
mod permissions;
#[cfg(unix)]
mod restore_streams;
#[cfg(target_os = "linux")]
mod upgrade_faults;
mod upgrades;
mod write_ahead_log;
