//! What a server prints once it is listening.

use serde::Serialize;

use super::super::keys::{NewKeyJson, format_new_key};
use super::super::output::failure::Failure;
use super::super::output::{Output, count, stderr};
use super::super::webhooks::endpoints::WithSecret;
use super::bootstrap::{FirstKeys, replacement_commands};
use crate::model::key::Key;
use crate::model::key::secret::Prefix;
use crate::model::values::slug::Slug;
use crate::server::Server;
use crate::transfer::{SeedReport, SeedSummary};

#[derive(Serialize)]
struct AnnouncementJson<'a> {
    /// The first of `addresses`.
    listening: &'a str,
    addresses: &'a [String],
    /// The engine with its version, and where the database is.
    engine: String,
    database: String,
    keys: Vec<NewKeyJson<'a>>,
    /// Keys from the first start that may never have been shown.
    unshown_keys: Vec<&'a Prefix>,
    /// Whether tests can use the routes under `/_test`.
    test_control: bool,
    /// Whether the data is reset every hour.
    demo: bool,
    admin: Option<&'a str>,
    setup: Option<&'a str>,
    /// Only present after the import of a seed.
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<SeedJson<'a>>,
}

#[derive(Serialize)]
struct SeedJson<'a> {
    workspace: Option<&'a Slug>,
    #[serde(flatten)]
    summary: SeedSummary,
    created_keys: Vec<NewKeyJson<'a>>,
    created_webhooks: Vec<WithSecret<'a>>,
}

impl<'a> SeedJson<'a> {
    fn new(report: &'a SeedReport) -> Self {
        let keys = report.keys.iter().map(|one| NewKeyJson::new(&one.key, &one.secret));
        let webhooks = report
            .webhooks
            .iter()
            .map(|one| WithSecret { endpoint: &one.endpoint, secret: one.secret.reveal() });
        Self {
            workspace: report.workspace.as_ref().map(|workspace| &workspace.slug),
            summary: report.summary,
            created_keys: keys.collect(),
            created_webhooks: webhooks.collect(),
        }
    }
}

/// Prints the address, and the new keys. Their secrets are left out if their owner has them, unless
/// `with_known_secrets` is set.
pub fn announce(
    output: Output,
    server: &Server,
    first: &FirstKeys,
    with_known_secrets: bool,
    unshown: Option<&[Key]>,
) -> Result<(), Failure> {
    // Lets a process that waits for the announcement read the log up to here.
    stderr::flush();
    let addresses = server.addresses();
    let hides_secrets = first.are_known && !with_known_secrets;
    let new_keys = first.keys.iter().map(|(key, secret)| {
        let json = NewKeyJson::new(key, secret);
        if hides_secrets { json.without_secret() } else { json }
    });
    let (admin, setup) = (server.admin_url(), server.setup_url()?);
    let service = server.service();
    let engine = service.store().engine();
    let test_control = service.test_control.is_some();
    let announcement = AnnouncementJson {
        listening: addresses.first().map_or("", String::as_str),
        addresses: &addresses,
        engine: engine.product(),
        database: engine.place,
        keys: new_keys.collect(),
        unshown_keys: unshown.unwrap_or_default().iter().map(|key| &key.prefix).collect(),
        test_control,
        demo: service.demo().is_some(),
        admin: admin.as_deref(),
        setup: setup.as_deref(),
        seed: first.seed.as_ref().map(SeedJson::new),
    };
    let text = || {
        let mut text = format!("Listening on {}", addresses.join(", "));
        if test_control {
            text += " (test control is on)";
        }
        if let Some(demo) = service.demo() {
            let next = demo.next_reset(service.store().clock());
            text += &format!(
                "\nThis is a demo: its data is reset every hour, next at {next}, and webhooks are \
                 not sent."
            );
        }
        if let Some(setup) = &setup {
            // On Unix sockets only, the server doesn't know its address.
            let path = if setup.starts_with('/') { " at this path of the server" } else { "" };
            text = format!("Set the admin password{path}: {setup}\n\n{text}");
        }
        if let Some(unshown) = unshown {
            text = format!(
                "The keys from the first start may never have been shown. If you don't have them, \
                 replace them:\n\n  {}\n\n{text}",
                replacement_commands(unshown.iter()).join("\n  "),
            );
        }
        if let Some(report) = &first.seed {
            text = format!("{}\n\n{text}", format_seed(report));
        }
        if first.keys.is_empty() { text } else { format!("{}\n\n{text}", format_keys(first)) }
    };
    if first.keys.is_empty() {
        return output.print(&announcement, text);
    }
    output.print_after_change(&announcement, text, || {
        if first.are_known {
            return format!("workspace `{}` and your keys were created anyway", slug(first));
        }
        format!(
            "workspace `{}` and two keys were created anyway; replace the keys: {}",
            slug(first),
            replacement_commands(first.keys.iter().map(|(key, _)| key)).join("; ")
        )
    })
}

fn slug(first: &FirstKeys) -> &str {
    first.workspace.as_ref().map_or("default", |workspace| workspace.slug.as_str())
}

fn format_seed(report: &SeedReport) -> String {
    let rows = &report.summary.rows;
    let mut text = format!(
        "Imported {}, {}, and {} from the seed.",
        count(rows.customers.created, "customer"),
        count(rows.contacts.created, "contact"),
        count(rows.onboardings.created, "onboarding")
    );
    for one in &report.keys {
        text += &format!(
            "\n\nCreated key \"{}\". {}",
            one.key.name,
            format_new_key(&one.key, &one.secret)
        );
    }
    for one in &report.webhooks {
        text += &format!(
            "\n\nCreated endpoint {} for {}. Its signing secret, which you won't be able to see \
             again:\n\n  {}",
            one.endpoint.id,
            one.endpoint.url,
            one.secret.reveal()
        );
    }
    text
}

fn format_keys(first: &FirstKeys) -> String {
    let lines = first.keys.iter().map(|(key, secret)| {
        let text =
            if first.are_known { format!("{}…", key.prefix) } else { secret.reveal().to_owned() };
        format!("  {:4}  {text}", <&str>::from(key.mode))
    });
    let lines = lines.collect::<Vec<_>>().join("\n");
    match (first.are_known, first.keys.len()) {
        (false, _) => format!(
            "Created workspace `{}` with two keys. Copy them now; you won't be able to see \
             them again:\n\n{lines}",
            slug(first)
        ),
        (true, 1) => {
            format!(
                "Created workspace `{}` with the key from your settings:\n\n{lines}",
                slug(first)
            )
        }
        (true, _) => {
            format!(
                "Created workspace `{}` with the keys from your settings:\n\n{lines}",
                slug(first)
            )
        }
    }
}
