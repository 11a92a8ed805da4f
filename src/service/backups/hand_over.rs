//! The background task that gives each scheduled backup to the command `backup.after`.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;

use actix_web::rt;
use futures_util::future::select;
use sha2::{Digest, Sha256};

use super::after::{HandOvers, WaitingBackup};
use super::command::{self, Failure, Reason};
use super::schedule::BackupSchedule;
use crate::model::hex::hex;
use crate::service::Service;

/// Hands over each backup until the server stops.
pub(crate) async fn hand_over_backups(service: Arc<Service>) {
    let Some(backups) = &service.backups else { return };
    let Some(hand_overs) = backups.hand_overs() else { return };
    let clock = service.store.clock();
    while !hand_overs.is_stopping() {
        match hand_overs.due_in(clock.monotonic()) {
            None => hand_overs.changed().await,
            Some(pause) if pause.is_zero() => hand_over_newest(&service, backups, hand_overs).await,
            Some(pause) => {
                let due = clock.monotonic().plus(pause);
                select(clock.sleep_until(due), pin!(hand_overs.changed())).await;
            }
        }
    }
}

async fn hand_over_newest(service: &Service, backups: &BackupSchedule, hand_overs: &HandOvers) {
    let Some(backup) = hand_overs.begin() else { return };
    let name = backup.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let started = std::time::Instant::now();
    let result = match describe(&backup, &name).await {
        Ok(variables) => {
            let stop = hand_overs.watch_stop();
            command::run(&hand_overs.command, &variables, hand_overs.limit, stop).await
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            log::warn!("{name} was removed before it could be handed over to backup.after");
            return hand_overs.forget();
        }
        Err(error) => Err(Failure { reason: Reason::Unreadable(error), output: Vec::new() }),
    };
    match result {
        Ok(()) => {
            let seconds = started.elapsed().as_secs();
            log::info!("handed over {name} to backup.after in {seconds} s");
            if hand_overs.record_success(&backup)
                && let Err(error) = backups.record_handed_over(&backup.path)
            {
                log::warn!(
                    "cannot record that {name} was handed over, so it may be handed over again \
                     after a restart: {error}"
                );
            }
        }
        Err(Failure { reason: Reason::Stopped, .. }) => {
            log::warn!(
                "backup.after was ended because the server is stopping; {name} will be handed over \
                 after the next start"
            );
            hand_overs.record_stop(backup);
        }
        Err(Failure { reason, output }) => {
            let clock = service.store.clock();
            let pause = hand_overs.record_failure(backup, clock.now(), clock.monotonic());
            log::error!(
                "backup.after failed for {name} and will be retried within {}: {reason}",
                humantime::format_duration(pause)
            );
            for line in output {
                log::error!("backup.after wrote: {line}");
            }
        }
    }
}

/// Returns what the command is told about a backup.
async fn describe(backup: &WaitingBackup, name: &str) -> io::Result<Vec<(&'static str, String)>> {
    let path = std::path::absolute(&backup.path)?;
    let file = path.clone();
    let digest = rt::task::spawn_blocking(move || digest(&file)).await;
    let (size, digest) = digest.map_err(io::Error::other)??;
    Ok(vec![
        ("BACKUP_FILE", path.display().to_string()),
        ("BACKUP_NAME", name.to_owned()),
        ("BACKUP_SIZE", size.to_string()),
        ("BACKUP_SHA256", digest),
        ("BACKUP_TIME", backup.made.to_string()),
    ])
}

/// Returns the size and the SHA-256 checksum of a backup.
fn digest(path: &Path) -> io::Result<(u64, String)> {
    let (mut file, mut size) = (File::open(path)?, 0);
    let (mut digest, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((size, hex(&digest.finalize()))),
            read => {
                digest.update(&buffer[..read]);
                size += read as u64;
            }
        }
    }
}
