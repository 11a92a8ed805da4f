//! What the disk can do: syncs of single pages.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use super::timing::{Measurement, repeat};
use crate::Outcome;

/// Overwrites a page of an existing file and syncs it, which is the least that a commit does.
pub fn measure(dir: &Path, seconds: u64) -> Outcome<Measurement> {
    const PAGE: [u8; 4096] = [7; 4096];
    const PAGES: u64 = 1024;
    let path = dir.join("sync");
    let mut file = File::create(&path)?;
    for _ in 0..PAGES {
        file.write_all(&PAGE)?;
    }
    file.sync_all()?;
    let mut at = 0;
    let timed = repeat(seconds, 1, || {
        file.seek(SeekFrom::Start(at % PAGES * PAGE.len() as u64))?;
        file.write_all(&PAGE)?;
        at += 1;
        Ok(file.sync_all()?)
    })?;
    std::fs::remove_file(path)?;
    Ok(timed)
}
