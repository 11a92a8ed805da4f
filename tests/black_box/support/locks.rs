//! The locks on a file, as reported by the kernel.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The kinds of locks that a process holds on a file, sorted, as listed in /proc/locks
/// (proc_locks(5)): `POSIX READ`, `FLOCK WRITE`, and so on.
pub fn locks_held_by(pid: u32, file: &Path) -> Vec<String> {
    let inode = std::fs::metadata(file).unwrap().ino().to_string();
    // The kernel returns the list in chunks and it can change in between: one read can miss a lock.
    let read = || std::fs::read_to_string("/proc/locks").unwrap();
    let locks: String = std::iter::repeat_with(read).take(5).collect();
    let mut found: Vec<String> = locks
        .lines()
        .filter(|line| !line.contains("->"))
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let of_process = fields.get(4)? == &pid.to_string();
            let on_file = fields.get(5)?.rsplit(':').next()? == inode;
            (of_process && on_file).then(|| format!("{} {}", fields[1], fields[3]))
        })
        .collect();
    found.sort();
    found.dedup();
    found
}
