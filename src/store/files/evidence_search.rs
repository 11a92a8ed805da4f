//! Looks for evidence of a database that no longer exists. A disk that is not mounted, or a file
//! that was moved away, must not look like a first start.

use std::fs;
use std::path::{Path, PathBuf};

use super::evidence::Evidence;
use super::locks::OpenLock;
use super::{dir_of, names, with_suffix};

/// Looks for evidence next to the database and among the backups. Ignores files that cannot be
/// read.
pub(super) fn find(database: &Path, backups: &Path) -> Option<Evidence> {
    if let Ok(to) = fs::read_link(database) {
        return Some(Evidence::Link(to));
    }
    if OpenLock::last_database_id(database).is_some() {
        return Some(Evidence::LockFile(dir_of(database).join("open.lock")));
    }
    let left = [names::WAL, names::JOURNAL].map(|suffix| with_suffix(database, suffix));
    if let Some(left) =
        left.into_iter().find(|left| fs::metadata(left).is_ok_and(|left| left.len() > 0))
    {
        return Some(Evidence::File(left));
    }
    let name = database.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let aside = [names::BEFORE_RESTORE, names::BEFORE_UPGRADE].map(|end| name.clone() + end);
    let drafts = [names::NEW, names::UPGRADING, names::RESTORING].map(|end| name.clone() + end);
    newest(dir_of(database), |name| {
        let is_draft = name.ends_with(names::PARTIAL)
            || drafts.iter().any(|draft| name.starts_with(draft.as_str()));
        aside.iter().any(|prefix| name.starts_with(prefix.as_str())) && !is_draft
    })
    .or_else(|| newest(backups, |name| names::backup_time(name).is_some()))
    .map(Evidence::File)
}

/// Returns the wanted file whose name sorts last. All of these names end with a time or a number.
fn newest(dir: &Path, is_wanted: impl Fn(&str) -> bool) -> Option<PathBuf> {
    let entries = fs::read_dir(dir).ok()?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths
        .filter(|path| path.file_name().is_some_and(|name| is_wanted(&name.to_string_lossy())))
        .max()
}
