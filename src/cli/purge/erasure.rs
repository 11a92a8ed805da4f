//! Overwrites what is left in the file after a purge, and reports about it.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::output::failure::Failure;
use crate::cli::output::progress::Progress;
use crate::model::database_url::DatabaseUrl;
use crate::store::{Erasure, Store, Unfinished, Watch};

/// What is known about the files of the database after a purge.
#[derive(Serialize)]
pub struct ErasureReport {
    /// The command with which PostgreSQL removes deleted rows from its files.
    #[serde(skip_serializing_if = "Option::is_none")]
    vacuum: Option<String>,
    /// Null if a server was faster.
    pages: Option<u32>,
    overwritten_pages: Option<u32>,
    /// The pages that still contain one of the email addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pages_with_email: Option<u32>,
    other_files: Vec<PathBuf>,
}

impl ErasureReport {
    /// Erases what is left. `done` says what was purged, for the error. `emails` are searched for
    /// afterwards.
    pub fn erase(
        context: &Context,
        store: &Store,
        emails: Option<&[String]>,
        done: &str,
    ) -> Result<Self, Failure> {
        let erasure = run(store, done)?;
        let Some(dir) = context.location.files() else {
            let database = context.settings.settings.database.as_ref();
            return Ok(Self::on_postgres(database.map(DatabaseUrl::vacuum_command)));
        };
        let pages_with_email = emails.map(|emails| store.count_pages_with(emails)).transpose()?;
        let other_files = dir.files_with_copies().map_err(|error| {
            Failure::Other(format!(
                "{done}, but {} can't be searched for copies: {error}",
                dir.path().display()
            ))
        })?;
        Ok(Self {
            vacuum: None,
            pages: erasure.map(|erasure| erasure.pages),
            overwritten_pages: erasure.map(|erasure| erasure.overwritten),
            pages_with_email,
            other_files,
        })
    }

    fn on_postgres(vacuum: Option<String>) -> Self {
        Self {
            vacuum,
            pages: None,
            overwritten_pages: None,
            pages_with_email: None,
            other_files: Vec::new(),
        }
    }

    /// Sentences that follow the one about what was purged.
    pub fn text(&self) -> String {
        if let Some(command) = &self.vacuum {
            return format!(
                "PostgreSQL keeps deleted rows in its files until it reuses their space. To remove \
                 them now, run `{command}`, which locks each table while it is rewritten. Backups \
                 and archived write-ahead logs may contain copies from before. Delete those that do, \
                 or let them expire."
            );
        }
        let mut text = match (self.overwritten_pages, self.pages) {
            (Some(overwritten), Some(pages)) => format!(
                "Overwrote the unused space of {overwritten} of {pages} pages, and truncated the write-ahead log."
            ),
            _ => "The server has overwritten what was left in the database file.".to_owned(),
        };
        match self.pages_with_email {
            None => {}
            Some(0) => text += " No page contains its email addresses.",
            Some(pages) => {
                text += &format!(
                    "\nOne of its email addresses is still in {pages} {}: another record contains \
                     it, such as a contact of another customer, or a note. Find and purge that, too.",
                    if pages == 1 { "page" } else { "pages" }
                );
            }
        }
        if !self.other_files.is_empty() {
            text += "\nThese files may contain copies from before. Delete those that do, or let them expire:";
            for file in &self.other_files {
                text += &format!("\n  {}", file.display());
            }
        }
        text
    }
}

/// Returns `None` if a server that runs has already done it.
fn run(store: &Store, done: &str) -> Result<Option<Erasure>, Failure> {
    let progress = Arc::new(Progress::new("overwriting"));
    progress.on_start();
    let erased = store.erase(|pages, of| {
        progress.on_progress(u64::from(pages), u64::from(of));
        !progress.should_stop()
    });
    match (erased, progress.signal()) {
        (Ok(erased), _) => Ok(erased),
        (Err(Unfinished::Stopped), Some(signal)) => Err(Failure::Interrupted {
            signal,
            outcome: format!("{done}, but {}", advice("the command was interrupted")),
        }),
        (Err(unfinished), _) => {
            Err(Failure::Other(format!("{done}, but {}", advice(&unfinished.to_string()))))
        }
    }
}

fn advice(reason: &str) -> String {
    format!(
        "copies of it may still be in the database file: {reason}; run the command again, or start the server, which finishes it"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_purge_on_postgresql_names_the_command_that_removes_deleted_rows() {
        let url: DatabaseUrl = "postgres://ann:s3cret@h/crm".parse().unwrap();
        let report = ErasureReport::on_postgres(Some(url.vacuum_command()));
        let command = "vacuumdb --full --dbname=postgres://ann@h:5432/crm";
        assert!(report.text().contains(&format!("`{command}`")), "{}", report.text());
        let expected = json!({
            "vacuum": command, "pages": null, "overwritten_pages": null, "other_files": [],
        });
        assert_eq!(serde_json::to_value(&report).unwrap(), expected);
    }
}
