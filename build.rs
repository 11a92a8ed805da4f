//! Generates the docs site with `crates/docs`. `src/docs` embeds it in the binary.

use std::path::{Path, PathBuf};
use std::{env, error::Error, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?).join("site");
    for source in pivotal_docs::SOURCES {
        println!("cargo::rerun-if-changed={source}");
    }
    let Err(problems) = pivotal_docs::generate(&root, &out, env!("CARGO_PKG_VERSION")) else {
        return Ok(());
    };
    // The test that updates docs/openapi.json must compile even if the old document breaks the pages.
    let is_update = env::var_os("UPDATE_SNAPSHOT").is_some();
    if is_update {
        println!("cargo::rerun-if-env-changed=UPDATE_SNAPSHOT");
        keep_old_pages(&out)?;
    }
    let level = if is_update { "warning" } else { "error" };
    for problem in problems.to_string().lines() {
        println!("cargo::{level}={problem}");
    }
    Ok(())
}

/// Keeps the pages of the last build, or creates an empty site.
fn keep_old_pages(out: &Path) -> Result<(), Box<dyn Error>> {
    let table = out.join("table.rs");
    if !table.exists() {
        fs::create_dir_all(out)?;
        fs::write(table, "&[]")?;
    }
    Ok(())
}
