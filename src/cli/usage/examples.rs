//! An example for each command, for its help, the reference, and its man page.

use clap::Command;

/// The examples of each command without subcommands.
const EXAMPLES: &[(&str, &[&str])] = &[
    (
        "serve",
        &[
            "pivotal-server serve --listen 0.0.0.0:8080 --data-dir /srv/pivotal",
            "pivotal-server --demo",
            "pivotal-server --ephemeral --seed fixtures.yaml",
        ],
    ),
    ("workspaces create", &["pivotal-server workspaces create --slug acme --name 'Acme Inc.'"]),
    ("workspaces list", &["pivotal-server workspaces list"]),
    (
        "workspaces rename",
        &[
            "pivotal-server workspaces rename acme --name 'Acme Group'",
            "pivotal-server workspaces rename acme --slug acme-group",
        ],
    ),
    ("workspaces delete", &["pivotal-server workspaces delete acme"]),
    (
        "keys create",
        &[
            "pivotal-server keys create --workspace default --name 'CRM sync'",
            "pivotal-server keys create --workspace default --name CI --test --expires 90d",
            "pivotal-server keys create --workspace default --name Reports --scope read:customers",
        ],
    ),
    ("keys generate", &["pivotal-server keys generate --test"]),
    ("keys import", &["pivotal-server keys import --workspace default < key.txt"]),
    ("keys list", &["pivotal-server keys list --workspace default --active"]),
    ("keys rename", &["pivotal-server keys rename pivotal_K8s9X2mP 'CRM sync'"]),
    ("keys revoke", &["pivotal-server keys revoke pivotal_K8s9X2mP"]),
    ("keys rotate", &["pivotal-server keys rotate pivotal_K8s9X2mP"]),
    (
        "customers purge",
        &[
            "pivotal-server customers purge --workspace default 12",
            "pivotal-server customers purge --workspace default --yes \
             c0f3m8k2q7w4x9z1b5n6d0s3t",
        ],
    ),
    ("contacts purge", &["pivotal-server contacts purge --workspace default 34"]),
    ("purges list", &["pivotal-server purges list --json > /backups/purges.json"]),
    (
        "webhooks create",
        &[
            "pivotal-server webhooks create --workspace default --url https://example.com/webhooks",
            "pivotal-server webhooks create --workspace default --url https://example.com/webhooks \
             --event customer.updated --field status",
        ],
    ),
    ("webhooks list", &["pivotal-server webhooks list --workspace default"]),
    ("webhooks show", &["pivotal-server webhooks show ep_0k3j5c7m9p2r4t6v8x0z1b3d5"]),
    (
        "webhooks update",
        &["pivotal-server webhooks update ep_0k3j5c7m9p2r4t6v8x0z1b3d5 --all-events"],
    ),
    ("webhooks enable", &["pivotal-server webhooks enable ep_0k3j5c7m9p2r4t6v8x0z1b3d5"]),
    ("webhooks disable", &["pivotal-server webhooks disable ep_0k3j5c7m9p2r4t6v8x0z1b3d5"]),
    ("webhooks delete", &["pivotal-server webhooks delete ep_0k3j5c7m9p2r4t6v8x0z1b3d5"]),
    ("webhooks rotate", &["pivotal-server webhooks rotate ep_0k3j5c7m9p2r4t6v8x0z1b3d5"]),
    ("webhooks ping", &["pivotal-server webhooks ping ep_0k3j5c7m9p2r4t6v8x0z1b3d5"]),
    (
        "webhooks send-test",
        &[
            "pivotal-server webhooks send-test ep_0k3j5c7m9p2r4t6v8x0z1b3d5 --event customer.created",
        ],
    ),
    (
        "webhooks deliveries",
        &["pivotal-server webhooks deliveries ep_0k3j5c7m9p2r4t6v8x0z1b3d5 --failed"],
    ),
    (
        "webhooks replay",
        &[
            "pivotal-server webhooks replay msg_0k3j5c7m9p2r4t6v8x0z1b3d5",
            "pivotal-server webhooks replay --endpoint ep_0k3j5c7m9p2r4t6v8x0z1b3d5 \
             --since 2026-11-26",
        ],
    ),
    (
        "webhooks listen",
        &["pivotal-server webhooks listen --forward-to http://localhost:3000/webhooks"],
    ),
    (
        "webhooks verify",
        &["PIVOTAL_WEBHOOK_SECRET=whsec_… pivotal-server webhooks verify < request.txt"],
    ),
    ("admin set-password", &["pivotal-server admin set-password"]),
    ("backup", &["pivotal-server backup /backups/pivotal.db"]),
    (
        "restore",
        &[
            "pivotal-server restore --replace /backups/pivotal.db",
            "pivotal-server restore - < /backups/pivotal.db",
        ],
    ),
    ("check", &["pivotal-server check", "pivotal-server check /backups/pivotal.db"]),
    (
        "move",
        &[
            "PIVOTAL_DATABASE=postgres://pivotal@db/pivotal pivotal-server move --from \
             /var/lib/pivotal-server",
            "pivotal-server move --from env:OLD_DATABASE --to /var/lib/pivotal-server",
        ],
    ),
    ("demo", &["pivotal-server demo --workspace demo"]),
    (
        "export",
        &[
            "pivotal-server export --workspace default --events default.jsonl",
            "pivotal-server export --workspace default --type contacts contacts.csv",
            "pivotal-server export --workspace default --to https://pivotal.example.com < key.txt",
        ],
    ),
    (
        "import",
        &[
            "pivotal-server import --workspace default default.jsonl",
            "pivotal-server import --workspace default --dry-run --map 'Company=name' customers.csv",
            "pivotal-server import --workspace default --from https://pivotal.example.com < key.txt",
        ],
    ),
    ("config", &["pivotal-server config", "pivotal-server config --json"]),
    ("health", &["pivotal-server health --url https://pivotal.example.com"]),
    ("wait", &["pivotal-server wait --url http://localhost:8080 --timeout 30s"]),
    ("openapi", &["pivotal-server openapi --url https://pivotal.example.com > openapi.json"]),
    ("seed-schema", &["pivotal-server seed-schema > seed.schema.json"]),
    (
        "completions",
        &["pivotal-server completions fish > ~/.config/fish/completions/pivotal-server.fish"],
    ),
    ("man", &["pivotal-server man | man -l -"]),
];

/// The line above the examples.
pub const HEADING: &str = "Examples:";

/// Adds the examples to the long help.
pub(super) fn with_examples(root: Command) -> Command {
    EXAMPLES.iter().fold(root, |root, (path, examples)| {
        let text = format!("{HEADING}\n  {}", examples.join("\n  "));
        let path: Vec<&str> = path.split(' ').collect();
        add(root, &path, text)
    })
}

fn add(command: Command, path: &[&str], text: String) -> Command {
    match path {
        [] => command.after_long_help(text),
        // `mut_subcommand` would add a command that doesn't exist.
        [name, ..] if command.find_subcommand(name).is_none() => command,
        [name, rest @ ..] => command.mut_subcommand(name, |command| add(command, rest, text)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::cli::command;

    /// Returns the names of all commands that have no subcommands.
    fn commands(command: &Command, path: &str) -> BTreeSet<String> {
        let names = command.get_subcommands().flat_map(|command| {
            let path = format!("{path} {}", command.get_name());
            if command.has_subcommands() {
                commands(command, &path)
            } else {
                BTreeSet::from([path.trim().to_owned()])
            }
        });
        names.collect()
    }

    /// Splits a line as a shell does, up to a redirection or a pipe, without its variables.
    fn words(line: &str) -> Vec<String> {
        let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
        for c in line.chars() {
            match (c, quote) {
                ('\'' | '"', None) => quote = Some(c),
                (c, Some(open)) if c == open => quote = None,
                (' ', None) => words.push(std::mem::take(&mut word)),
                _ => word.push(c),
            }
        }
        words.push(word);
        let is_command = |word: &String| !["<", ">", "|"].contains(&word.as_str());
        let command = words.into_iter().take_while(is_command);
        command.skip_while(|word| word.contains('=')).collect()
    }

    #[test]
    fn every_command_has_an_example_in_its_long_help() {
        let with_examples: BTreeSet<String> =
            EXAMPLES.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(commands(&command(), ""), with_examples);
        for (path, examples) in EXAMPLES {
            let command = path
                .split(' ')
                .fold(command(), |command, name| command.find_subcommand(name).unwrap().clone());
            let help = command.get_after_long_help().unwrap().to_string();
            assert!(examples.iter().all(|example| help.contains(example)), "{path}");
        }
    }

    #[test]
    fn every_example_is_a_valid_command_line_of_its_command() {
        let mut root = command();
        root.build();
        for (path, examples) in EXAMPLES {
            for example in *examples {
                let args = words(example).into_iter().map(Into::into).collect();
                let args = super::super::with_default_command(args, &root);
                assert_eq!(args[0], "pivotal-server", "{example}");
                let matches = root.clone().try_get_matches_from(&args);
                let mut matches = &matches.unwrap_or_else(|error| panic!("{example}: {error}"));
                for name in path.split(' ') {
                    let (found, inner) = matches.subcommand().unwrap();
                    assert_eq!(found, name, "{example}");
                    matches = inner;
                }
            }
        }
    }
}
