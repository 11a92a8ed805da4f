//! Writes the site for the server to embed: the contents as files, and a table of them as Rust code.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use crate::hash;

pub struct File {
    /// The path of its URL.
    pub path: String,
    pub kind: Kind,
    pub content: String,
}

/// Mirrors `Kind` in `src/docs/file.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Page,
    /// The page for a 404. It has no path of its own.
    NotFound,
    /// A redirect. The content is the target's path.
    Redirect,
    Markdown,
    Text,
    Json,
    Style,
    Script,
    Icon,
}

/// Writes the files and `table.rs` to a directory.
pub fn write(files: &[File], dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    let mut files: Vec<&File> = files.iter().collect();
    files.sort_by_key(|file| &file.path);
    let mut table = "&[\n".to_owned();
    for (number, File { path, kind, content }) in files.into_iter().enumerate() {
        let name = format!("{number}.txt");
        write_changed(&dir.join(&name), content)?;
        let hash = hash::hex_digest(content);
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "File {{ path: {path:?}, kind: Kind::{kind:?}, hash: {hash:?}, \
             content: include_str!({name:?}) }},"
        );
    }
    table += "]\n";
    write_changed(&dir.join("table.rs"), &table)
}

/// Keeps a file that already has this content, so that its modification time doesn't change.
fn write_changed(path: &Path, content: &str) -> io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|known| known == content) {
        return Ok(());
    }
    fs::write(path, content)
}
