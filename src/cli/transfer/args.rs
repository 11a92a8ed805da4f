//! The arguments of `export` and `import`.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, ValueEnum};

use super::super::output::failure::Failure;
use super::super::value_parsers::{parse_one_of, parse_slug};
use super::csv_args::{CsvArgs, parse_type};
use crate::model::event::Actor;
use crate::model::transfer::{FaultyRows, ImportOptions, OnConflict};
use crate::model::values::slug::Slug;
use crate::transfer::csv::CsvType;
use crate::transfer::remote::base_url::BaseUrl;

#[derive(clap::Args)]
pub struct Export {
    /// Slug of the workspace
    #[arg(long, value_name = "SLUG", value_parser = parse_slug)]
    pub workspace: Slug,
    /// Include deleted customers, contacts, and onboardings, and what belongs to deleted customers
    #[arg(long)]
    pub include_deleted: bool,
    /// Include the events; implies --include-deleted
    #[arg(long)]
    pub events: bool,
    /// Create the customers, contacts, and onboardings on another server with this URL, with the
    /// API key in PIVOTAL_API_KEY or on the first line of stdin
    #[arg(
        long,
        value_name = "URL",
        value_parser = BaseUrl::parse,
        conflicts_with_all = ["include_deleted", "events", "file"]
    )]
    pub to: Option<BaseUrl>,
    /// With --to: file that maps the IDs here to those on the other server; with the file of an
    /// earlier run, sends only what is not in it [default:
    /// pivotal-WORKSPACE-to-ORGANIZATION.map.jsonl]
    #[arg(long, value_name = "FILE", requires = "to")]
    pub map: Option<PathBuf>,
    /// Format of the export [default: csv for a file whose name ends in .csv, otherwise jsonl]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<ExportFormat>,
    /// What a CSV file contains: customers or contacts
    #[arg(long = "type", value_name = "TYPE", value_parser = parse_type)]
    pub csv_type: Option<CsvType>,
    /// File to create; must not exist yet [default: stdout]
    pub file: Option<PathBuf>,
}

#[derive(clap::Args)]
#[command(group(ArgGroup::new("source").required(true).args(["file", "from"])))]
pub struct Import {
    /// Slug of the workspace, which must exist [default: the one that the seed file names]
    #[arg(long, value_name = "SLUG", value_parser = parse_slug)]
    pub workspace: Option<Slug>,
    /// File to import; `-` reads stdin
    pub file: Option<PathBuf>,
    /// Import from another server with this URL, with the API key in PIVOTAL_API_KEY or on the first
    /// line of stdin
    #[arg(
        long,
        value_name = "URL",
        value_parser = BaseUrl::parse,
        conflicts_with = "format"
    )]
    pub from: Option<BaseUrl>,
    /// Format of the file [default: by the end of its name; jsonl for stdin]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Check the file, also against the workspace, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// What to do with a row if something else with its ID, slug, email, or number is already there
    #[arg(long, value_name = "ACTION", default_value = "fail", value_parser = parse_on_conflict)]
    pub on_conflict: OnConflict,
    /// Deliver webhooks for what is imported; has no effect if the file contains events
    #[arg(long)]
    pub deliver: bool,
    #[command(flatten)]
    pub csv: CsvArgs,
}

impl Import {
    /// Returns the file to import; clap ensures that there is one without `--from`.
    pub fn path(&self) -> &Path {
        self.file.as_deref().unwrap_or(Path::new("-"))
    }

    /// Returns the workspace to import into.
    pub fn target(&self) -> Result<&Slug, Failure> {
        let missing = "pass --workspace with the slug of the workspace to import into";
        self.workspace.as_ref().ok_or_else(|| Failure::Other(missing.to_owned()))
    }

    pub fn options(&self, faulty_rows: FaultyRows) -> ImportOptions {
        ImportOptions {
            on_conflict: self.on_conflict,
            faulty_rows,
            dry_run: self.dry_run,
            deliver: self.deliver,
            actor: Actor::command_line(),
        }
    }
}

/// The formats of exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// JSON Lines: everything
    Jsonl,
    /// CSV: the customers or the contacts
    Csv,
}

/// The formats of files that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// JSON Lines, as `export` writes it
    Jsonl,
    /// CSV: customers or contacts
    Csv,
    /// Seed file, in YAML or JSON
    Seed,
}

impl Format {
    /// Returns the format of files with this extension.
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            "csv" | "tsv" => Some(Self::Csv),
            "yaml" | "yml" | "json" => Some(Self::Seed),
            _ => None,
        }
    }
}

fn parse_on_conflict(text: &str) -> Result<OnConflict, String> {
    parse_one_of(text, &["fail", "skip", "update"])
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        import: Import,
    }

    #[test]
    fn an_import_has_one_source() {
        let parse = |args: &[&str]| {
            let args = [&["import"], args].concat();
            Command::try_parse_from(args).map(|command| command.import.path().to_owned())
        };
        assert_eq!(parse(&["a.jsonl"]).unwrap(), Path::new("a.jsonl"));
        assert!(parse(&["--from", "https://pivotal.example"]).is_ok());
        assert!(parse(&["a.jsonl", "--from", "https://pivotal.example"]).is_err());
        let error = parse(&[]).unwrap_err().to_string();
        assert!(error.contains("<FILE|--from <URL>>"), "{error}");
    }
}
