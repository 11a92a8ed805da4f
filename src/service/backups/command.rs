//! Runs the command `backup.after`, with a limit on its time.

use std::fmt;
use std::io;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::rt;
use tokio::sync::watch;

use super::output::{Secrets, Tail, collect};
use crate::model::plain_words::io_reason;
use crate::settings::CommandLine;

/// How often to look whether the command has ended.
const POLL: Duration = Duration::from_millis(50);
/// How long a command that was asked to end can take until it is killed.
const GRACE: Duration = Duration::from_secs(5);
/// How long to wait for the end of the output of a command that has ended. A process that it left
/// behind can keep the output open.
const OUTPUT_GRACE: Duration = Duration::from_millis(500);
/// The server's own settings, some of which are secret.
const OWN_VARIABLES: &str = "PIVOTAL_";

/// Why a command didn't do its work, with the last lines of its stderr.
#[derive(Debug)]
pub(super) struct Failure {
    pub reason: Reason,
    pub output: Vec<String>,
}

#[derive(Debug)]
pub(super) enum Reason {
    NotStarted(io::Error),
    Exited(ExitStatus),
    TooSlow(Duration),
    /// The server is stopping.
    Stopped,
    Unknown(io::Error),
    /// The backup itself can't be read.
    Unreadable(io::Error),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted(error) => write!(f, "it could not be started: {}", io_reason(error)),
            Self::Exited(status) => write!(f, "{status}"),
            Self::TooSlow(limit) => write!(
                f,
                "it took longer than {} (backup.after_timeout) and was ended",
                humantime::format_duration(*limit)
            ),
            Self::Stopped => f.write_str("it was ended because the server is stopping"),
            Self::Unknown(error) => write!(f, "it is unknown how it ended: {}", io_reason(error)),
            Self::Unreadable(error) => write!(f, "the backup can't be read: {}", io_reason(error)),
        }
    }
}

/// Runs a command to its end, with these variables in its environment in addition to those of the
/// server that aren't the server's own. Ends it, and every process that it started, when the time is
/// up or when `stop` becomes true. Real time, because it depends on other processes.
pub(super) async fn run(
    command: &CommandLine,
    variables: &[(&'static str, String)],
    limit: Duration,
    stop: watch::Receiver<bool>,
) -> Result<(), Failure> {
    let not_started = |error| Failure { reason: Reason::NotStarted(error), output: Vec::new() };
    let mut child = spawn(command, variables).map_err(not_started)?;
    let output = Output::collect(&mut child).map_err(not_started)?;
    let deadline = Instant::now() + limit;
    let reason = loop {
        match has_ended(&mut child) {
            Ok(true) => break None,
            Ok(false) if *stop.borrow() => break Some(Reason::Stopped),
            Ok(false) if Instant::now() >= deadline => break Some(Reason::TooSlow(limit)),
            Ok(false) => rt::time::sleep(POLL).await,
            Err(error) => break Some(Reason::Unknown(error)),
        }
    };
    let reason = match reason {
        Some(reason) => {
            end(&mut child).await;
            reap(child).await;
            Some(reason)
        }
        None => match child.wait() {
            Ok(status) if status.success() => None,
            Ok(status) => Some(Reason::Exited(status)),
            Err(error) => Some(Reason::Unknown(error)),
        },
    };
    output.wait().await;
    let Some(reason) = reason else { return Ok(()) };
    Err(Failure { reason, output: output.lines(&Secrets::among(environment())) })
}

/// The environment of this process. The server's own variables are included: a command can know
/// their values from elsewhere.
fn environment() -> impl Iterator<Item = (String, String)> {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    std::env::vars_os().map(move |(name, value)| (text(name), text(value)))
}

fn spawn(command: &CommandLine, variables: &[(&'static str, String)]) -> io::Result<Child> {
    let mut process = match command {
        CommandLine::Program { program, arguments } => {
            let mut process = Command::new(program);
            process.args(arguments);
            process
        }
        CommandLine::Shell(line) => {
            let mut process = Command::new("sh");
            process.args(["-c", line]);
            process
        }
    };
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with(OWN_VARIABLES) {
            process.env_remove(name);
        }
    }
    process.envs(variables.iter().map(|(name, value)| (name, value)));
    // A group of its own, so that what it starts can be ended with it, and so that Ctrl-C doesn't
    // reach it before the server.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut process, 0);
    process.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()
}

/// The stderr of a command, read by a thread.
struct Output {
    tail: Arc<Mutex<Tail>>,
    reader: std::thread::JoinHandle<()>,
}

impl Output {
    fn collect(child: &mut Child) -> io::Result<Self> {
        let (tail, stderr) = (Arc::<Mutex<Tail>>::default(), child.stderr.take());
        let shared = Arc::clone(&tail);
        let read = move || {
            if let Some(stderr) = stderr {
                collect(stderr, |push| {
                    push(&mut shared.lock().unwrap_or_else(PoisonError::into_inner));
                });
            }
        };
        let reader = std::thread::Builder::new().name("backup.after".to_owned()).spawn(read);
        match reader {
            Ok(reader) => Ok(Self { tail, reader }),
            Err(error) => {
                // Nobody would read what it writes, or wait for it.
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }

    async fn wait(&self) {
        let deadline = Instant::now() + OUTPUT_GRACE;
        while !self.reader.is_finished() && Instant::now() < deadline {
            rt::time::sleep(POLL).await;
        }
    }

    fn lines(&self, secrets: &Secrets) -> Vec<String> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner).lines(secrets)
    }
}

/// Ends the process and those that it started: asks them first, and kills them after a while.
async fn end(child: &mut Child) {
    signal(child, Signal::Ask);
    let deadline = Instant::now() + GRACE;
    while matches!(has_ended(child), Ok(false)) && Instant::now() < deadline {
        rt::time::sleep(POLL).await;
    }
    signal(child, Signal::Kill);
}

/// Takes a process that was killed out of the process table. Leaves one that does not end, such as
/// while it waits for a network drive, to a thread.
async fn reap(mut child: Child) {
    let deadline = Instant::now() + GRACE;
    while matches!(has_ended(&mut child), Ok(false)) && Instant::now() < deadline {
        rt::time::sleep(POLL).await;
    }
    let wait = move || child.wait();
    // Without a thread, it stays in the table until the server ends.
    let _ = std::thread::Builder::new().name("backup.after".to_owned()).spawn(wait);
}

enum Signal {
    Ask,
    Kill,
}

/// Leaves the process in the process table, so that its ID, and that of its group, can't become
/// those of other processes before they are signaled.
#[cfg(unix)]
fn has_ended(child: &mut Child) -> io::Result<bool> {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    Ok(waitid(WaitId::Pid(id(child)?), options)?.is_some())
}

#[cfg(unix)]
fn signal(child: &mut Child, signal: Signal) {
    let signal = match signal {
        Signal::Ask => rustix::process::Signal::TERM,
        Signal::Kill => rustix::process::Signal::KILL,
    };
    // Fails if there is nothing left to signal.
    let _ = id(child).map(|id| rustix::process::kill_process_group(id, signal));
}

#[cfg(unix)]
fn id(child: &Child) -> io::Result<rustix::process::Pid> {
    let id = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    id.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
}

#[cfg(not(unix))]
fn has_ended(child: &mut Child) -> io::Result<bool> {
    Ok(child.try_wait()?.is_some())
}

#[cfg(not(unix))]
fn signal(child: &mut Child, signal: Signal) {
    if matches!(signal, Signal::Kill) {
        // Fails if it has ended.
        let _ = child.kill();
    }
}
