//! The build script: makes the pages under `/docs` of the Markdown in `docs`, and a table of all that
//! is served there, which `src/docs` takes into the binary. `contents` tells which pages there are,
//! `markdown` what one says, `site` what is served.

mod address;
mod assets;
mod changelog;
mod code;
mod configuration;
mod contents;
mod highlight;
mod links;
mod llms;
mod markdown;
mod problem;
mod reference;
mod search;
mod site;
mod table;
mod template;
mod twin;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use self::problem::Problems;

/// What the pages are made of, below the directory of the package.
const SOURCES: [&str; 5] = ["docs", "templates/docs", "assets", "config.toml", "CHANGELOG.md"];

fn main() -> ExitCode {
    for source in SOURCES {
        announce(source);
    }
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problems) => {
            tell(&problems);
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), Problems> {
    let root = directory("CARGO_MANIFEST_DIR")?;
    let files = site::make(&root)?;
    let out = directory("OUT_DIR")?.join("site");
    table::write(&files, &out).map_err(|error| Problems::of(&out.display().to_string(), error))
}

fn directory(variable: &str) -> Result<PathBuf, Problems> {
    env::var_os(variable).map(PathBuf::from).ok_or_else(|| Problems::of(variable, "is not set"))
}

/// The text of a file of the repository.
fn read(root: &Path, file: &str) -> Result<String, Problems> {
    fs::read_to_string(root.join(file)).map_err(|error| Problems::of(file, error))
}

#[expect(clippy::print_stdout, reason = "cargo reads there what the script depends on")]
fn announce(source: &str) {
    println!("cargo:rerun-if-changed={source}");
}

#[expect(clippy::print_stderr, reason = "cargo shows there why the script failed")]
fn tell(problems: &Problems) {
    eprintln!("{problems}");
}
