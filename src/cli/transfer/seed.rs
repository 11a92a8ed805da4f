//! `import` of a seed file.

use std::fs::File;
use std::io::{self, Read};

use serde::Serialize;

use super::super::context::Context;
use super::super::keys::{NewKeyJson, format_new_key, lost_secret_advice};
use super::super::output::failure::Failure;
use super::super::webhooks::endpoints::WithSecret;
use super::super::webhooks::keyring::{destinations, keyring};
use super::args::Import;
use super::failures::{failure, missing_workspace};
use super::observer::Terminal;
use super::report::counts;
use crate::model::plain_words::io_reason;
use crate::model::seed::{MAX_SEED_BYTES, Seed};
use crate::model::transfer::FaultyRows;
use crate::model::values::slug::Slug;
use crate::model::webhook::encryption::Keyring;
use crate::model::webhook::url::EndpointUrl;
use crate::service::webhooks::destination::check_destination;
use crate::transfer::{
    CreatedKey, CreatedWebhook, SeedError, SeedReport, SeedSetup, SeedSummary, SeedTarget,
    TargetError, import_seed,
};

/// The longest file to read: one byte more than allowed, so that it is refused.
const MAX_READ: u64 = MAX_SEED_BYTES as u64 + 1;

#[derive(Serialize)]
struct SeedJson<'r> {
    workspace: &'r Slug,
    created_workspace: bool,
    dry_run: bool,
    #[serde(flatten)]
    summary: SeedSummary,
    created_keys: Vec<NewKeyJson<'r>>,
    created_webhooks: Vec<WithSecret<'r>>,
}

pub fn run(context: &Context, args: &Import, is_stdin: bool) -> Result<(), Failure> {
    let name = args.path().display();
    let text = read(args, is_stdin).map_err(|error| {
        Failure::Other(format!("can't read {name}: {}; check the path", io_reason(&error)))
    })?;
    let store = context.store()?;
    let seed = Seed::read(&text, store.clock().now())
        .map_err(|fault| Failure::Other(format!("{name}, {fault}")))?;
    let given = args.workspace.as_ref();
    let target = SeedTarget::find(&store, &seed, given).map_err(|error| match error {
        TargetError::Store(error) => error.into(),
        TargetError::NotFound(slug) => store
            .read(|reader| reader.workspaces())
            .map_or_else(Failure::from, |all| missing_workspace(&slug, &all)),
        TargetError::NotNamed => Failure::Other(
            "the seed doesn't name a workspace; pass --workspace, or add `workspace` with a slug \
             and a name to the seed"
                .to_owned(),
        ),
    })?;
    let policy = destinations(context, &store)?;
    let check_url = |url: &EndpointUrl| check_destination(&policy, url);
    // Only needed for signing secrets.
    let no_keys = Keyring::default();
    let keyring = if seed.webhooks.is_empty() { &no_keys } else { keyring(context, &store)? };
    let setup = SeedSetup { keyring, check_url: &check_url };
    let mut terminal = Terminal::new();
    let imported = import_seed(
        &store,
        target,
        &seed,
        &setup,
        &args.options(FaultyRows::Refuse),
        &mut terminal,
    );
    let signal = terminal.signal();
    drop(terminal);
    let report = imported.map_err(|error| match error {
        SeedError::Import(error) => failure(error, signal, args.on_conflict),
        SeedError::Store(error) => error.into(),
        SeedError::Hash(error) => error.into(),
        other => Failure::Other(other.to_string()),
    })?;
    print(context, args, &seed, &report)
}

fn read(args: &Import, is_stdin: bool) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    if is_stdin {
        io::stdin().lock().take(MAX_READ).read_to_end(&mut text)?;
    } else {
        File::open(args.path())?.take(MAX_READ).read_to_end(&mut text)?;
    }
    Ok(text)
}

fn print(
    context: &Context,
    args: &Import,
    seed: &Seed,
    report: &SeedReport,
) -> Result<(), Failure> {
    let named = seed.workspace.as_ref().map(|workspace| &workspace.slug);
    let slug = report.workspace.as_ref().map(|workspace| &workspace.slug);
    let Some(slug) = slug.or(args.workspace.as_ref()).or(named) else { return Ok(()) };
    let json = SeedJson {
        workspace: slug,
        created_workspace: report.is_new_workspace && !args.dry_run,
        dry_run: args.dry_run,
        summary: report.summary,
        created_keys: report
            .keys
            .iter()
            .map(|one| NewKeyJson::new(&one.key, &one.secret))
            .collect(),
        created_webhooks: report
            .webhooks
            .iter()
            .map(|one| WithSecret { endpoint: &one.endpoint, secret: one.secret.reveal() })
            .collect(),
    };
    let text = || describe(&json, report);
    let lost = lost_secrets(report);
    if lost.is_empty() {
        let done =
            if args.dry_run { "the check found no faults" } else { "it was imported anyway" };
        return context.output.print_after_change(&json, text, || done.to_owned());
    }
    context
        .output
        .print_secret(&json, text, || format!("the seed was imported anyway; {}", lost.join("; ")))
}

fn describe(json: &SeedJson<'_>, report: &SeedReport) -> String {
    let slug = json.workspace;
    let mut text = match (json.dry_run, report.is_new_workspace) {
        (true, false) => {
            format!("Checked the import into workspace `{slug}`; nothing was changed:")
        }
        (true, true) => {
            format!("Checked the import into the new workspace `{slug}`; nothing was changed:")
        }
        (false, true) => format!("Created workspace `{slug}`, and imported into it:"),
        (false, false) => format!("Imported into workspace `{slug}`:"),
    };
    let SeedSummary { rows, keys, webhooks } = &json.summary;
    let table = counts(&[
        ("customers", &rows.customers),
        ("contacts", &rows.contacts),
        ("onboardings", &rows.onboardings),
        ("keys", keys),
        ("webhooks", webhooks),
    ]);
    text += &format!("\n{table}");
    for CreatedKey { key, secret, .. } in &report.keys {
        text += &format!("\n\nCreated key \"{}\". {}", key.name, format_new_key(key, secret));
    }
    for CreatedWebhook { endpoint, secret, .. } in &report.webhooks {
        text += &format!(
            "\n\nCreated endpoint {} for {}. Its signing secret, which you won't be able to see \
             again:\n\n  {}",
            endpoint.id,
            endpoint.url,
            secret.reveal()
        );
    }
    text
}

/// Says how to replace the generated secrets if they are never shown.
fn lost_secrets(report: &SeedReport) -> Vec<String> {
    let keys = report.keys.iter().filter(|one| !one.is_own);
    let keys = keys.map(|one| lost_secret_advice(&one.key));
    let webhooks = report.webhooks.iter().filter(|one| !one.is_own).map(|one| {
        let id = &one.endpoint.id;
        format!(
            "create a new signing secret for endpoint {id} with `pivotal-server webhooks rotate \
             {id}`"
        )
    });
    keys.chain(webhooks).collect()
}
