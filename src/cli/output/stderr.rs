//! Writes lines to stderr on a separate thread, so that logging never blocks: if the pipe is full,
//! lines are dropped and counted. Waking that thread costs more than formatting a line, so it pauses
//! after each write, and then writes all lines that were queued in the meantime. If the process is
//! killed, the lines of the last pause are lost.

use std::io::{self, ErrorKind, Write};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use log::Level;

use crate::logging;
use crate::model::clock::{Clock, SystemClock};

/// Bytes that can be queued: the log lines of about five thousand requests.
const CAPACITY: usize = 1 << 20;
/// The pause after a write.
const PAUSE: Duration = Duration::from_millis(5);
/// Bytes in the queue that end the pause.
const FULL_BATCH: usize = CAPACITY / 8;
/// How long a flush waits: at the end of the process, before the announcement of an address, and
/// before a line that is written directly.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);
/// The pause before retrying if stderr is non-blocking and full.
const RETRY_DELAY: Duration = Duration::from_millis(20);

static QUEUE: Queue = Queue::new();
/// Whether the writer thread could be started.
static HAS_WRITER: OnceLock<bool> = OnceLock::new();

/// Queues a line. The line break is added.
pub fn write_line(line: &str) {
    queue_lines(format!("{line}\n").as_bytes());
}

/// Writes a line and waits for it, so that none is dropped, however many there are.
pub fn write_line_now(line: &str) {
    flush();
    // An error here can't be reported anywhere.
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Waits until all queued lines are written, but at most `FLUSH_TIMEOUT`.
pub fn flush() {
    QUEUE.flush(FLUSH_TIMEOUT);
}

/// A `Write` that queues whole lines and never fails.
pub struct LineWriter;

impl Write for LineWriter {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        queue_lines(lines);
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn queue_lines(lines: &[u8]) {
    let has_writer = HAS_WRITER.get_or_init(|| {
        let thread = std::thread::Builder::new().name("stderr".to_owned());
        thread.spawn(|| QUEUE.write_batches_to(&mut io::stderr())).is_ok()
    });
    if *has_writer {
        QUEUE.push(lines);
    } else {
        // Without the thread, the only option is to write here and block.
        let _ = io::stderr().write_all(lines);
    }
}

/// Lines that wait to be written.
struct Queue {
    state: Mutex<State>,
    /// Signals the first line of a batch, a full batch, and a flush.
    is_due: Condvar,
    is_idle: Condvar,
}

struct State {
    batch: Batch,
    is_writing: bool,
    is_pausing: bool,
    /// The number of callers that wait until everything is written.
    flushing: usize,
}

/// Lines that are written together, with the number of lines dropped before and after them.
#[derive(Default)]
struct Batch {
    dropped_before: usize,
    lines: Vec<u8>,
    dropped_after: usize,
}

impl Queue {
    const fn new() -> Self {
        let batch = Batch { dropped_before: 0, lines: Vec::new(), dropped_after: 0 };
        Self {
            state: Mutex::new(State { batch, is_writing: false, is_pausing: false, flushing: 0 }),
            is_due: Condvar::new(),
            is_idle: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, lines: &[u8]) {
        let mut state = self.lock();
        if state.batch.lines.len() + lines.len() > CAPACITY {
            state.batch.dropped_after += count_lines(lines);
            return;
        }
        let before = state.batch.lines.len();
        state.batch.lines.extend_from_slice(lines);
        // After a pause, the thread looks by itself.
        let is_first = before == 0 && !state.is_pausing;
        let fills_up = before < FULL_BATCH && state.batch.lines.len() >= FULL_BATCH;
        drop(state);
        if is_first || fills_up {
            self.is_due.notify_one();
        }
    }

    /// Writes batches until the process ends.
    fn write_batches_to(&self, out: &mut impl Write) {
        let mut writer = Writer { out, is_mid_line: false };
        let mut written = Vec::new();
        loop {
            let batch = self.next(written);
            let lost = writer.write_batch(&batch);
            written = batch.lines;
            let mut state = self.lock();
            state.batch.dropped_before += lost;
            state.is_writing = false;
            self.is_idle.notify_all();
            let can_wait =
                |state: &mut State| state.flushing == 0 && state.batch.lines.len() < FULL_BATCH;
            state.is_pausing = true;
            let waited = self.is_due.wait_timeout_while(state, PAUSE, can_wait);
            waited.unwrap_or_else(PoisonError::into_inner).0.is_pausing = false;
        }
    }

    /// Waits for a batch. The memory of `written`, the last one, is used for the next lines.
    fn next(&self, mut written: Vec<u8>) -> Batch {
        written.clear();
        written.shrink_to(2 * FULL_BATCH);
        let is_empty = |state: &mut State| state.batch.lines.is_empty();
        let state = self.is_due.wait_while(self.lock(), is_empty);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        state.is_writing = true;
        std::mem::replace(&mut state.batch, Batch { lines: written, ..Batch::default() })
    }

    fn flush(&self, timeout: Duration) {
        let mut state = self.lock();
        state.flushing += 1;
        self.is_due.notify_one();
        let is_busy = |state: &mut State| state.is_writing || !state.batch.lines.is_empty();
        // Lines that are still queued are lost with the process.
        let waited = self.is_idle.wait_timeout_while(state, timeout, is_busy);
        waited.unwrap_or_else(PoisonError::into_inner).0.flushing -= 1;
    }
}

struct Writer<'o, W> {
    out: &'o mut W,
    /// Whether the last write ended in the middle of a line.
    is_mid_line: bool,
}

impl<W: Write> Writer<'_, W> {
    /// Writes a batch and returns the number of lines lost.
    fn write_batch(&mut self, Batch { dropped_before, lines, dropped_after }: &Batch) -> usize {
        if self.report_dropped(*dropped_before).is_err() {
            return dropped_before + count_lines(lines) + dropped_after;
        }
        if let Err(written) = self.write_lines(lines) {
            return count_lines(&lines[written..]) + dropped_after;
        }
        if self.report_dropped(*dropped_after).is_err() { *dropped_after } else { 0 }
    }

    /// Writes a line that says how many were dropped here, if any were.
    fn report_dropped(&mut self, dropped: usize) -> Result<(), usize> {
        if dropped == 0 {
            return Ok(());
        }
        let why = "stderr was not read or could not be written";
        let message = format!("log lines dropped: {dropped}; {why}");
        let mut line = Vec::new();
        // Writing to memory can't fail.
        let _ = logging::write_message(&mut line, SystemClock.now(), Level::Warn, &message);
        self.write_lines(&line)
    }

    /// Writes lines. The error is the number of bytes written so far.
    fn write_lines(&mut self, lines: &[u8]) -> Result<(), usize> {
        if self.is_mid_line {
            self.write_bytes(b"\n").map_err(|_| 0_usize)?;
            self.is_mid_line = false;
        }
        let done = self.write_bytes(lines);
        if let Err(written @ 1..) = done {
            self.is_mid_line = lines[written - 1] != b'\n';
        }
        done
    }

    fn write_bytes(&mut self, bytes: &[u8]) -> Result<(), usize> {
        let mut written = 0;
        while written < bytes.len() {
            match self.out.write(&bytes[written..]) {
                Ok(0) => return Err(written),
                Ok(more) => written += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    std::thread::sleep(RETRY_DELAY)
                }
                Err(_) => return Err(written),
            }
        }
        Ok(())
    }
}

fn count_lines(lines: &[u8]) -> usize {
    lines.iter().filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use std::io::BufRead;

    use super::*;

    /// Accepts `space` bytes and then fails like a full disk.
    struct Disk {
        space: usize,
        text: Vec<u8>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.space == 0 {
                return Err(ErrorKind::StorageFull.into());
            }
            let count = bytes.len().min(self.space);
            self.space -= count;
            self.text.extend_from_slice(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn batch(dropped_before: usize, lines: &str, dropped_after: usize) -> Batch {
        Batch { dropped_before, lines: lines.into(), dropped_after }
    }

    /// Returns the lines written, with those about dropped lines shortened to `dropped N`.
    fn written(disk: &Disk) -> Vec<String> {
        let text = String::from_utf8(disk.text.clone()).unwrap();
        let short = |line: &str| {
            let number = line.split("dropped: ").nth(1).and_then(|rest| rest.split(';').next());
            number.map_or_else(|| line.to_owned(), |number| format!("dropped {number}"))
        };
        text.lines().map(short).collect()
    }

    #[test]
    fn lines_that_do_not_fit_are_counted_in_place() {
        let queue = Queue::new();
        let long = [vec![b'x'; CAPACITY], vec![b'\n']].concat();
        queue.push(b"1\n");
        for _ in 0..5 {
            queue.push(&long);
        }
        let mut disk = Disk { space: usize::MAX, text: Vec::new() };
        let lost =
            Writer { out: &mut disk, is_mid_line: false }.write_batch(&queue.next(Vec::new()));
        assert_eq!((lost, written(&disk)), (0, vec!["1".to_owned(), "dropped 5".to_owned()]));
        queue.push(b"2\n");
        assert_eq!(
            (queue.next(Vec::new()).lines.as_slice(), queue.lock().batch.dropped_after),
            (&b"2\n"[..], 0)
        );
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted_and_a_partial_line_is_terminated() {
        let mut disk = Disk { space: 5, text: Vec::new() };
        let mut writer = Writer { out: &mut disk, is_mid_line: false };
        assert_eq!(writer.write_batch(&batch(0, "one\ntwo\nthree\n", 4)), 6);
        assert_eq!(writer.write_batch(&batch(6, "four\n", 0)), 7);
        writer.out.space = usize::MAX;
        assert_eq!(writer.write_batch(&batch(7, "five\n", 0)), 0);
        assert_eq!(written(&disk), ["one", "t", "dropped 7", "five"]);
    }

    #[test]
    fn lines_are_written_in_order_and_a_flush_ends_the_pause() {
        let queue = Box::leak(Box::new(Queue::new()));
        let (reader, mut out) = io::pipe().unwrap();
        let queue = &*queue;
        std::thread::spawn(move || queue.write_batches_to(&mut out));
        let mut lines = io::BufReader::new(reader).lines();
        for n in 0..100 {
            queue.push(format!("{n}\n").as_bytes());
            queue.push(format!("after {n}\n").as_bytes());
            queue.flush(Duration::from_secs(60));
            assert!(queue.lock().batch.lines.is_empty());
            assert_eq!(lines.next().unwrap().unwrap(), n.to_string());
            assert_eq!(lines.next().unwrap().unwrap(), format!("after {n}"));
        }
    }

    #[test]
    fn flush_gives_up_after_its_timeout() {
        let queue = Queue::new();
        queue.push(b"never written\n");
        queue.flush(Duration::ZERO);
        assert!(!queue.lock().batch.lines.is_empty());
    }
}
