//! Generates the pages under `/docs`, which `src/docs` embeds in the binary. `crates/docs` does the work.

use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, error::Error};

fn main() -> ExitCode {
    match generate_docs() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&*error);
            ExitCode::FAILURE
        }
    }
}

fn generate_docs() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?).join("site");
    pivotal_docs::SOURCES.iter().for_each(|source| watch(source));
    Ok(pivotal_docs::generate(&root, &out, env!("CARGO_PKG_VERSION"))?)
}

#[expect(clippy::print_stdout, reason = "cargo reads there when to run this again")]
fn watch(source: &str) {
    println!("cargo:rerun-if-changed={source}");
}

#[expect(clippy::print_stderr, reason = "cargo shows there why the build failed")]
fn report(error: &dyn Error) {
    eprintln!("{error}");
}
