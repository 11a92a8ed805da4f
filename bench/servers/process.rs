//! The processes to measure: the server and the floor. Starts them, monitors them through `/proc`,
//! and stops them.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Outcome;

/// The unit in which Linux reports CPU time, on every architecture (`USER_HZ`, time(7)).
const TICK: Duration = Duration::from_millis(10);
/// A process that has used no CPU time for this long is idle.
const IDLE_AFTER: Duration = Duration::from_millis(300);
/// The time limit for a process to respond and to become idle.
const TIMEOUT: Duration = Duration::from_secs(600);

/// An HTTP server process. It is killed when dropped.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
    /// The time from start to the line with its address.
    pub listening: Duration,
    /// The time from start to first response.
    pub ready: Duration,
}

/// The memory usage of a process, in bytes.
#[derive(Clone, Copy)]
pub struct Memory {
    pub resident: u64,
    /// The maximum since the last [`Process::reset_peak`].
    pub peak: u64,
}

/// What a process had used at some moment, to compare with later.
pub struct Meter {
    started: Instant,
    cpu: Duration,
    idle: Duration,
}

/// The resources that a process used during a load.
#[derive(Clone, Copy)]
pub struct Usage {
    pub cpu: Duration,
    pub memory: Memory,
    /// The bytes that were written to the write-ahead log, if they were counted.
    pub log_bytes: Option<f64>,
    /// The number of processors that were idle, on average.
    pub idle_cores: f64,
}

impl Meter {
    /// Returns what the process has used since.
    pub fn usage(&self, process: &Process) -> Outcome<Usage> {
        let idle = (idle()? - self.idle).as_secs_f64() / self.started.elapsed().as_secs_f64();
        let (cpu, memory) = (process.cpu()? - self.cpu, process.memory()?);
        Ok(Usage { cpu, memory, log_bytes: None, idle_cores: idle })
    }
}

impl Process {
    /// Starts a process that prints its address as a line of JSON, and waits until it responds to
    /// `/api/v1/health`.
    pub fn start(command: &mut Command) -> Outcome<Self> {
        let started = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or("the process has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let listening = started.elapsed();
        let printed: Value = serde_json::from_str(&line)
            .map_err(|_| format!("the process exited before it was listening: {command:?}"))?;
        let address = printed["listening"].as_str().and_then(|url| url.strip_prefix("http://"));
        let address = address.ok_or("the process did not print its address")?.parse()?;
        let mut process = Self { child, address, listening, ready: Duration::ZERO };
        let health = format!("http://{address}/api/v1/health");
        while ureq::get(&health).call().is_err() {
            if process.child.try_wait()?.is_some() || started.elapsed() > TIMEOUT {
                return Err(format!("the process does not respond: {command:?}").into());
            }
        }
        process.ready = started.elapsed();
        Ok(process)
    }

    /// Returns the CPU time that the process has used so far.
    pub fn cpu(&self) -> Outcome<Duration> {
        cpu(self.child.id())
    }

    /// Starts to measure what the process uses.
    pub fn meter(&self) -> Outcome<Meter> {
        Ok(Meter { started: Instant::now(), cpu: self.cpu()?, idle: idle()? })
    }

    pub fn memory(&self) -> Outcome<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let bytes = |name: &str| -> Outcome<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
            Ok(kib.ok_or_else(|| format!("/proc/PID/status has no {name}"))?.parse::<u64>()? << 10)
        };
        Ok(Memory { resident: bytes("VmRSS:")?, peak: bytes("VmHWM:")? })
    }

    /// Resets the peak memory usage (proc(5), `clear_refs`).
    pub fn reset_peak(&self) -> Outcome<()> {
        Ok(fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")?)
    }

    /// Waits until the process is idle: after start-up, the server is still checking a large
    /// database.
    pub fn wait_until_idle(&self) -> Outcome<()> {
        let started = Instant::now();
        let mut before = self.cpu()?;
        loop {
            std::thread::sleep(IDLE_AFTER);
            let now = self.cpu()?;
            if now == before {
                return Ok(());
            }
            if started.elapsed() > TIMEOUT {
                return Err("the process does not become idle".into());
            }
            before = now;
        }
    }

    /// Stops the process and waits until it has exited.
    pub fn stop(mut self) -> Outcome<()> {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status()?;
        let status = self.child.wait()?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("the server exited with {status}").into())
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the CPU time that a process has used so far, in user mode and in the kernel.
pub fn cpu(pid: u32) -> Outcome<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name is in parentheses and may contain spaces. utime and stime are the 12th and 13th
    // fields after it.
    let after = stat.rsplit(')').next().unwrap_or_default();
    let mut ticks = after.split_whitespace().skip(11).take(2);
    let mut next =
        || -> Outcome<u32> { Ok(ticks.next().ok_or("/proc/PID/stat is too short")?.parse()?) };
    Ok(TICK * (next()? + next()?))
}

/// Returns the time for which the machine's processors have been idle so far, including waits for
/// the disk (proc(5), `/proc/stat`).
fn idle() -> Outcome<Duration> {
    let stat = fs::read_to_string("/proc/stat")?;
    let mut ticks = stat.split_whitespace().skip(4).take(2);
    let mut next =
        || -> Outcome<u32> { Ok(ticks.next().ok_or("/proc/stat is too short")?.parse()?) };
    Ok(TICK * (next()? + next()?))
}
