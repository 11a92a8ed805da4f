//! A server without a data directory of its own: `serve --ephemeral` or `serve --demo`.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::Value;

use super::{Client, command_in};

/// A running ephemeral server. Killed when it is dropped.
pub struct Ephemeral {
    child: Child,
    /// Closing it stops a server that was started with `--exit-with-parent`.
    pub stdin: Option<ChildStdin>,
    /// The object that the start printed.
    pub announcement: Value,
}

impl Ephemeral {
    /// Starts a server whose directory is in `parent`.
    pub fn start(parent: &Path) -> Self {
        Self::start_with(parent, &[], &[])
    }

    pub fn start_with(parent: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::serve(parent, &[&["--ephemeral"], arguments].concat(), variables)
    }

    pub fn start_demo(parent: &Path) -> Self {
        Self::start_demo_with(parent, &[])
    }

    pub fn start_demo_with(parent: &Path, variables: &[(&str, &str)]) -> Self {
        Self::serve(parent, &["--demo", "--json", "--listen", "127.0.0.1:0"], variables)
    }

    fn serve(parent: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut child = command_in(parent)
            .arg("serve")
            .args(arguments)
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let Ok(announcement) = serde_json::from_str(&line) else {
            let mut error = String::new();
            child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
            panic!("the server printed {line:?}: {error}");
        };
        Self { stdin: child.stdin.take(), child, announcement }
    }

    pub fn address(&self) -> SocketAddr {
        let url = self.announcement["listening"].as_str().unwrap();
        url.strip_prefix("http://").unwrap().parse().unwrap()
    }

    /// The key of this mode that the start printed.
    pub fn key(&self, mode: &str) -> String {
        let keys = self.announcement["keys"].as_array().unwrap();
        let key = keys.iter().find(|key| key["mode"] == mode).unwrap();
        key["key"].as_str().unwrap().to_owned()
    }

    pub fn client(&self) -> Client {
        Client::new(self.address(), Some(&self.key("live")))
    }

    pub fn signal(&self, name: &str) {
        let done = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(done.unwrap().success());
    }

    /// Waits until the process has exited, and returns its exit code and its log.
    pub fn wait(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (code, log)
    }

    /// Returns the data directories of the ephemeral servers in `parent`.
    pub fn directories(parent: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(parent).unwrap().map(|entry| entry.unwrap().path());
        let is_ours = |path: &PathBuf| path.to_string_lossy().contains("pivotal-server-ephemeral-");
        entries.filter(is_ours).collect()
    }
}

impl Drop for Ephemeral {
    fn drop(&mut self) {
        // It may have been stopped already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
