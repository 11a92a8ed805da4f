//! The processes that are measured: the server and the floor, started, watched through `/proc` and
//! stopped in the same way.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Outcome;

/// Linux counts the time of processes in hundredths of a second on every machine that it runs on
/// (`USER_HZ`, time(7)).
const TICK: Duration = Duration::from_millis(10);
/// A process that has used no time for so long is idle.
const QUIET: Duration = Duration::from_millis(300);
/// How long a process may take to answer, to come to rest and to stop.
const PATIENCE: Duration = Duration::from_secs(600);

/// A process that answers HTTP. It is killed when it is dropped.
pub struct Process {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From its start to its first answer.
    pub ready: Duration,
}

/// What a process holds of the machine's memory, in bytes.
#[derive(Clone, Copy)]
pub struct Memory {
    /// Now.
    pub resident: u64,
    /// At most, since the peak was last forgotten.
    pub peak: u64,
}

impl Process {
    /// Starts a process that says where it listens in a line of JSON, and waits until it answers
    /// `/api/v1/health`.
    pub fn start(command: &mut Command) -> Outcome<Self> {
        let started = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or("the process has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let said: Value = serde_json::from_str(&line)
            .map_err(|_| format!("it ended before it listened: {command:?}"))?;
        let address = said["listening"].as_str().and_then(|url| url.strip_prefix("http://"));
        let address = address.ok_or("the process does not say where it listens")?.parse()?;
        let mut process = Self { child, address, ready: Duration::ZERO };
        let health = format!("http://{address}/api/v1/health");
        while ureq::get(&health).call().is_err() {
            if process.child.try_wait()?.is_some() || started.elapsed() > PATIENCE {
                return Err(format!("it does not answer: {command:?}").into());
            }
        }
        process.ready = started.elapsed();
        Ok(process)
    }

    /// The time that its threads have used so far.
    pub fn cpu(&self) -> Outcome<Duration> {
        cpu(self.child.id())
    }

    /// What it holds in memory.
    pub fn memory(&self) -> Outcome<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let bytes = |name: &str| -> Outcome<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
            Ok(kib.ok_or_else(|| format!("/proc has no {name}"))?.parse::<u64>()? << 10)
        };
        Ok(Memory { resident: bytes("VmRSS:")?, peak: bytes("VmHWM:")? })
    }

    /// Makes the peak that of what follows (proc(5), `clear_refs`).
    pub fn forget_peak(&self) -> Outcome<()> {
        Ok(fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")?)
    }

    /// Waits until it does nothing any more: after its start a server goes on checking a large
    /// file.
    pub fn settle(&self) -> Outcome<()> {
        let started = Instant::now();
        let mut before = self.cpu()?;
        loop {
            std::thread::sleep(QUIET);
            let now = self.cpu()?;
            if now == before {
                return Ok(());
            }
            if started.elapsed() > PATIENCE {
                return Err("the process does not come to rest".into());
            }
            before = now;
        }
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(mut self) -> Outcome<()> {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status()?;
        let ended = self.child.wait()?;
        if ended.success() { Ok(()) } else { Err(format!("the server ended with {ended}").into()) }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The time that a process has used so far, in and outside the kernel.
pub fn cpu(pid: u32) -> Outcome<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name, which may hold spaces, stands in parentheses; utime and stime are the 12th and
    // 13th fields after it.
    let after = stat.rsplit(')').next().unwrap_or_default();
    let mut ticks = after.split_whitespace().skip(11).take(2);
    let mut next = || -> Outcome<u32> { Ok(ticks.next().ok_or("/proc is short")?.parse()?) };
    Ok(TICK * (next()? + next()?))
}
