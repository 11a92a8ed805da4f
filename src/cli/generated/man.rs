//! `man`

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::super::output::Output;
use super::super::output::failure::Failure;
use super::args::ManPages;
use crate::model::plain_words::io_reason;

#[derive(Serialize)]
struct PageJson<'a> {
    page: &'a str,
}

#[derive(Serialize)]
struct FilesJson<'a> {
    files: &'a [PathBuf],
}

pub fn run(output: Output, args: &ManPages, command: clap::Command) -> Result<(), Failure> {
    // Its pages would repeat all others.
    let mut command = command.disable_help_subcommand(true);
    command.build();
    if let Some(dir) = &args.out {
        let mut files = Vec::new();
        fs::create_dir_all(dir).and_then(|()| write_pages(command, dir, &mut files)).map_err(
            |error| {
                let dir = dir.display();
                let reason = io_reason(&error);
                Failure::Other(format!(
                    "can't write man pages to {dir}: {reason}; choose another directory with --out"
                ))
            },
        )?;
        let text = || format!("Wrote {} man pages to {}", files.len(), dir.display());
        return output.print(&FilesJson { files: &files }, text);
    }
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(command).render(&mut page);
    rendered.map_err(|error| Failure::Other(error.to_string()))?;
    let page = name_sections(&String::from_utf8_lossy(&page));
    let page = page.trim_end();
    output.print(&PageJson { page }, || page.to_owned())
}

/// Gives the text after the options the names that readers of man pages expect.
fn name_sections(page: &str) -> String {
    page.replace(".SH EXTRA\nExamples:\n", ".SH EXAMPLES\n")
        .replace(".SH EXTRA\nExit codes:\n", ".SH \"EXIT STATUS\"\n")
        .replace("\n\nError codes, with \\-\\-json:\n", "\n.SH \"ERROR CODES\"\n")
}

/// Writes the page of a command, then those of its subcommands.
fn write_pages(command: clap::Command, dir: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let subcommands: Vec<_> = command.get_subcommands().cloned().collect();
    let file = clap_mangen::Man::new(command).generate_to(dir)?;
    fs::write(&file, name_sections(&fs::read_to_string(&file)?))?;
    files.push(file);
    subcommands.into_iter().try_for_each(|command| write_pages(command, dir, files))
}
