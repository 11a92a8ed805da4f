//! Compares the copy with the original: all rows of all tables, and the exports of all workspaces
//! line by line.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::digest::Digest;
use super::error::MoveError;
use super::sides::{Source, Target};
use super::tables::Table;
use crate::model::transfer::ExportOptions;
use crate::model::values::time::Timestamp;
use crate::model::workspace::Workspace;
use crate::store::error::StoreError;
use crate::store::files::watch::Watch;

/// How many lines of one export may wait for those of the other.
const LINES: usize = 100;
const EVERYTHING: ExportOptions = ExportOptions { include_deleted: true, events: true };

/// Compares each table with the digest of its original.
pub(super) fn compare_tables(
    target: &Target,
    tables: &[Table],
    originals: &[Digest],
    watch: &dyn Watch,
) -> Result<(), MoveError> {
    let conn = target.conn();
    for (table, original) in tables.iter().zip(originals) {
        if watch.should_stop() {
            return Err(MoveError::Stopped);
        }
        if Digest::of(conn, table).map_err(StoreError::from)? != *original {
            return Err(MoveError::Different { what: format!("the table `{}`", table.name) });
        }
    }
    Ok(())
}

/// Compares the exports of all workspaces, with deleted objects and events.
pub(super) fn compare_exports(
    source: &Source,
    target: &mut Target,
    now: Timestamp,
    watch: &dyn Watch,
) -> Result<(), MoveError> {
    let originals = source.reader().workspaces()?;
    let copies = target.reader().workspaces()?;
    if originals.len() != copies.len() {
        return Err(MoveError::Different { what: "the list of workspaces".to_owned() });
    }
    for (original, copy) in originals.iter().zip(&copies) {
        let (send, receive) = sync_channel(LINES);
        let (exported, compared) = thread::scope(|scope| {
            let other = &mut *target;
            let export = scope.spawn(move || send_export(other, copy, now, &send));
            let compared = compare_export(source, original, now, receive, watch);
            let panicked = || StoreError::Internal("the export of the copy panicked".to_owned());
            (export.join().unwrap_or_else(|_| Err(panicked().into())), compared)
        });
        match compared {
            // An export that failed has too few lines.
            Err(MoveError::Different { .. }) => exported.and(compared)?,
            _ => compared.and(exported)?,
        }
    }
    Ok(())
}

/// Sends the lines of an export until nobody wants more.
fn send_export(
    target: &mut Target,
    workspace: &Workspace,
    now: Timestamp,
    lines: &SyncSender<String>,
) -> Result<(), MoveError> {
    let send = &mut |line: &str, _| lines.send(line.to_owned()).map_err(|_| MoveError::Stopped);
    let sent = target.reader().export_in_transaction(workspace, EVERYTHING, now, send);
    // The other side says why it wants no more.
    if matches!(sent, Err(MoveError::Stopped)) { Ok(()) } else { sent }
}

fn compare_export(
    source: &Source,
    workspace: &Workspace,
    now: Timestamp,
    copied: Receiver<String>,
    watch: &dyn Watch,
) -> Result<(), MoveError> {
    let different = |line: u64| {
        let what = format!("workspace `{}` (line {line} of its export)", workspace.slug);
        MoveError::Different { what }
    };
    let mut number = 0;
    let reader = source.reader();
    reader.export_in_transaction(workspace, EVERYTHING, now, &mut |line, _| {
        number += 1;
        if watch.should_stop() {
            return Err(MoveError::Stopped);
        }
        match copied.recv() {
            Ok(copy) if copy == line => Ok(()),
            _ => Err(different(number)),
        }
    })?;
    if copied.recv().is_ok() { Err(different(number + 1)) } else { Ok(()) }
}
