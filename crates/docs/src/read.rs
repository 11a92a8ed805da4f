//! Reads the source files.

use std::fs;
use std::path::Path;

use crate::problem::Problems;

/// The files and directories that the site is generated from, relative to the root of the repository.
/// The build script reruns when any of them changes.
pub const SOURCES: [&str; 8] = [
    "docs",
    "assets/base.css",
    "assets/docs",
    "assets/icon.svg",
    "assets/try.css",
    "assets/try.js",
    "config.toml",
    "CHANGELOG.md",
];

/// Reads a file. Refuses files outside [`SOURCES`].
pub fn read(root: &Path, file: &str) -> Result<String, Problems> {
    if !SOURCES.iter().any(|source| Path::new(file).starts_with(source)) {
        return Err(Problems::new(
            file,
            "is not in `SOURCES`, so the build would not notice changes to it",
        ));
    }
    fs::read_to_string(root.join(file)).map_err(|error| Problems::new(file, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_that_the_build_script_watches_can_be_read() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("docs")).unwrap();
        for file in ["docs/a.md", "config.toml", "README.md", "docs.md"] {
            fs::write(root.path().join(file), "text").unwrap();
        }
        assert_eq!(read(root.path(), "docs/a.md").unwrap(), "text");
        assert_eq!(read(root.path(), "config.toml").unwrap(), "text");
        assert!(read(root.path(), "README.md").is_err());
        assert!(read(root.path(), "docs.md").is_err());
    }
}
