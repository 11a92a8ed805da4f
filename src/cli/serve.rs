//! `serve`

use std::sync::Arc;

use serde::Serialize;

use super::args::Serve;
use super::bootstrap::{bootstrap, record_first_keys_shown, replacement_commands};
use super::context::Context;
use super::failure::Failure;
use super::keys::NewKeyJson;
use super::{logging, output::Output, signals};
use crate::model::clock::{Clock, SystemClock};
use crate::model::key::Key;
use crate::model::key::secret::{KeySecret, Prefix};
use crate::model::test_control::token::ControlToken;
use crate::server::Server;
use crate::service::Service;
use crate::service::test_control::TestControl;
use crate::settings::{Settings, check_exposure};
use crate::store::Store;

/// The maximum number of deliveries on hold to count.
const MAX_COUNT: u32 = 100_000;

pub fn run(context: Context, args: Serve) -> Result<(), Failure> {
    let Context { settings: loaded, dir, output } = context;
    let unknown = loaded.unknown_variables().to_vec();
    let mut settings = loaded.settings;
    if let Some(listen) = args.listen {
        settings.listen = listen;
    }
    apply_test_control(&mut settings, &args)?;
    check_exposure(&settings)?;
    logging::start(settings.log);
    unknown.iter().for_each(|variable| log::warn!("{variable}"));
    let dir = if args.new_database { dir.allowing_new_database() } else { dir };
    // Held until the process ends.
    let lock = dir.lock_for_serving()?;
    let control = settings.test_control.enabled.then(TestControl::new).map(Arc::new);
    let clock: Arc<dyn Clock> = match &control {
        Some(control) => control.clock(),
        None => Arc::new(SystemClock),
    };
    let store = Store::serve(&dir, &lock, clock, Server::threads(&settings))?;
    release_deliveries(&store, args.resume_deliveries)?;
    let mut service = Service::new(settings, store);
    service.test_control = control;
    let server = Server::bind(service)?;
    // Before the announcement, so that a signal sent right after it stops the server cleanly.
    let stop = stop_on_signal();
    let store = server.service().store();
    let unshown = store.read(|reader| reader.unshown_keys())?;
    if let Some(keys) = &unshown {
        log::warn!(
            "the keys from the first start may never have been shown; if you don't have them, \
             replace them: {}",
            replacement_commands(keys.iter()).join("; ")
        );
    }
    // Only now that the socket is open: after creating the keys, only printing them can still fail.
    let keys = if args.no_bootstrap { Vec::new() } else { bootstrap(store)? };
    announce(output, &server, &keys, unshown.as_deref())?;
    if !keys.is_empty() {
        record_first_keys_shown(store);
    }
    actix_web::rt::System::new().block_on(async { server.run(stop).await.map_err(Failure::Server) })
}

/// Applies the flags of test control.
fn apply_test_control(settings: &mut Settings, args: &Serve) -> Result<(), Failure> {
    let control = &mut settings.test_control;
    control.enabled |= args.test_control;
    if let Some(token) = &args.test_control_token {
        if !control.enabled {
            let message =
                "--test-control-token has no effect without --test-control; add that flag";
            return Err(Failure::Other(message.to_owned()));
        }
        let refusal = || format!("--test-control-token must be {}", ControlToken::ALLOWED);
        let token = ControlToken::parse(token);
        control.token = Some(token.ok_or_else(|| Failure::Other(refusal()))?);
    }
    Ok(())
}

/// Sends the deliveries that were pending in a restored backup if asked to; otherwise logs how many
/// are on hold.
fn release_deliveries(store: &Store, resume: bool) -> Result<(), Failure> {
    if resume {
        let resumed = store.write_blocking(|tx| tx.resume_deliveries())?;
        log::info!("sending {resumed} webhook deliveries that were on hold since the restore");
        return Ok(());
    }
    let held = store.read(|reader| reader.held_deliveries(MAX_COUNT))?;
    if held > 0 {
        let more = if held == MAX_COUNT { " or more" } else { "" };
        log::warn!(
            "{held}{more} webhook deliveries were pending in the backup that this database was \
             restored from, and are on hold; to send them, start with --resume-deliveries"
        );
    }
    Ok(())
}

#[derive(Serialize)]
struct AnnouncementJson<'a> {
    listening: &'a str,
    keys: Vec<NewKeyJson<'a>>,
    /// Keys from the first start that may never have been shown.
    unshown_keys: Vec<&'a Prefix>,
    /// Whether tests can use the routes under `/_test`.
    test_control: bool,
    admin: Option<&'a str>,
    setup: Option<&'a str>,
}

fn announce(
    output: Output,
    server: &Server,
    keys: &[(Key, KeySecret)],
    unshown: Option<&[Key]>,
) -> Result<(), Failure> {
    let address = format!("http://{}", server.address());
    let new_keys = keys.iter().map(|(key, secret)| NewKeyJson::new(key, secret)).collect();
    let (admin, setup) = (server.admin_url(), server.setup_url()?);
    let test_control = server.service().test_control.is_some();
    let announcement = AnnouncementJson {
        listening: &address,
        keys: new_keys,
        unshown_keys: unshown.unwrap_or_default().iter().map(|key| &key.prefix).collect(),
        test_control,
        admin: admin.as_deref(),
        setup: setup.as_deref(),
    };
    let text = || {
        let mut text = format!("Listening on {address}");
        if test_control {
            text += " (test control is on)";
        }
        if let Some(setup) = &setup {
            text = format!("Set the admin password: {setup}\n\n{text}");
        }
        if let Some(unshown) = unshown {
            text = format!(
                "The keys from the first start may never have been shown. If you don't have them, \
                 replace them:\n\n  {}\n\n{text}",
                replacement_commands(unshown.iter()).join("\n  "),
            );
        }
        if keys.is_empty() {
            return text;
        }
        let lines: Vec<String> = keys
            .iter()
            .map(|(key, secret)| format!("  {:4}  {}", <&str>::from(key.mode), secret.reveal()))
            .collect();
        format!(
            "Created workspace `default` with two keys. Copy them now; you won't be able to see \
             them again:\n\n{}\n\n{text}",
            lines.join("\n"),
        )
    };
    if keys.is_empty() {
        return output.print(&announcement, text);
    }
    output.print_after_change(&announcement, text, || {
        format!(
            "workspace `default` and two keys were created anyway; replace the keys: {}",
            replacement_commands(keys.iter().map(|(key, _)| key)).join("; ")
        )
    })
}

/// Starts listening for signals. The future is ready once one arrives.
fn stop_on_signal() -> impl Future<Output = ()> + Send + 'static {
    let (ask, asked) = tokio::sync::oneshot::channel();
    let first = move |signal| {
        log::info!("stopping on {signal}: waiting for requests in progress");
        // The receiver is gone if the server has ended by itself.
        let _ = ask.send(());
    };
    let second = |signal| {
        log::warn!("{signal} while stopping: ending now and dropping the requests in progress");
    };
    if let Err(error) = signals::on_stop_signals(first, second) {
        log::error!(
            "can't install signal handlers, so a signal will end the server at once: {error}"
        );
    }
    async move {
        if asked.await.is_err() {
            std::future::pending().await
        }
    }
}
