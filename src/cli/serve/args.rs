//! The arguments of `serve`.

use std::path::PathBuf;

use crate::settings::ListenAddress;

#[derive(Default, clap::Args)]
pub struct Serve {
    /// Where to listen [env: PIVOTAL_LISTEN] [default: the `listen` setting, or 127.0.0.1:8080]
    ///
    /// An address and port (`127.0.0.1:8080`, `[::1]:8080`), all addresses of a name
    /// (`localhost:8080`), all interfaces (`:8080`), or a Unix socket (`unix:/path/to.sock`). Port 0
    /// picks a free one. Repeat the flag or separate values with commas for several addresses.
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',', verbatim_doc_comment)]
    pub listen: Vec<ListenAddress>,
    /// Don't create the `default` workspace and its keys in a new database
    #[arg(long)]
    pub no_bootstrap: bool,
    /// Create an empty database even if there was one before
    ///
    /// Without this flag, the server refuses to start if its database has gone missing, because a
    /// disk may not be mounted. Only for SQLite.
    #[arg(long, verbatim_doc_comment)]
    pub new_database: bool,
    /// Send the webhooks that were pending in the backup that this database was restored from
    #[arg(long)]
    pub resume_deliveries: bool,
    /// Serve a new, empty database, and remove it when the server ends
    ///
    /// For tests: the database is a SQLite file in a temporary directory, on a free port unless you
    /// pass `--listen`, with test control (see `--test-control`), without rate limits and scheduled
    /// backups. Prints the object of `--json` on one line, with or without that flag, and logs only
    /// warnings. Set `PIVOTAL_LOG` or `PIVOTAL_RATE_LIMITS_ENABLED` to change that. The settings
    /// `listen`, `data_dir`, `database`, `backup.every`, `admin.listen`, `tls.cert`, and `tls.key`
    /// don't apply, nor do the `trusted_proxies` and `metrics.listen` of a configuration file.
    #[arg(long, verbatim_doc_comment, conflicts_with_all = ["new_database", "resume_deliveries"])]
    pub ephemeral: bool,
    /// Serve a demo: a workspace with demo data that is reset every hour
    ///
    /// The database is a SQLite file in a temporary directory, which is removed when the server ends,
    /// whatever the `database` setting says. A reset dates the data to the current day again and
    /// removes everything that visitors have made. The printed keys and the admin password stay valid.
    /// Webhooks are not sent, and there are no scheduled backups.
    #[arg(
        long,
        verbatim_doc_comment,
        conflicts_with_all = [
            "ephemeral", "seed", "no_bootstrap", "new_database", "resume_deliveries",
        ]
    )]
    pub demo: bool,
    /// Fill the workspace of a new database from a seed file, in YAML or JSON
    ///
    /// The file can contain customers, contacts, onboardings, API keys, and webhook endpoints. If it
    /// names a workspace, that one is created instead of `default`. If anything is wrong with it,
    /// nothing is created. Ignored once there is a workspace.
    #[arg(long, value_name = "FILE", verbatim_doc_comment)]
    pub seed: Option<PathBuf>,
    /// Stop when stdin is closed, so when the process that started the server has ended
    ///
    /// That process must keep the server's stdin open. If it is closed from the start, as that of a
    /// shell's background job is, the server warns and stops at once.
    #[arg(long, verbatim_doc_comment)]
    pub exit_with_parent: bool,
    /// Serve the routes under `/_test`, with which tests set the clock and inject faults
    /// [env: PIVOTAL_TEST_CONTROL_ENABLED] [default: the `test_control.enabled` setting, or off]
    ///
    /// Only programs on this machine can use them, unless you set a token.
    #[arg(long, verbatim_doc_comment)]
    pub test_control: bool,
    /// Require this token from requests to `/_test` [env: PIVOTAL_TEST_CONTROL_TOKEN]
    /// [default: the `test_control.token` setting, or none]
    ///
    /// Other users of this machine can see the arguments of a process, so prefer the environment
    /// variable.
    // Parsed later: clap's error messages contain the value.
    #[arg(long, value_name = "TOKEN", verbatim_doc_comment)]
    pub test_control_token: Option<String>,
}
