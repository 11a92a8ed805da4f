//! The staging file. Each page is appended and synced together with its mark. Whatever comes after
//! the last mark was cut off by a crash, and is removed.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::index::{Index, Place};
use super::record::{Header, HeaderKind, Mark, MarkLine, VERSION};
use crate::model::values::slug::Slug;
use crate::model::values::time::Timestamp;
use crate::transfer::remote::base_url::BaseUrl;
use crate::transfer::remote::error::RemoteError;
use crate::transfer::remote::kind::Kind;
use crate::transfer::remote::me::Organization;
use crate::transfer::remote::page::{Head, Item};

/// A file that this process has locked.
pub(in crate::transfer::remote) struct Staging {
    path: PathBuf,
    file: File,
    header: Header,
    /// The length of the complete part.
    end: u64,
    index: Index,
}

#[derive(Deserialize)]
struct Line {
    object: String,
}

impl Staging {
    /// Opens the file of this organization and workspace in a directory, or creates it.
    ///
    /// # Errors
    /// If another process uses the file, or it belongs to another server.
    pub fn open(
        dir: &Path,
        base: &BaseUrl,
        organization: &Organization,
        workspace: &Slug,
        now: Timestamp,
    ) -> Result<Self, RemoteError> {
        let path = dir.join(file_name(&organization.id, workspace));
        let failed = |source| RemoteError::File { path: path.clone(), source };
        let file = open_private(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(RemoteError::InUse(path)),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let header = Header {
            object: HeaderKind::Download,
            version: VERSION,
            url: base.to_string(),
            organization: organization.clone(),
            workspace: workspace.clone(),
            started_at: now,
        };
        let mut staging =
            Self { path: path.clone(), file, header, end: 0, index: Index::default() };
        staging.read()?;
        if staging.header.url != base.to_string() {
            let url = staging.header.url;
            return Err(RemoteError::OtherSource { path, url });
        }
        Ok(staging)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Returns when the download began, in the first of its runs.
    pub fn started_at(&self) -> Timestamp {
        self.header.started_at
    }

    /// Appends the objects of a page and the mark that completes it, and syncs them to disk.
    pub fn append(&mut self, objects: Vec<(Kind, Item)>, mark: Mark) -> Result<(), RemoteError> {
        let mut lines = Vec::new();
        let mut places = Vec::new();
        for (kind, item) in objects {
            places.push((kind, item.head, self.end + lines.len() as u64, item.json.len()));
            lines.extend_from_slice(item.json.as_bytes());
            lines.push(b'\n');
        }
        let line = MarkLine::new(mark);
        self.write(lines, &line)?;
        for (kind, head, offset, length) in places {
            self.index.add(kind, head, offset, length);
        }
        self.index.apply(line.mark);
        Ok(())
    }

    /// Returns the text of an object.
    pub fn object(&self, place: &Place) -> Result<Vec<u8>, RemoteError> {
        let mut text = vec![0; place.length];
        let mut file = &self.file;
        file.seek(SeekFrom::Start(place.offset))
            .and_then(|_| file.read_exact(&mut text))
            .map_err(|source| self.failed(source))?;
        Ok(text)
    }

    /// Deletes the file.
    pub fn remove(self) -> Result<(), RemoteError> {
        fs::remove_file(&self.path).map_err(|source| self.failed(source))
    }

    /// Reads an existing file, or begins a new one.
    fn read(&mut self) -> Result<(), RemoteError> {
        let mut input = BufReader::new(self.file.try_clone().map_err(|e| self.failed(e))?);
        let mut offset = 0;
        let mut line = Vec::new();
        let mut pending = Vec::new();
        loop {
            line.clear();
            let length = input.read_until(b'\n', &mut line).map_err(|e| self.failed(e))?;
            if line.pop() != Some(b'\n') {
                break;
            }
            if offset == 0 {
                self.header = serde_json::from_slice(&line).map_err(|_| self.damaged())?;
                if self.header.version != VERSION {
                    return Err(self.damaged());
                }
                self.end = length as u64;
            } else {
                self.read_line(&line, offset, &mut pending)?;
            }
            offset += length as u64;
        }
        self.file.set_len(self.end).map_err(|source| self.failed(source))?;
        if self.end == 0 {
            let header = self.header.clone();
            self.write(Vec::new(), &header)?;
        }
        Ok(())
    }

    fn read_line(
        &mut self,
        line: &[u8],
        offset: u64,
        pending: &mut Vec<(Kind, Head, u64, usize)>,
    ) -> Result<(), RemoteError> {
        let damaged = |_| self.damaged();
        let Line { object } = serde_json::from_slice(line).map_err(damaged)?;
        if let Some(kind) = Kind::parse(&object) {
            let text = str::from_utf8(line).map_err(|_| self.damaged())?;
            let head = Head::parse(text, kind).map_err(|_| self.damaged())?;
            pending.push((kind, head, offset, line.len()));
            return Ok(());
        }
        let MarkLine { mark, .. } = serde_json::from_slice(line).map_err(damaged)?;
        for (kind, head, offset, length) in pending.drain(..) {
            self.index.add(kind, head, offset, length);
        }
        self.index.apply(mark);
        self.end = offset + line.len() as u64 + 1;
        Ok(())
    }

    fn write(
        &mut self,
        mut lines: Vec<u8>,
        last: &impl serde::Serialize,
    ) -> Result<(), RemoteError> {
        let write = |file: &mut File, lines: &mut Vec<u8>, end: u64| -> io::Result<()> {
            serde_json::to_writer(&mut *lines, last)?;
            lines.push(b'\n');
            file.seek(SeekFrom::Start(end))?;
            file.write_all(lines)?;
            file.sync_data()
        };
        let written = write(&mut self.file, &mut lines, self.end);
        written.map_err(|source| self.failed(source))?;
        self.end += lines.len() as u64;
        Ok(())
    }

    fn failed(&self, source: io::Error) -> RemoteError {
        RemoteError::File { path: self.path.clone(), source }
    }

    fn damaged(&self) -> RemoteError {
        RemoteError::DamagedStaging(self.path.clone())
    }
}

/// IDs that could not be part of a file name are replaced by a hash.
fn file_name(organization: &str, workspace: &Slug) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let id = if (1..=64).contains(&organization.len()) && organization.bytes().all(is_plain) {
        organization.to_owned()
    } else {
        format!("{:08x}", crc32fast::hash(organization.as_bytes()))
    };
    format!("import-{id}-{workspace}.staging")
}

/// Opens a file, or creates one that only its owner can read.
pub(in crate::transfer::remote) fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
