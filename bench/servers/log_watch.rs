//! Counts the bytes that a server writes to the write-ahead log. Another process can only see how
//! long the log is, in the header of its index (SQLite manual, "WAL-mode File Format", 2.1), so a
//! thread polls it.
//!
//! The bytes that the writer's thread writes (`wchar` in proc(5)) would be a sixth too many at the
//! peak: the thread also writes the rest of each checkpoint to the database file.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::Outcome;

const EVERY: Duration = Duration::from_millis(1);
/// The index starts with two copies of the header. They differ while it is being written.
const COPY: usize = 48;
/// The header of each page in the log.
const FRAME_HEADER: u64 = 24;

/// Counts until it is finished. While it counts, this process must not have the database open:
/// closing the file of the index would release the locks of its connections.
pub struct LogWatch {
    is_done: Arc<AtomicBool>,
    thread: JoinHandle<io::Result<Counter>>,
}

/// A header of the index.
#[derive(Clone, Copy)]
struct Header {
    /// Increases by one with each commit.
    commits: u32,
    page_size: u64,
    /// The number of pages in the log.
    frames: u32,
    /// Changes when the log restarts from its beginning.
    salt: [u8; 8],
}

struct Counter {
    last: Header,
    commits: u64,
    /// The commits whose frames are known.
    seen_commits: u64,
    seen_frames: u64,
}

impl LogWatch {
    pub fn start(database: &Path) -> Outcome<Self> {
        let mut path = database.as_os_str().to_owned();
        path.push("-shm");
        let index = File::open(path)?;
        let is_done = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&is_done);
        let thread = std::thread::spawn(move || {
            let mut counter = Counter::new(next_header(&index)?);
            while !stop.load(Ordering::Relaxed) {
                std::thread::sleep(EVERY);
                counter.add(next_header(&index)?);
            }
            Ok(counter)
        });
        Ok(Self { is_done, thread })
    }

    /// Returns the number of bytes.
    pub fn finish(self) -> Outcome<f64> {
        self.is_done.store(true, Ordering::Relaxed);
        let counter = self.thread.join().map_err(|_| "the thread that counts panicked")??;
        Ok(counter.bytes())
    }
}

impl Counter {
    fn new(first: Header) -> Self {
        Self { last: first, commits: 0, seen_commits: 0, seen_frames: 0 }
    }

    fn add(&mut self, now: Header) {
        let commits = u64::from(now.commits.wrapping_sub(self.last.commits));
        self.commits += commits;
        if now.salt == self.last.salt {
            self.seen_commits += commits;
            self.seen_frames += u64::from(now.frames.saturating_sub(self.last.frames));
        } else if commits == 1 {
            self.seen_commits += 1;
            self.seen_frames += u64::from(now.frames);
        }
        // Otherwise, it is unknown how many of these commits were before the restart.
        self.last = now;
    }

    fn bytes(&self) -> f64 {
        let frames = self.seen_frames as f64 / self.seen_commits.max(1) as f64;
        frames * self.commits as f64 * (self.last.page_size + FRAME_HEADER) as f64
    }
}

/// Reads headers until one is complete.
fn next_header(index: &File) -> io::Result<Header> {
    loop {
        let mut copies = [0; 2 * COPY];
        index.read_exact_at(&mut copies, 0)?;
        let (first, second) = copies.split_at(COPY);
        if first == second {
            return Ok(Header::parse(&copies));
        }
    }
}

impl Header {
    fn parse(bytes: &[u8; 2 * COPY]) -> Self {
        let number = |at: usize| u32::from_ne_bytes(std::array::from_fn(|n| bytes[at + n]));
        // 65,536 doesn't fit and is stored as 1.
        let page_size = match u16::from_ne_bytes([bytes[14], bytes[15]]) {
            1 => 1 << 16,
            size => u64::from(size),
        };
        let salt = std::array::from_fn(|n| bytes[32 + n]);
        Self { commits: number(8), page_size, frames: number(16), salt }
    }
}
