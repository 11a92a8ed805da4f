//! The sender's thread. If the sender panics, it is started again: deliveries that were in flight are
//! sent again, like after a crash.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use reqwest::Client;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use super::lookups::LimitedLookup;
use super::resolver::{GuardedResolver, SystemLookup};
use super::sender::{Sender, client};
use crate::service::Service;

/// The maximum number of threads waiting for the system's resolver.
const LOOKUP_THREADS: usize = 128;
/// How long to wait before the sender is started again. Doubles each time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(60);
/// A sender that ran for this long starts over with the first pause.
const STABLE_AFTER: Duration = Duration::from_secs(300);

/// The running sender.
pub(crate) struct WebhookSender {
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

impl WebhookSender {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system can't start it.
    pub fn start(service: &Arc<Service>) -> io::Result<Self> {
        // Needs no descriptors, so that it works when the sender can't be started again.
        let pauses = Builder::new_current_thread().enable_time().build()?;
        let first = Prepared::new(service)?;
        let (stop, stopped) = watch::channel(false);
        let service = Arc::clone(service);
        let thread = std::thread::Builder::new()
            .name("webhooks".to_owned())
            .spawn(move || keep_running(first, &service, &stopped, &pauses))?;
        Ok(Self { stop, thread })
    }

    /// Gives requests in flight a moment to finish, then stops the thread.
    pub fn stop(self) {
        let _ = self.stop.send(true);
        if self.thread.join().is_err() {
            log::error!("the webhooks thread panicked");
        }
    }
}

/// Sends webhooks until the sender is stopped.
fn keep_running(
    first: Prepared,
    service: &Arc<Service>,
    stopped: &watch::Receiver<bool>,
    pauses: &Runtime,
) {
    let mut prepared: io::Result<Prepared> = Ok(first);
    let mut pause = FIRST_PAUSE;
    loop {
        let started = Instant::now();
        let ended = match prepared {
            Ok(prepared) => prepared.run(service, stopped.clone()),
            Err(error) => Err(error.to_string()),
        };
        let Err(why) = ended else { return };
        if started.elapsed() > STABLE_AFTER {
            pause = FIRST_PAUSE;
        }
        log::error!("the webhook sender stopped, restarting it in {}: {why}", seconds(pause));
        let mut stopped = stopped.clone();
        let stop = async { stopped.wait_for(|stop| *stop).await.is_ok() };
        if pauses.block_on(async { tokio::time::timeout(pause, stop).await }).is_ok() {
            return;
        }
        pause = (2 * pause).min(LAST_PAUSE);
        prepared = Prepared::new(service);
    }
}

fn seconds(duration: Duration) -> humantime::FormattedDuration {
    humantime::format_duration(duration)
}

/// What the system must provide before the sender can run.
struct Prepared {
    runtime: Runtime,
    client: Client,
}

impl Prepared {
    fn new(service: &Service) -> io::Result<Self> {
        let lookup = Arc::new(LimitedLookup::new(Arc::new(SystemLookup), LOOKUP_THREADS));
        let policy = service.settings.destinations();
        let client = client(GuardedResolver { lookup, policy })?;
        let runtime = Builder::new_current_thread()
            .enable_all()
            // One is for reading from a database on another machine.
            .max_blocking_threads(LOOKUP_THREADS + 1)
            .build()?;
        Ok(Self { runtime, client })
    }

    /// Runs the sender until it is stopped.
    fn run(self, service: &Arc<Service>, stopped: watch::Receiver<bool>) -> Result<(), String> {
        let Self { runtime, client } = self;
        let ran = catch_unwind(AssertUnwindSafe(|| {
            let policy = service.settings.destinations();
            let watcher = service.store.change_watcher();
            let sender = Sender::new(Arc::clone(service), client, policy, watcher);
            runtime.block_on(sender.run(stopped));
        }));
        // Lookups that hang can't be interrupted.
        runtime.shutdown_background();
        // The panic itself was logged when it happened.
        ran.map_err(|_| "it panicked".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::{Receiver, channel};

    use futures_util::future::BoxFuture;

    use super::*;
    use crate::model::clock::{Clock, Monotonic, SystemClock};
    use crate::model::event::Actor;
    use crate::model::key::Mode;
    use crate::model::values::slug::Slug;
    use crate::model::values::text::{Name, Text};
    use crate::model::values::time::Timestamp;
    use crate::model::webhook::encryption::StoredSecret;
    use crate::model::webhook::endpoint::NewEndpoint;
    use crate::model::webhook::id::EndpointId;
    use crate::model::webhook::subscription::Subscription;
    use crate::model::webhook::url::EndpointUrl;
    use crate::model::workspace::NewWorkspace;
    use crate::settings::Settings;
    use crate::store::webhooks::deliveries::DeliveryFilter;
    use crate::store::{DataDir, Store, Tx, WriteScope};

    const PATIENCE: Duration = Duration::from_secs(120);

    /// The system's clock. If the flag is set, it makes the sender panic once.
    #[derive(Default)]
    struct FaultyClock(Arc<AtomicBool>);

    impl Clock for FaultyClock {
        fn now(&self) -> Timestamp {
            SystemClock.now()
        }

        fn monotonic(&self) -> Monotonic {
            let is_sender = std::thread::current().name() == Some("webhooks");
            assert!(!(is_sender && self.0.swap(false, Ordering::SeqCst)), "on purpose");
            SystemClock.monotonic()
        }

        fn sleep_until(&self, deadline: Monotonic) -> BoxFuture<'static, ()> {
            SystemClock.sleep_until(deadline)
        }
    }

    /// Accepts requests, and sends a message for each.
    fn listen() -> (EndpointUrl, Receiver<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (sender, requests) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut reader = BufReader::new(stream.unwrap());
                let lines: Vec<String> = reader
                    .by_ref()
                    .lines()
                    .map(Result::unwrap)
                    .take_while(|l| !l.is_empty())
                    .collect();
                let length = lines.iter().find_map(|line| line.strip_prefix("content-length: "));
                let mut body = vec![0; length.unwrap().parse().unwrap()];
                reader.read_exact(&mut body).unwrap();
                let response = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
                reader.get_mut().write_all(response).unwrap();
                // The test may be over.
                let _ = sender.send(());
            }
        });
        (EndpointUrl::parse(&url).unwrap(), requests)
    }

    fn wait_until_recorded(service: &Service, endpoint: &EndpointId) {
        let start = Instant::now();
        let filter = DeliveryFilter { limit: 1, ..DeliveryFilter::default() };
        let is_recorded = || {
            let page = service.store.read(|reader| reader.deliveries(endpoint, &filter)).unwrap();
            page.unwrap().deliveries.iter().any(|delivery| delivery.attempts > 0)
        };
        while !is_recorded() {
            assert!(start.elapsed() < PATIENCE);
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn a_sender_that_panics_is_started_again() {
        check_restart_after_panic(|store| store);
    }

    #[test]
    fn a_sender_whose_database_is_on_another_machine_reads_on_threads_that_may_block() {
        check_restart_after_panic(Store::pretend_remote);
    }

    fn check_restart_after_panic(prepare: fn(Store) -> Store) {
        let dir = tempfile::tempdir().unwrap();
        let should_panic = Arc::new(AtomicBool::new(false));
        let clock = Arc::new(FaultyClock(Arc::clone(&should_panic)));
        let store = prepare(Store::open_or_create(&DataDir::new(dir.path()), clock).unwrap());
        let (slug, name) = (Slug::parse("w").unwrap(), Name::parse("W").unwrap());
        let create = |tx: &Tx<'_>| tx.create_workspace(NewWorkspace { slug, name });
        let workspace = store.write_blocking(WriteScope::Database, create).unwrap().unwrap();
        let scope = WriteScope::Workspace(workspace.no);
        let service = Arc::new(Service::new(Settings::default(), store));
        let sender = WebhookSender::start(&service).unwrap();

        let (url, requests) = listen();
        let new = NewEndpoint {
            id: EndpointId::generate(),
            url,
            description: Text::from_stored(String::new()),
            mode: Mode::Live,
            subscription: Subscription::default(),
            expires_at: None,
        };
        let id = new.id.clone();
        let secret = StoredSecret { bytes: vec![1; 24], encrypted_with: None };
        let create =
            move |tx: &Tx<'_>| tx.create_endpoint(Actor::command_line(), &workspace, new, secret);
        service.store.write_blocking(scope, create).unwrap();
        requests.recv_timeout(PATIENCE).unwrap();
        // Only then is the sender idle, so that the panic can't hit the task of this attempt.
        wait_until_recorded(&service, &id);

        should_panic.store(true, Ordering::SeqCst);
        service.store.write_blocking(scope, move |tx| tx.ping_endpoint(&id)).unwrap();
        requests.recv_timeout(PATIENCE).unwrap();
        assert!(!should_panic.load(Ordering::SeqCst));
        sender.stop();
    }
}
