//! `export --to`

use std::fs::File;
use std::io::{BufReader, Seek};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::session::Session;
use super::text::not_uploaded;
use crate::cli::context::Context;
use crate::cli::output::failure::Failure;
use crate::cli::output::table;
use crate::cli::workspaces::find::no_such_workspace;
use crate::model::clock::{Clock, SystemClock};
use crate::model::plain_words::io_reason;
use crate::model::transfer::{ExportOptions, SourceWorkspace};
use crate::model::values::slug::Slug;
use crate::model::workspace::Workspace;
use crate::transfer;
use crate::transfer::remote::base_url::BaseUrl;
use crate::transfer::remote::me::Organization;
use crate::transfer::remote::upload::map_file::MapFile;
use crate::transfer::remote::upload::report::{Sent, UploadReport};
use crate::transfer::remote::upload::upload;

#[derive(Serialize)]
struct UploadJson<'j> {
    workspace: &'j Slug,
    organization: &'j Organization,
    map: &'j Path,
    #[serde(flatten)]
    report: &'j UploadReport,
}

/// Creates the objects of a workspace on another server. `map` is the path of the map file, unless
/// it has its default name.
pub fn export_to(
    context: &Context,
    slug: &Slug,
    url: &BaseUrl,
    map: Option<&Path>,
) -> Result<(), Failure> {
    let (workspace, export, total) = snapshot(context, slug)?;
    let mut session = Session::open(url, "Sending to")?;
    let Session { client, organization, progress, watch } = &mut session;
    let source = SourceWorkspace::from(&workspace);
    let path: PathBuf =
        map.map_or_else(|| MapFile::default_name(&source, organization).into(), Path::to_owned);
    let outcome = format!(
        "what was sent is recorded in {}; run the command again with this file to continue",
        path.display()
    );
    let send = || {
        let mut map = MapFile::open(&path, &source, organization)?;
        upload(client, BufReader::new(export), total, &mut map, watch)
    };
    let report = send().map_err(|error| progress.failure(error, outcome))?;
    progress.finish();
    let json = UploadJson { workspace: slug, organization, map: &path, report: &report };
    let text = || summary(&report, organization, &path);
    let if_unprinted = || format!("the objects were sent, see {}", path.display());
    context.output.print_after_change(&json, text, if_unprinted)?;
    match report.problems.len() {
        0 => Ok(()),
        problems => Err(Failure::Other(format!(
            "the other server didn't accept {problems} {}, listed above; correct the cause and run \
             the command again with the same map file",
            if problems == 1 { "object" } else { "objects" }
        ))),
    }
}

/// Copies the workspace to a file without a name, so that the database isn't kept open: sending can
/// take hours. Returns the number of objects, too.
fn snapshot(context: &Context, slug: &Slug) -> Result<(Workspace, File, u64), Failure> {
    let dir = context.work_dir()?;
    let failed = |source| {
        Failure::Other(format!("can't write to {}: {}", dir.display(), io_reason(&source)))
    };
    let mut file = tempfile::tempfile_in(dir).map_err(failed)?;
    let exported = context.store_to_read()?.read(|reader| {
        let Some(workspace) = reader.workspace(slug)? else { return Ok(Err(reader.workspaces()?)) };
        let (options, now) = (ExportOptions::default(), SystemClock.now());
        let out = ("a temporary file", &mut file as &mut dyn std::io::Write);
        let counts = transfer::export(reader, &workspace, options, now, out, &());
        Ok(Ok((workspace, counts)))
    })?;
    let (workspace, counts) = exported.map_err(|all| no_such_workspace(slug, &all))?;
    let counts = counts.map_err(|error| Failure::Other(error.to_string()))?;
    file.rewind().map_err(failed)?;
    Ok((workspace, file, counts.customers + counts.contacts + counts.onboardings))
}

fn summary(report: &UploadReport, organization: &Organization, map: &Path) -> String {
    let rows = [
        ("customers", report.customers),
        ("contacts", report.contacts),
        ("onboardings", report.onboardings),
    ];
    let rows = rows.map(|(name, sent)| {
        let Sent { created, existing, refused, left_out } = sent;
        let [created, existing, refused, left_out] =
            [created, existing, refused, left_out].map(|number| number.to_string());
        [name.to_owned(), created, existing, refused, left_out]
    });
    let heading = ["", "created", "sent earlier", "not accepted", "without customer"];
    format!(
        "Sent to organization \"{}\":\n{}\n\nThe new IDs are in {}.\n\n{}",
        organization.name,
        table(heading, &rows),
        map.display(),
        not_uploaded(&report.changed_fields)
    )
}
