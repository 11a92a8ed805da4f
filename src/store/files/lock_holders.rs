//! Finds the processes that hold a lock on a file, so that a message can name the process to stop.
//! Linux lists all locks in `/proc/locks` (proc_locks(5)); on other systems, no holders are found.

use std::fmt;
use std::fs::{self, Metadata};
use std::path::Path;

/// How often to read the list of locks before concluding that a lock has no holder.
const ATTEMPTS: usize = 5;

/// A process that holds a lock. Displayed as `pivotal-server demo (process 1234)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockHolder {
    pub pid: u32,
    /// The name of the program; for this program, with its subcommand. Other arguments are left
    /// out, because they may be secrets.
    program: Option<String>,
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.program {
            Some(program) => write!(f, "{program} (process {})", self.pid),
            None => write!(f, "process {}", self.pid),
        }
    }
}

/// A kind of lock to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Lock {
    /// A flock(2) on the whole file, as `File::lock` acquires it.
    Flock,
    /// An fcntl(2) lock on any of these bytes, as SQLite acquires it.
    Posix { first: u64, last: u64, access: Access },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Access {
    Read,
    Write,
}

impl Lock {
    /// The lock on a database's `-shm` file held by processes with an open read transaction: read
    /// marks 0 to 4 (SQLite manual, "WAL-mode File Format", 2.3.2).
    pub const WAL_READ: Self = Self::Posix { first: 123, last: 127, access: Access::Read };
    /// The lock on a database's `-shm` file held by a process with an open write transaction.
    pub const WAL_WRITE: Self = Self::Posix { first: 120, last: 120, access: Access::Write };

    /// The lock on a database held by processes that have it open in WAL mode, or that are reading
    /// from it in another mode (`PENDING_BYTE + 2` and the 509 bytes after it).
    pub const DATABASE_READ: Self =
        Self::Posix { first: 0x4000_0002, last: 0x4000_01ff, access: Access::Read };

    fn covers(self, held: &Held) -> bool {
        match (self, held.lock) {
            (Self::Flock, Self::Flock) => true,
            // The kernel merges adjacent locks of a process, so it is enough if the ranges overlap.
            (
                Self::Posix { first, last, access },
                Self::Posix { first: from, last: to, access: held },
            ) => access == held && first <= to && from <= last,
            _ => false,
        }
    }
}

/// Finds the processes that hold this lock on a file. Does not open the file, because closing it
/// would release the POSIX locks of this process. Returns an empty list if the system does not
/// provide the information. A single scan can miss a holder, because the kernel returns the list in
/// pieces and it can change in between, so it is repeated a few times before the result is empty.
pub(in crate::store) fn lock_holders(path: &Path, lock: Lock) -> Vec<LockHolder> {
    let mut scans = std::iter::repeat_with(|| scan_locks(path, lock)).take(ATTEMPTS);
    scans.find(|holders| !holders.is_empty()).unwrap_or_default()
}

fn scan_locks(path: &Path, lock: Lock) -> Vec<LockHolder> {
    let (Ok(metadata), Ok(locks)) = (fs::metadata(path), fs::read_to_string("/proc/locks")) else {
        return Vec::new();
    };
    let Some(file) = FileId::from_metadata(&metadata) else { return Vec::new() };
    let mut pids: Vec<u32> = locks
        .lines()
        .filter_map(Held::parse)
        .filter(|held| lock.covers(held) && held.file.inode == file.inode)
        .filter(|held| held.file == file || has_open(held.pid, &metadata))
        .map(|held| held.pid)
        .collect();
    pids.sort_unstable();
    pids.dedup();
    pids.into_iter().filter_map(LockHolder::from_pid).collect()
}

/// Like [`lock_holders`], but leaves out this process.
pub(in crate::store) fn other_lock_holders(path: &Path, lock: Lock) -> Vec<LockHolder> {
    let mut holders = lock_holders(path, lock);
    holders.retain(|holder| holder.pid != std::process::id());
    holders
}

impl LockHolder {
    /// Returns `None` if the process has ended: a flock outlives its process if a child inherited
    /// the file.
    fn from_pid(pid: u32) -> Option<Self> {
        let process = Path::new("/proc").join(pid.to_string());
        if !process.exists() {
            return None;
        }
        // Set by exec to the name of the program or script.
        let name = fs::read_to_string(process.join("comm")).ok();
        let name = name.map(|name| printable(name.trim_end())).filter(|name| !name.is_empty());
        let program = name.map(|name| {
            let arguments = fs::read(process.join("cmdline")).unwrap_or_default();
            match subcommand(&arguments) {
                Some(subcommand) if name == env!("CARGO_PKG_NAME") => {
                    format!("{name} {subcommand}")
                }
                _ => name,
            }
        });
        Some(Self { pid, program })
    }
}

/// Replaces control characters: a process can choose its own name, which must not be able to break
/// a log line.
fn printable(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// Returns the subcommand in a command line of this program, given as in `/proc/PID/cmdline`: the
/// first argument that is neither an option nor an option's value.
fn subcommand(cmdline: &[u8]) -> Option<&str> {
    let mut arguments = cmdline.split(|&byte| byte == 0).skip(1);
    loop {
        let argument = std::str::from_utf8(arguments.next()?).ok()?;
        if !argument.starts_with('-') {
            let is_word = argument.bytes().all(|byte| byte.is_ascii_lowercase());
            return (is_word && !argument.is_empty()).then_some(argument);
        }
        if argument != "--json" && !argument.contains('=') {
            arguments.next();
        }
    }
}

/// Device and inode, which identify a file in `/proc/locks`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileId {
    major: u64,
    minor: u64,
    inode: u64,
}

impl FileId {
    #[cfg(unix)]
    fn from_metadata(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let device = metadata.dev();
        // Linux spreads both numbers over the 64 bits (makedev(3)).
        let major = ((device >> 8) & 0xfff) | ((device >> 32) & !0xfff);
        let minor = (device & 0xff) | ((device >> 12) & 0xffff_ff00);
        Some(Self { major, minor, inode: metadata.ino() })
    }

    #[cfg(not(unix))]
    fn from_metadata(_: &Metadata) -> Option<Self> {
        None
    }
}

/// Whether a process has a file open. Needed on file systems such as btrfs and overlayfs, where
/// `/proc/locks` shows a different device than stat(2). Only follows links and opens nothing.
#[cfg(unix)]
fn has_open(pid: u32, file: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    let Ok(open) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    open.filter_map(|entry| fs::metadata(entry.ok()?.path()).ok())
        .any(|open| open.dev() == file.dev() && open.ino() == file.ino())
}

#[cfg(not(unix))]
fn has_open(_: u32, _: &Metadata) -> bool {
    false
}

/// A line of `/proc/locks`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    lock: Lock,
    pid: u32,
    file: FileId,
}

impl Held {
    /// Returns `None` for a request that is waiting for its lock, for a lock that belongs to no
    /// process (an open file description lock, which has the process ID -1), and for other kinds of
    /// locks.
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        let _number = words.next()?;
        // A waiting request has `->` in this place.
        let kind = words.next()?;
        let _mandatory = words.next()?;
        let access = match words.next()? {
            "READ" => Access::Read,
            "WRITE" => Access::Write,
            _ => return None,
        };
        let pid = words.next()?.parse().ok().filter(|&pid| pid > 0)?;
        let mut file = words.next()?.split(':');
        let mut hex = || u64::from_str_radix(file.next()?, 16).ok();
        let (major, minor) = (hex()?, hex()?);
        let inode = file.next()?.parse().ok()?;
        let first = words.next()?.parse().ok()?;
        let last = match words.next()? {
            "EOF" => u64::MAX,
            last => last.parse().ok()?,
        };
        let lock = match kind {
            "FLOCK" => Lock::Flock,
            "POSIX" => Lock::Posix { first, last, access },
            _ => return None,
        };
        Some(Self { lock, pid, file: FileId { major, minor, inode } })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hexadecimal_devices_and_open_ended_ranges_are_parsed() {
        let file = FileId { major: 0xfd, minor: 0x1a, inode: 2_531_452 };
        let held = |line| Held::parse(line).map(|held| (held.lock, held.pid, held.file));
        assert_eq!(
            held("1: FLOCK  ADVISORY  WRITE 22343 fd:1a:2531452 0 EOF"),
            Some((Lock::Flock, 22343, file))
        );
        let posix = |first, last, access| Lock::Posix { first, last, access };
        assert_eq!(
            held("12: POSIX  ADVISORY  READ 7 fd:1a:2531452 124 124"),
            Some((posix(124, 124, Access::Read), 7, file))
        );
        assert_eq!(
            held("3: POSIX  ADVISORY  WRITE 7 fd:1a:2531452 1073741824 EOF"),
            Some((posix(1_073_741_824, u64::MAX, Access::Write), 7, file))
        );
    }

    #[test]
    fn waiting_requests_and_locks_without_a_process_are_ignored() {
        for line in [
            "1: -> FLOCK  ADVISORY  WRITE 22343 fd:00:2531452 0 EOF",
            "2: OFDLCK ADVISORY  READ -1 00:06:1046 0 EOF",
            "3: POSIX  ADVISORY  READ -1 fd:00:1046 0 EOF",
            "4: POSIX  ADVISORY  READ 0 fd:00:1046 0 EOF",
            "5: LEASE  ACTIVE    READ 1234 fd:00:2531452 0 EOF",
            "6: POSIX  *NOINODE* UNLCK 1234 <none>:0 0 EOF",
            "7: FLOCK  ADVISORY  WRITE 22343",
            "",
        ] {
            assert_eq!(Held::parse(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_line_makes_the_parser_panic(line in "\\PC*", words in "([0-9]+: )?(-> )?(POSIX|FLOCK) ADVISORY (READ|WRITE) [0-9-]+ [0-9a-f:]+ [0-9]+ ([0-9]+|EOF)") {
            let _ = Held::parse(&line);
            let _ = Held::parse(&words);
        }
    }

    #[test]
    fn a_read_mark_is_found_in_a_merged_range() {
        let held = |lock| Held { lock, pid: 1, file: FileId { major: 0, minor: 0, inode: 0 } };
        let posix = |first, last, access| held(Lock::Posix { first, last, access });
        assert!(Lock::WAL_READ.covers(&posix(127, 128, Access::Read)));
        assert!(Lock::WAL_READ.covers(&posix(124, 124, Access::Read)));
        // Every connection holds a lock on byte 128.
        assert!(!Lock::WAL_READ.covers(&posix(128, 128, Access::Read)));
        assert!(!Lock::WAL_READ.covers(&posix(120, 120, Access::Write)));
        assert!(!Lock::WAL_READ.covers(&posix(120, 127, Access::Write)));
        assert!(Lock::WAL_WRITE.covers(&posix(120, 122, Access::Write)));
        assert!(!Lock::WAL_WRITE.covers(&held(Lock::Flock)));
    }

    #[test]
    fn only_the_subcommand_of_a_command_line_is_shown() {
        for (cmdline, expected) in [
            ("pivotal-server\0demo\0--workspace\0acme\0", Some("demo")),
            ("pivotal-server\0--json\0--data-dir\0data\0serve\0", Some("serve")),
            ("pivotal-server\0--data-dir=data\0keys\0revoke\0pivotal_K8s9X2mP\0", Some("keys")),
            ("pivotal-server\0--config\0backup\0", None),
            ("pivotal-server\0pivotal_K8s9X2mP\0", None),
            ("pivotal-server\0", None),
            ("", None),
        ] {
            assert_eq!(subcommand(cmdline.as_bytes()), expected, "{cmdline:?}");
        }
    }

    #[test]
    fn a_holder_is_displayed_with_program_and_process_id() {
        let holder = |program: Option<&str>| {
            LockHolder { pid: 1234, program: program.map(str::to_owned) }.to_string()
        };
        assert_eq!(holder(Some("pivotal-server demo")), "pivotal-server demo (process 1234)");
        assert_eq!(holder(None), "process 1234");
        assert_eq!(printable("two\nlines"), "two?lines");
    }

    /// Retries until the list is as expected, because a scan can miss a holder.
    #[cfg(target_os = "linux")]
    fn wait_for_pids(path: &Path, lock: Lock, expected: &[u32]) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        loop {
            let found: Vec<u32> =
                lock_holders(path, lock).iter().map(|holder| holder.pid).collect();
            if found == expected {
                return;
            }
            assert!(std::time::Instant::now() < deadline, "{lock:?}: {found:?}");
            std::thread::yield_now();
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_found_and_can_be_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("serve.lock");
        let file = fs::File::create(&path).unwrap();
        assert_eq!(lock_holders(&path, Lock::Flock), []);
        file.lock().unwrap();
        wait_for_pids(&path, Lock::Flock, &[std::process::id()]);
        assert_eq!(other_lock_holders(&path, Lock::Flock), []);
        assert_eq!(lock_holders(&dir.path().join("missing"), Lock::Flock), []);
        assert!(LockHolder::from_pid(std::process::id()).unwrap().program.is_some());
        assert_eq!(LockHolder::from_pid(u32::MAX), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn open_transactions_are_found_by_their_locks() {
        let dir = tempfile::tempdir().unwrap();
        let (file, index) = (dir.path().join("a.db"), dir.path().join("a.db-shm"));
        let conn = rusqlite::Connection::open(file).unwrap();
        conn.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (a)").unwrap();
        let own = [std::process::id()];
        for (sql, readers, writers) in [
            ("SELECT 1", &[][..], &[][..]),
            ("BEGIN; SELECT * FROM t", &own, &[]),
            ("INSERT INTO t VALUES (1)", &own, &own),
            ("COMMIT", &[], &[]),
        ] {
            conn.execute_batch(sql).unwrap();
            wait_for_pids(&index, Lock::WAL_READ, readers);
            wait_for_pids(&index, Lock::WAL_WRITE, writers);
        }
    }
}
