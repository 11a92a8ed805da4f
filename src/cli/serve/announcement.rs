//! What a server prints once it is listening.

use serde::Serialize;

use super::super::failure::Failure;
use super::super::keys::NewKeyJson;
use super::super::output::Output;
use super::bootstrap::{FirstKeys, replacement_commands};
use crate::model::key::Key;
use crate::model::key::secret::Prefix;
use crate::server::Server;

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

/// Prints the address, and the new keys. Their secrets are left out if their owner has them, unless
/// `with_known_secrets` is set.
pub fn announce(
    output: Output,
    server: &Server,
    first: &FirstKeys,
    with_known_secrets: bool,
    unshown: Option<&[Key]>,
) -> Result<(), Failure> {
    let address = format!("http://{}", server.address());
    let hides_secrets = first.are_known && !with_known_secrets;
    let new_keys = first.keys.iter().map(|(key, secret)| {
        let json = NewKeyJson::new(key, secret);
        if hides_secrets { json.without_secret() } else { json }
    });
    let (admin, setup) = (server.admin_url(), server.setup_url()?);
    let test_control = server.service().test_control.is_some();
    let announcement = AnnouncementJson {
        listening: &address,
        keys: new_keys.collect(),
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
        if first.keys.is_empty() { text } else { format!("{}\n\n{text}", format_keys(first)) }
    };
    if first.keys.is_empty() {
        return output.print(&announcement, text);
    }
    output.print_after_change(&announcement, text, || {
        if first.are_known {
            return "workspace `default` and your keys were created anyway".to_owned();
        }
        format!(
            "workspace `default` and two keys were created anyway; replace the keys: {}",
            replacement_commands(first.keys.iter().map(|(key, _)| key)).join("; ")
        )
    })
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
            "Created workspace `default` with two keys. Copy them now; you won't be able to see \
             them again:\n\n{lines}"
        ),
        (true, 1) => {
            format!("Created workspace `default` with the key from your settings:\n\n{lines}")
        }
        (true, _) => {
            format!("Created workspace `default` with the keys from your settings:\n\n{lines}")
        }
    }
}
