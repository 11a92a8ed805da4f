//! The binary, running on a temporary directory.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::database::{self, Sql, Template};
use super::{Client, PASSWORD, Visitor};

/// How often to look whether something has happened.
const POLL: Duration = Duration::from_millis(2);

/// The database that a first start creates, with the live and the test key that it prints. Creating
/// keys takes longer than the rest of a start, so most tests begin with a copy of it.
static FIRST_START: LazyLock<(Template, String, String)> = LazyLock::new(|| {
    let mut server = Server::start_new();
    assert_eq!(server.stop(), Some(0));
    (Template::take(server.dir()), server.live.clone(), server.test.clone())
});

/// A running server. When it is dropped, the process is killed and the directory removed.
#[derive(Debug)]
pub struct Server {
    dir: Arc<TempDir>,
    child: Child,
    address: SocketAddr,
    log: Arc<Mutex<String>>,
    variables: Vec<(String, String)>,
    /// The keys that the first start printed.
    pub live: String,
    pub test: String,
    /// The URLs of the admin pages and of the setup page, as the start printed them.
    pub admin: Option<String>,
    pub setup: Option<String>,
}

impl Server {
    /// Starts a server without rate limits, with a database that contains only the first two keys.
    pub fn start() -> Self {
        Self::start_configured(&[("PIVOTAL_RATE_LIMITS_ENABLED", "false")])
    }

    /// Starts a server with these environment variables, with a database that contains only the
    /// first two keys.
    pub fn start_configured(variables: &[(&str, &str)]) -> Self {
        let (template, live, test) = &*FIRST_START;
        let dir = Arc::new(tempfile::tempdir().unwrap());
        template.copy_to(dir.path());
        let mut server = Self::start_in(dir, variables);
        (server.live, server.test) = (live.clone(), test.clone());
        server
    }

    /// Like `start`, with test control, these arguments, and these environment variables.
    pub fn start_with_test_control(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let (template, live, test) = &*FIRST_START;
        let dir = Arc::new(tempfile::tempdir().unwrap());
        template.copy_to(dir.path());
        let arguments = [&["--test-control"], arguments].concat();
        let unlimited = ("PIVOTAL_RATE_LIMITS_ENABLED", "false");
        let variables = [&[unlimited], variables].concat();
        let mut server = Self::start_with_arguments(&[], &arguments, dir, &variables).unwrap();
        (server.live, server.test) = (live.clone(), test.clone());
        server
    }

    /// Starts a server without rate limits that creates its own database.
    pub fn start_new() -> Self {
        Self::start_with(&[("PIVOTAL_RATE_LIMITS_ENABLED", "false")])
    }

    /// Starts a server with a new database and these environment variables.
    pub fn start_with(variables: &[(&str, &str)]) -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        Self::start_in(dir, variables)
    }

    /// Starts a server on a directory that may already contain a database.
    pub fn start_in(dir: Arc<TempDir>, variables: &[(&str, &str)]) -> Self {
        let started = Self::start_under(&[], dir, variables);
        started.unwrap_or_else(|output| {
            panic!("the server did not start: {}", String::from_utf8_lossy(&output.stderr))
        })
    }

    /// Starts a server through wrapper programs (see [`command_under`]). Returns the output if the
    /// server exits before it listens.
    pub fn start_under(
        wrappers: &[String],
        dir: Arc<TempDir>,
        variables: &[(&str, &str)],
    ) -> Result<Self, Output> {
        Self::start_with_arguments(wrappers, &[], dir, variables)
    }

    /// Starts a server with a new database on a directory whose database is lost.
    pub fn start_with_new_database(dir: Arc<TempDir>) -> Self {
        let variables = [("PIVOTAL_RATE_LIMITS_ENABLED", "false")];
        Self::start_with_arguments(&[], &["--new-database"], dir, &variables).unwrap()
    }

    fn start_with_arguments(
        wrappers: &[String],
        arguments: &[&str],
        dir: Arc<TempDir>,
        variables: &[(&str, &str)],
    ) -> Result<Self, Output> {
        let mut child = command_under(wrappers, dir.path())
            .args(["--json", "serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let Ok(announcement) = serde_json::from_str::<Value>(&line) else {
            return Err(child.wait_with_output().unwrap());
        };
        let log = collect(child.stderr.take().unwrap());
        let address = announcement["listening"].as_str().unwrap().strip_prefix("http://").unwrap();
        let key = |mode: &str| {
            let keys = announcement["keys"].as_array().unwrap();
            let key = keys.iter().find(|key| key["mode"] == mode);
            // Null for a key from the settings.
            key.and_then(|key| key["key"].as_str()).unwrap_or_default().to_owned()
        };
        let url = |name: &str| announcement[name].as_str().map(str::to_owned);
        Ok(Self {
            admin: url("admin"),
            setup: url("setup"),
            address: address.parse().unwrap(),
            live: key("live"),
            test: key("test"),
            dir,
            child,
            log,
            variables: variables.iter().map(|&(n, v)| (n.to_owned(), v.to_owned())).collect(),
        })
    }

    /// A client with the live key.
    pub fn client(&self) -> Client {
        self.client_with(&self.live)
    }

    /// A client with another key.
    pub fn client_with(&self, key: &str) -> Client {
        Client::new(self.address, Some(key))
    }

    /// A client without a key.
    pub fn anonymous(&self) -> Client {
        Client::new(self.address, None)
    }

    /// A visitor of the admin pages without a session.
    pub fn visitor(&self) -> Visitor {
        let own =
            self.admin.as_deref().and_then(|url| url.strip_prefix("http://")?.split('/').next());
        Visitor::new(own.map_or(self.address, |own| own.parse().unwrap()))
    }

    /// Sets the password and returns a visitor who is signed in.
    pub fn signed_in(&self) -> Visitor {
        assert!(self.set_password(PASSWORD).status.success());
        let visitor = self.visitor();
        visitor.sign_in();
        visitor
    }

    /// Sets the admin's password on the command line.
    pub fn set_password(&self, password: &str) -> Output {
        set_password(self.dir.path(), password)
    }

    /// Creates a workspace and returns a client with a key for it.
    pub fn other_workspace(&self, slug: &str) -> Client {
        self.json(&["workspaces", "create", "--slug", slug, "--name", slug]);
        self.client_with(&self.create_key(&["--workspace", slug]))
    }

    /// Creates a key and returns its secret. Without `--workspace`, the key belongs to the default
    /// one.
    pub fn create_key(&self, args: &[&str]) -> String {
        let mut all = vec!["keys", "create", "--name", "test key"];
        if !args.contains(&"--workspace") {
            all.extend(["--workspace", "default"]);
        }
        all.extend(args);
        self.json(&all)["key"].as_str().unwrap().to_owned()
    }

    /// Runs a command on the server's directory.
    pub fn run(&self, args: &[&str]) -> Output {
        command(self.dir.path()).args(args).output().unwrap()
    }

    /// Runs a command with `--json` that must succeed, and returns its output.
    pub fn json(&self, args: &[&str]) -> Value {
        let output = self.run(&[&["--json"], args].concat());
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {error}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Sends raw bytes and returns everything received until the server closes the connection.
    pub fn raw(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(request).unwrap();
        let mut response = Vec::new();
        stream.read_to_end(&mut response).unwrap();
        String::from_utf8(response).unwrap()
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the URL without a path.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The database file, for tests that only apply to SQLite.
    pub fn database(&self) -> PathBuf {
        database::file_of(self.dir.path())
    }

    /// Opens another connection to the database file, for tests that only apply to SQLite.
    pub fn sqlite(&self) -> rusqlite::Connection {
        database::connect_to_file(self.dir.path())
    }

    /// The files or tables of the server that contain a text, in whatever case.
    pub fn places_with(&self, text: impl AsRef<[u8]>) -> Vec<String> {
        database::places_with(self.dir.path(), text.as_ref())
    }

    /// Expects `check` to find nothing wrong. It only reads files, so not on PostgreSQL.
    #[track_caller]
    pub fn expect_sound(&self) {
        if !database::is_postgres() {
            assert_eq!(self.json(&["check"])["sound"], true);
        }
    }

    /// Opens another connection to the server's database, on either engine.
    pub fn sql(&self) -> Sql {
        database::connect(self.dir.path())
    }

    /// Everything logged so far. A line may be logged after the response that it is about.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Stops the server with SIGTERM and returns its exit code.
    pub fn stop(&mut self) -> Option<i32> {
        self.signal("-TERM");
        self.wait()
    }

    /// Waits until the process has exited and its log is complete, and returns its exit code.
    pub fn wait(&mut self) -> Option<i32> {
        let code = self.child.wait().unwrap().code();
        wait_until("the whole log is read", || Arc::strong_count(&self.log) == 1);
        code
    }

    /// Kills the server without warning.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn signal(&self, name: &str) {
        let done = Command::new("kill").args([name, &self.pid().to_string()]).status();
        assert!(done.unwrap().success());
    }

    /// The resident memory of the process, in MiB.
    #[cfg(target_os = "linux")]
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let (_, rest) = status.split_once("VmRSS:").unwrap();
        rest.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether the process is still running.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Ends this process and starts another one on the same directory, with these environment
    /// variables.
    pub fn restart_with(&mut self, variables: &[(&str, &str)]) {
        self.kill();
        *self = Self::start_in(Arc::clone(&self.dir), variables);
    }

    /// Starts another server on the same database, which only PostgreSQL allows.
    pub fn start_another(&self) -> Self {
        let variables: Vec<_> =
            self.variables.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let mut other = Self::start_in(Arc::clone(&self.dir), &variables);
        (other.live, other.test) = (self.live.clone(), self.test.clone());
        other
    }

    /// Ends this process and starts a new one on the same directory. The keys are carried over.
    pub fn restart(self) -> Self {
        let (live, test) = (self.live.clone(), self.test.clone());
        let (dir, variables) = (Arc::clone(&self.dir), self.variables.clone());
        drop(self);
        let variables: Vec<_> = variables.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let mut server = Self::start_in(dir, &variables);
        (server.live, server.test) = (live, test);
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been stopped already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sets the admin's password on the command line.
pub fn set_password(dir: &Path, password: &str) -> Output {
    let args = ["--json", "admin", "set-password"];
    run_with(dir, &args, format!("{password}\n").as_bytes(), &[])
}

/// Runs a command with standard input and environment variables.
pub fn run_with(dir: &Path, args: &[&str], input: &[u8], variables: &[(&str, &str)]) -> Output {
    let mut child = command(dir)
        .args(args)
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that fails early doesn't read it.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

/// The binary with a data directory, without the `PIVOTAL_` variables of the test environment.
pub fn command(dir: &Path) -> Command {
    command_under(&[], dir)
}

/// The binary, started through wrapper programs with their arguments, which set something up and
/// then execute it.
pub fn command_under(wrappers: &[String], dir: &Path) -> Command {
    let all = [wrappers, &[env!("CARGO_BIN_EXE_pivotal-server").to_owned()]].concat();
    let mut command = Command::new(&all[0]);
    command.args(&all[1..]).arg("--data-dir").arg(dir).current_dir(dir);
    let mut command = without_settings(command);
    command.envs(database::url_of(dir).map(|url| ("PIVOTAL_DATABASE", url)));
    command
}

/// The binary without a data directory, for ephemeral servers. Their directories are in `dir`.
pub fn command_in(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pivotal-server"));
    command.current_dir(dir).env("TMPDIR", dir);
    without_settings(command)
}

fn without_settings(mut command: Command) -> Command {
    // A command in a directory without settings would read these.
    let system = Path::new("/etc/pivotal-server/config.toml");
    assert!(!system.exists(), "move {} away to run the tests", system.display());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PIVOTAL_") {
            command.env_remove(name);
        }
    }
    command
}

/// Waits up to a minute for a condition. That is only how long a test takes to fail: on a busy
/// machine, an import can need half a minute for its first rows.
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < deadline, "timed out waiting until {what}");
        // What the test waits for needs the processor more.
        std::thread::sleep(POLL);
    }
}

fn collect(mut stderr: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let log = Arc::new(Mutex::new(String::new()));
    let writer = Arc::clone(&log);
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(read @ 1..) = stderr.read(&mut bytes) {
            writer.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
    });
    log
}
