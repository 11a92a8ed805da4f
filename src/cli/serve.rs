//! `serve`

use std::sync::Arc;

use serde::Serialize;

use super::Context;
use super::args::Serve;
use super::bootstrap::{bootstrap, note_shown, replacing};
use super::failure::Failure;
use super::keys::Shown;
use super::{logging, output::Output};
use crate::model::key::Key;
use crate::model::key_secret::{KeySecret, Prefix};
use crate::model::time::SystemClock;
use crate::server::Server;
use crate::service::Service;
use crate::store::Store;

pub fn run(context: Context, args: Serve) -> Result<(), Failure> {
    let Context { loaded, dir, output } = context;
    let mut settings = loaded.settings;
    if let Some(listen) = args.listen {
        settings.listen = listen;
    }
    logging::start(settings.log);
    let dir = if args.new_database { dir.forgetting() } else { dir };
    // Held until the process ends.
    let lock = dir.lock_for_serving()?;
    let store = Store::serve(&dir, &lock, Arc::new(SystemClock), Server::threads(&settings))?;
    let server = Server::bind(Service::new(settings, store))?;
    let store = server.service().store();
    let unshown = store.read(|reader| reader.unshown_keys())?;
    if let Some(keys) = &unshown {
        log::warn!(
            "the keys of the first start may never have been shown; if you do not have them: {}",
            replacing(keys.iter()).join("; ")
        );
    }
    // Only now, with the socket open: nothing is left that could go wrong between making the keys
    // and showing them.
    let keys = if args.no_bootstrap { Vec::new() } else { bootstrap(store)? };
    let system = actix_web::rt::System::new();
    // Before the announcement, so that whoever reads it can already ask the server to stop.
    let stop = system.block_on(async { asked_to_stop() });
    announce(output, &server, &keys, unshown.as_deref())?;
    if !keys.is_empty() {
        note_shown(store);
    }
    system.block_on(async { server.run(stop).await.map_err(Failure::Server) })
}

/// What `serve --json` prints once it listens.
#[derive(Serialize)]
struct Announcement<'a> {
    listening: &'a str,
    keys: Vec<Shown<'a>>,
    /// The keys of an earlier start that may never have been shown.
    unshown_keys: Vec<&'a Prefix>,
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
    let shown = keys.iter().map(|(key, secret)| Shown::new(key, secret)).collect();
    let (admin, setup) = (server.admin_url(), server.setup_url()?);
    let announcement = Announcement {
        listening: &address,
        keys: shown,
        unshown_keys: unshown.unwrap_or_default().iter().map(|key| &key.prefix).collect(),
        admin: admin.as_deref(),
        setup: setup.as_deref(),
    };
    let text = || {
        let mut text = format!("listening on {address}");
        if let Some(setup) = &setup {
            text = format!("Set the admin's password: {setup}\n\n{text}");
        }
        if let Some(unshown) = unshown {
            text = format!(
                "The keys of the first start may never have been shown. If you do not have them:\
                 \n\n  {}\n\n{text}",
                replacing(unshown.iter()).join("\n  "),
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
            "Created the workspace `default` with two keys. They are shown only this once:\n\n\
             {}\n\n{text}",
            lines.join("\n"),
        )
    };
    if keys.is_empty() {
        return output.print(&announcement, text);
    }
    output.print_done(&announcement, text, || {
        format!(
            "the workspace `default` and two keys were created all the same; replace the keys: {}",
            replacing(keys.iter().map(|(key, _)| key)).join("; ")
        )
    })
}

/// Listens for the signals that ask a process to end. What is returned is ready when one came.
#[cfg(unix)]
fn asked_to_stop() -> impl Future<Output = ()> + Send {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        let (Ok(mut interrupt), Ok(mut terminate)) = signals else {
            log::error!("signals cannot be received; the server will have to be killed");
            return std::future::pending().await;
        };
        let asked = std::pin::pin!(interrupt.recv());
        let told = std::pin::pin!(terminate.recv());
        futures_util::future::select(asked, told).await;
        log::info!("stopping: requests in flight are finished first");
    }
}

/// Ready when the process is interrupted.
#[cfg(not(unix))]
async fn asked_to_stop() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        log::error!("interruptions cannot be received: {error}");
        return std::future::pending().await;
    }
    log::info!("stopping: requests in flight are finished first");
}
