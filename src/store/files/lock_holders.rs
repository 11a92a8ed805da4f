//! Names the processes that hold a lock on a file, so that a message can say whom to stop. Linux
//! lists all locks in `/proc/locks` (proc_locks(5)); elsewhere nobody is named.

use std::fmt;
use std::fs::{self, Metadata};
use std::path::Path;

/// How often the list of locks is read before nobody is said to hold one.
const ATTEMPTS: usize = 5;

/// A process that holds a lock. Displays as `pivotal-server demo (process 1234)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockHolder {
    pub pid: u32,
    /// The name of the program, for our own with its subcommand. Other arguments are left out:
    /// they may be secrets.
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

/// Locks to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Lock {
    /// flock(2) on the whole file, as `File::lock` takes it.
    Flock,
    /// fcntl(2) on any of these bytes, as SQLite takes them.
    Posix { first: u64, last: u64, access: Access },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Access {
    Read,
    Write,
}

impl Lock {
    /// Held on a database's `-shm` by whoever has a read transaction open: the read marks 0 to 4
    /// (SQLite manual, "WAL-mode File Format", 2.3.2).
    pub const WAL_READ: Self = Self::Posix { first: 123, last: 127, access: Access::Read };
    /// Held on a database's `-shm` by whoever has a write transaction open.
    pub const WAL_WRITE: Self = Self::Posix { first: 120, last: 120, access: Access::Write };

    /// Held on a database by whoever has it open with a write-ahead log, or reads from it without
    /// one (`PENDING_BYTE + 2` and the 509 bytes after it).
    pub const DATABASE_READ: Self =
        Self::Posix { first: 0x4000_0002, last: 0x4000_01ff, access: Access::Read };

    fn covers(self, held: &Held) -> bool {
        match (self, held.lock) {
            (Self::Flock, Self::Flock) => true,
            // The kernel merges adjacent locks of a process, so the ranges need only overlap.
            (
                Self::Posix { first, last, access },
                Self::Posix { first: from, last: to, access: held },
            ) => access == held && first <= to && from <= last,
            _ => false,
        }
    }
}

/// The processes that hold such a lock on a file, without opening it: closing it again would
/// release the POSIX locks of this process. Empty where the system doesn't say. May miss one: the
/// kernel hands out the list in pieces, between which it can change. So it looks a few times before
/// it says that there is none.
pub(in crate::store) fn lock_holders(path: &Path, lock: Lock) -> Vec<LockHolder> {
    let mut looks = std::iter::repeat_with(|| scan_locks(path, lock)).take(ATTEMPTS);
    looks.find(|holders| !holders.is_empty()).unwrap_or_default()
}

fn scan_locks(path: &Path, lock: Lock) -> Vec<LockHolder> {
    let (Ok(metadata), Ok(locks)) = (fs::metadata(path), fs::read_to_string("/proc/locks")) else {
        return Vec::new();
    };
    let Some(file) = FileId::of(&metadata) else { return Vec::new() };
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

/// The same without this process.
pub(in crate::store) fn other_lock_holders(path: &Path, lock: Lock) -> Vec<LockHolder> {
    let mut holders = lock_holders(path, lock);
    holders.retain(|holder| holder.pid != std::process::id());
    holders
}

impl LockHolder {
    /// Nothing for a process that has ended: a flock outlives it when a child inherited the file.
    fn from_pid(pid: u32) -> Option<Self> {
        let process = Path::new("/proc").join(pid.to_string());
        if !process.exists() {
            return None;
        }
        // Set by exec to the name of the program, or of the script.
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

/// A process can choose its own name, which must not be able to break a line of the log.
fn printable(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// The subcommand in a command line of this program, in the form of `/proc/PID/cmdline`: the first
/// argument that is neither an option nor the value of one.
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

/// Device and inode, as `/proc/locks` names a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileId {
    major: u64,
    minor: u64,
    inode: u64,
}

impl FileId {
    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let device = metadata.dev();
        // Linux spreads both numbers over the 64 bits (makedev(3)).
        let major = ((device >> 8) & 0xfff) | ((device >> 32) & !0xfff);
        let minor = (device & 0xff) | ((device >> 12) & 0xffff_ff00);
        Some(Self { major, minor, inode: metadata.ino() })
    }

    #[cfg(not(unix))]
    fn of(_: &Metadata) -> Option<Self> {
        None
    }
}

/// Whether a process has a file open. Asked where `/proc/locks` names another device than stat(2)
/// does, as on btrfs and overlayfs. Only the links are followed; nothing is opened.
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
    /// Nothing for a request that still waits for its lock, for a lock that belongs to no process
    /// (an open file description lock, which has the process -1) and for other kinds of lock.
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        let _number = words.next()?;
        // A request that waits has the word `->` here.
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
    fn locks_are_read_with_hexadecimal_devices_and_open_ends() {
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
    fn requests_that_wait_and_locks_that_no_process_owns_are_left_out() {
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
        fn any_line_is_read_or_left_out(line in "\\PC*", words in "([0-9]+: )?(-> )?(POSIX|FLOCK) ADVISORY (READ|WRITE) [0-9-]+ [0-9a-f:]+ [0-9]+ ([0-9]+|EOF)") {
            let _ = Held::parse(&line);
            let _ = Held::parse(&words);
        }
    }

    #[test]
    fn a_read_mark_is_found_in_a_range_that_the_kernel_has_merged() {
        let held = |lock| Held { lock, pid: 1, file: FileId { major: 0, minor: 0, inode: 0 } };
        let posix = |first, last, access| held(Lock::Posix { first, last, access });
        assert!(Lock::WAL_READ.covers(&posix(127, 128, Access::Read)));
        assert!(Lock::WAL_READ.covers(&posix(124, 124, Access::Read)));
        // Every connection holds the byte 128.
        assert!(!Lock::WAL_READ.covers(&posix(128, 128, Access::Read)));
        assert!(!Lock::WAL_READ.covers(&posix(120, 120, Access::Write)));
        assert!(!Lock::WAL_READ.covers(&posix(120, 127, Access::Write)));
        assert!(Lock::WAL_WRITE.covers(&posix(120, 122, Access::Write)));
        assert!(!Lock::WAL_WRITE.covers(&held(Lock::Flock)));
    }

    #[test]
    fn only_the_subcommand_of_a_command_line_is_named() {
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
    fn a_holder_is_named_by_program_and_process() {
        let holder = |program: Option<&str>| {
            LockHolder { pid: 1234, program: program.map(str::to_owned) }.to_string()
        };
        assert_eq!(holder(Some("pivotal-server demo")), "pivotal-server demo (process 1234)");
        assert_eq!(holder(None), "process 1234");
        assert_eq!(printable("two\nlines"), "two?lines");
    }

    /// Waits until the list says so, in case one was missed.
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
    fn this_process_is_found_by_its_locks_and_can_be_left_out() {
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
    fn open_transactions_of_a_database_are_found_by_its_locks() {
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
