//! What webhooks cost: creating customers with and without a subscribed endpoint, how fast
//! deliveries go out at the same time, whether a backlog shrinks at half the load, how much memory
//! a backlog takes, and reads while deliveries go out. The endpoint's receiver is in this process.

mod receiver;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use self::receiver::Receiver;
use crate::Outcome;
use crate::args::Args;
use crate::database::Database;
use crate::database::seed;
use crate::loads::Load;
use crate::loads::wrk::Run;
use crate::report::figures::{BacklogSample, Row, WebhookFigures, mib};
use crate::servers::build::Build;
use crate::servers::server::{Runner, RunningServer, Target};

/// The number of waiting deliveries whose memory is measured.
const WAITING: u64 = 100_000;
/// How many more are queued for each second of the next load, so that they don't run out.
const ENOUGH_PER_SECOND: u64 = 25_000;
/// The number of deliveries that wait before customers are created at half the peak rate.
const BACKLOG: u64 = 20_000;
/// Reads leave most of the processors idle, so that their latency isn't that of a full queue.
const CLIENTS: u32 = 8;
const READ_PAUSE: u64 = 3;
const WRITE_PAUSE: u64 = 5;
const SAMPLE_EVERY: Duration = Duration::from_millis(500);
const POLL: Duration = Duration::from_millis(20);
/// The time limit for an endpoint to get its ping, and for a backlog to be sent.
const TIMEOUT: Duration = Duration::from_secs(300);

/// Runs the loads on a database that no server has open.
pub fn measure(
    runner: Runner<'_>,
    build: &Build,
    database: &Database,
) -> Outcome<(Vec<Row>, WebhookFigures)> {
    let receiver = Receiver::start()?;
    let mut bench = Bench { runner, build, database, receiver, rows: Vec::new() };
    let server = RunningServer::start(build, database)?;
    let mib_without = bench.without_endpoint(&server)?;
    let endpoint = bench.create_endpoint()?;
    bench.at_peak(&server)?;
    let backlog = bench.at_half(&server, &endpoint)?;
    server.process.stop()?;
    bench.queue(&endpoint, WAITING)?;
    let (mib_with, peak_mib) = bench.with_waiting(&endpoint)?;
    let figures = WebhookFigures { waiting: WAITING, mib_without, mib_with, peak_mib, backlog };
    Ok((bench.rows, figures))
}

struct Bench<'a> {
    runner: Runner<'a>,
    build: &'a Build,
    database: &'a Database,
    receiver: Receiver,
    rows: Vec<Row>,
}

impl Bench<'_> {
    /// Returns the memory usage after the reads.
    fn without_endpoint(&mut self, server: &RunningServer<'_>) -> Outcome<f64> {
        let get = get(server).renamed("get-paced", "GET by cuid, with pauses");
        self.run(server, &get)?;
        let resident = server.process.memory()?.resident;
        let (name, title) = ("get-unsubscribed", "GET by cuid beside POSTs, without an endpoint");
        self.get_beside_posts(server, name, title)?;
        let post = server.loads.posts[2]
            .renamed("post-unsubscribed", "POST a customer, without an endpoint");
        self.run(server, &post)?;
        Ok(mib(resident))
    }

    /// Reads at a moderate rate while customers are created at a moderate rate.
    fn get_beside_posts(
        &mut self,
        server: &RunningServer<'_>,
        name: &'static str,
        title: &'static str,
    ) -> Outcome<()> {
        let Runner { args, work } = self.runner;
        let posts = server.loads.writers.clone().paced(CLIENTS, WRITE_PAUSE);
        let seconds = args.warm_up + args.seconds + 1;
        let writing = Run::start(&posts, &server.process, &self.database.key, seconds, work)?;
        self.run(server, &get(server).renamed(name, title))?;
        match writing.finish()?.errors {
            0 => Ok(()),
            errors => Err(format!("{errors} POSTs failed").into()),
        }
    }

    fn at_peak(&mut self, server: &RunningServer<'_>) -> Outcome<()> {
        let (name, title) = ("get-subscribed", "GET by cuid beside POSTs, with an endpoint");
        self.get_beside_posts(server, name, title)?;
        let post = server.loads.posts[2]
            .renamed("post-subscribed", "POST a customer, with a subscribed endpoint");
        self.run_with_deliveries(server, &post, "deliver-at-peak", "deliveries during these POSTs")
    }

    /// Creates customers at half the rate of `at_peak`. Returns how the backlog develops.
    fn at_half(
        &mut self,
        server: &RunningServer<'_>,
        endpoint: &str,
    ) -> Outcome<Vec<BacklogSample>> {
        self.wait_until_sent()?;
        let peak = self.rows.iter().find(|row| row.name == "post-subscribed");
        let post = server.loads.posts[2].renamed("post-half", "POST a customer, at half that rate");
        let pause = pause_for_half(peak, post.connections).ok_or("no customers were created")?;
        let post = post.clone().paced(post.connections, pause);
        self.queue(endpoint, BACKLOG)?;
        let is_done = AtomicBool::new(false);
        let dir = &self.database.dir;
        let samples = std::thread::scope(|scope| {
            let sampler = scope.spawn(|| sample_backlog(dir.database(), &is_done));
            let run = self.run_with_deliveries(
                server,
                &post,
                "deliver-at-half",
                "deliveries during these POSTs",
            );
            is_done.store(true, Ordering::Relaxed);
            run?;
            let samples = sampler.join().map_err(|_| "the sampler panicked")?;
            Outcome::Ok(samples?)
        })?;
        self.wait_until_sent()?;
        Ok(samples)
    }

    /// Starts a server with waiting deliveries, and lets it send them. Returns the memory usage
    /// before that and the peak.
    fn with_waiting(&mut self, endpoint: &str) -> Outcome<(f64, f64)> {
        self.receiver.hold();
        let server = RunningServer::start(self.build, self.database)?;
        // The same load as without an endpoint, so that the caches are equally full.
        let get = get(&server).renamed("get-delivering", "GET by cuid, while deliveries go out");
        self.runner.run(target(&server), &get)?;
        let resident = server.process.memory()?.resident;
        let Args { warm_up, seconds, .. } = self.runner.args;
        self.queue(endpoint, ENOUGH_PER_SECOND * (warm_up + seconds))?;
        self.receiver.release();
        self.run_with_deliveries(
            &server,
            &get,
            "deliver-during-gets",
            "deliveries during these GETs",
        )?;
        let mut peak = server.process.memory()?.peak;
        server.process.reset_peak()?;
        let meter = server.process.meter()?;
        let (before, started) = (self.receiver.count(), Instant::now());
        self.wait_until_sent()?;
        let seconds = started.elapsed().as_secs_f64();
        let used = meter.usage(&server.process)?;
        peak = peak.max(used.memory.peak);
        let (title, delivered) = ("deliveries and nothing else", self.receiver.count() - before);
        self.rows.push(
            Row::from_deliveries("deliver", title, delivered, seconds, used)
                .with_role(self.build.role),
        );
        server.process.stop()?;
        Ok((mib(resident), mib(peak)))
    }

    fn run(&mut self, server: &RunningServer<'_>, load: &Load) -> Outcome<()> {
        let row = self.runner.run(target(server), load)?;
        self.rows.push(row);
        Ok(())
    }

    /// Runs a load and counts the deliveries during it. The CPU time in both rows is that of both.
    fn run_with_deliveries(
        &mut self,
        server: &RunningServer<'_>,
        load: &Load,
        name: &'static str,
        title: &str,
    ) -> Outcome<()> {
        let process = &server.process;
        self.runner.warm_up(target(server), load)?;
        let (before, started, meter) = (self.receiver.count(), Instant::now(), process.meter()?);
        let row = self.runner.measure(target(server), load)?;
        let (delivered, seconds) =
            (self.receiver.count() - before, started.elapsed().as_secs_f64());
        let used = meter.usage(process)?;
        self.rows.push(row);
        self.rows.push(
            Row::from_deliveries(name, title, delivered, seconds, used).with_role(self.build.role),
        );
        Ok(())
    }

    /// Creates an endpoint with the command, and waits for its ping. Returns its ID.
    fn create_endpoint(&self) -> Outcome<String> {
        let url = &self.receiver.url;
        let args = ["webhooks", "create", "--workspace", seed::WORKSPACE, "--url", url];
        let created = self.build.run(&self.database.dir, &args)?;
        let id = created["id"].as_str().ok_or("the endpoint has no ID")?.to_owned();
        let started = Instant::now();
        while self.receiver.count() == 0 {
            if started.elapsed() > TIMEOUT {
                return Err("the endpoint got no ping".into());
            }
            std::thread::sleep(POLL);
        }
        Ok(id)
    }

    /// Queues existing events for the endpoint. Commits from this process are noticed like those of
    /// commands.
    fn queue(&self, endpoint: &str, count: u64) -> Outcome<()> {
        let conn = Connection::open(self.database.dir.database())?;
        conn.busy_timeout(TIMEOUT)?;
        let sql = "WITH RECURSIVE numbers (n) AS
                       (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?2)
                   INSERT INTO webhook_deliveries
                       (id, endpoint_no, event_id, type, status, next_attempt_at, created_at)
                   SELECT format('msg_%s%08x', lower(hex(randomblob(8))), n), e.no, events.id,
                       events.type, 'pending', 0, events.created_at
                   FROM numbers JOIN webhook_endpoints AS e ON e.id = ?1
                       JOIN events ON events.rowid =
                           1 + n % (SELECT max(rowid) FROM events)";
        let queued = conn.execute(sql, (endpoint, i64::try_from(count)?))?;
        if queued as u64 == count { Ok(()) } else { Err("some events are missing".into()) }
    }

    fn wait_until_sent(&self) -> Outcome<()> {
        let conn = open_read_only(self.database.dir.database())?;
        let started = Instant::now();
        while waiting(&conn)? > 0 {
            if started.elapsed() > TIMEOUT {
                return Err(format!("{} deliveries were not sent", waiting(&conn)?).into());
            }
            std::thread::sleep(POLL);
        }
        Ok(())
    }
}

/// The size of the database doesn't matter in these rows. The log is not watched, because this process
/// has the database open.
fn target<'a>(server: &'a RunningServer<'_>) -> Target<'a> {
    Target { customers: None, logs_to: None, ..server.target() }
}

fn get(server: &RunningServer<'_>) -> Load {
    server.loads.get_cuid.clone().paced(CLIENTS, READ_PAUSE)
}

/// Returns the mean pause with which as many connections send half as many requests.
fn pause_for_half(peak: Option<&Row>, connections: u32) -> Option<u64> {
    let peak = peak.filter(|row| row.per_second > 0.0)?;
    let interval = 1e3 * f64::from(connections) / (peak.per_second / 2.0);
    // With a response time between that of an idle server and that at the peak.
    Some((interval - peak.p50? / 2.0).max(1.0) as u64)
}

fn sample_backlog(database: PathBuf, is_done: &AtomicBool) -> rusqlite::Result<Vec<BacklogSample>> {
    let conn = open_read_only(database)?;
    let started = Instant::now();
    let mut samples = Vec::new();
    while !is_done.load(Ordering::Relaxed) {
        let seconds = started.elapsed().as_secs_f64();
        samples.push(BacklogSample { seconds, waiting: waiting(&conn)? });
        std::thread::sleep(SAMPLE_EVERY);
    }
    Ok(samples)
}

fn open_read_only(database: PathBuf) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    conn.busy_timeout(TIMEOUT)?;
    Ok(conn)
}

/// Returns the number of deliveries that are waiting for an attempt, or for its result to be stored.
fn waiting(conn: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT count(*) FROM webhook_deliveries WHERE status = 'pending' AND held = 0";
    let count: i64 = conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}
