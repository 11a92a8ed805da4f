//! `serve`

mod announcement;
pub mod args;
mod bootstrap;
mod demo;
mod ephemeral;
mod lifecycle;
mod seed;
mod stop;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use self::announcement::announce;
use self::args::Serve;
use self::bootstrap::{
    FirstKeys, PreparedKeys, bootstrap, default_workspace, is_first_start, record_first_keys_shown,
    replacement_commands,
};
use self::ephemeral::KeysInPreparation;
use self::lifecycle::{Origins, log_started, log_stopped};
use self::seed::SeedFile;
use self::stop::StopConditions;
use super::context::Context;
use super::logging;
use super::output::Output;
use super::output::failure::Failure;
use crate::model::clock::{Clock, SystemClock};
use crate::model::test_control::token::ControlToken;
use crate::server::Server;
use crate::service::Service;
use crate::service::test_control::TestControl;
use crate::settings::{ListenAddresses, Settings, check_exposure};
use crate::store::{Claim, Location, Store, WriteScope};
use crate::transfer::SeedTarget;

/// The maximum number of deliveries on hold to count.
const MAX_COUNT: u32 = 100_000;

pub fn run(context: Context, args: Serve) -> Result<(), Failure> {
    let started = Instant::now();
    let Context { settings: mut loaded, location, mut output } = context;
    let unknown = loaded.unknown_variables().to_vec();
    if args.ephemeral {
        ephemeral::adapt(&mut loaded)?;
        output = Output::new(true);
    }
    if args.demo {
        demo::adapt(&mut loaded)?;
    }
    let origins = Origins::new(&loaded, &args);
    let mut settings = loaded.settings;
    if let Some(listen) = ListenAddresses::new(args.listen.clone()) {
        settings.listen = listen;
    }
    apply_test_control(&mut settings, &args)?;
    check_exposure(&settings)?;
    logging::start(settings.log, settings.log_format);
    unknown.iter().for_each(|variable| log::warn!("{variable}"));
    let is_temporary = args.ephemeral || args.demo;
    // Held until this function returns.
    let claim = match (is_temporary, args.new_database) {
        (true, _) => Claim::ephemeral()?,
        (false, true) => allow_new_database(location)?.claim()?,
        (false, false) => location.claim()?,
    };
    let creates_keys = !args.no_bootstrap;
    let early_keys = (is_temporary && creates_keys)
        .then(|| KeysInPreparation::start(settings.bootstrap.clone()));
    let control = settings.test_control.enabled.then(TestControl::new).map(Arc::new);
    let clock: Arc<dyn Clock> = match &control {
        Some(control) => control.clock(),
        None => Arc::new(SystemClock),
    };
    let store = Store::serve(&claim, clock, Server::threads(&settings))?;
    release_deliveries(&store, args.resume_deliveries)?;
    let settings_of_keys = settings.bootstrap.clone();
    let mut service = Service::new(settings, store);
    service.test_control = control;
    let server = Server::bind(service)?;
    // Before the announcement, so that a signal sent right after it stops the server cleanly.
    let stop = StopConditions {
        exit_with_parent: args.exit_with_parent,
        temporary: claim.temporary_dir().map(Path::to_owned),
    };
    let (cause, stop) = stop.watch();
    let store = server.service().store();
    let unshown = store.read(|reader| reader.unshown_keys())?;
    if let Some(keys) = &unshown {
        log::warn!(
            "the keys from the first start may never have been shown; if you don't have them, \
             replace them: {}",
            replacement_commands(keys.iter()).join("; ")
        );
    }
    let is_first = is_first_start(store)?;
    let now = store.clock().now();
    let seed = args.seed.as_deref().map(|file| SeedFile::read(file, now)).transpose()?;
    let seed = seed.filter(|_| is_first);
    let new = seed.as_ref().and_then(SeedFile::workspace).cloned();
    let new = new.unwrap_or_else(if args.demo { demo::workspace } else { default_workspace });
    if let Some(seed) = &seed {
        seed.check(&server, new.clone())?;
    }
    // Only now that the socket is open: after creating the keys, only printing them can still fail.
    let mut first = if let Some(early) = early_keys {
        bootstrap(&server, new.clone(), early.wait()?)?
    } else if creates_keys && is_first {
        let keys = PreparedKeys::prepare(&settings_of_keys, store.checksum_secret())?;
        bootstrap(&server, new.clone(), keys)?
    } else {
        FirstKeys::default()
    };
    if let Some(seed) = &seed {
        let target = first.workspace.clone().map_or(SeedTarget::New(new), SeedTarget::Existing);
        first.seed = Some(seed.import(&server, target)?);
    }
    if args.demo {
        demo::start(&server, &first)?;
    }
    log_started(&server, &origins);
    announce(output, &server, &first, args.ephemeral, unshown.as_deref())?;
    if !first.keys.is_empty() && !first.are_known && !args.ephemeral {
        record_first_keys_shown(store);
    }
    let ended = server.run(stop);
    log_stopped(&cause, started);
    ended.map_err(Failure::Server)
}

/// Applies `--new-database`.
fn allow_new_database(location: Location) -> Result<Location, Failure> {
    match location {
        Location::Files(dir) => Ok(Location::Files(dir.allowing_new_database())),
        #[cfg(feature = "postgres")]
        Location::Postgres(_) => Err(Failure::OnPostgres(
            "where --new-database has no effect; create an empty database with `createdb` and name \
             it in the `database` setting"
                .to_owned(),
        )),
    }
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
        let resumed = store.write_blocking(WriteScope::Database, |tx| tx.resume_deliveries())?;
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
