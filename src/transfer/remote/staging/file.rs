//! The staging file. Each page is appended and synced together with its mark. Whatever comes after
//! the last mark was cut off by a crash, and is removed.

use std::io::BufRead;
use std::path::Path;

use serde::Deserialize;

use super::append_file::AppendFile;
use super::index::{Index, Place};
use super::record::{Header, HeaderKind, Mark, MarkLine, VERSION};
use crate::model::values::slug::Slug;
use crate::model::values::time::Timestamp;
use crate::transfer::remote::base_url::BaseUrl;
use crate::transfer::remote::error::RemoteError;
use crate::transfer::remote::kind::Kind;
use crate::transfer::remote::me::Organization;
use crate::transfer::remote::page::{Head, Item};

pub(in crate::transfer::remote) struct Staging {
    file: AppendFile,
    header: Header,
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
        let file = AppendFile::open(&path)?;
        let header = Header {
            object: HeaderKind::Download,
            version: VERSION,
            url: base.to_string(),
            organization: organization.clone(),
            workspace: workspace.clone(),
            started_at: now,
        };
        let mut staging = Self { file, header, index: Index::default() };
        staging.read()?;
        if staging.header.url != base.to_string() {
            let url = staging.header.url;
            return Err(RemoteError::OtherSource { path, url });
        }
        Ok(staging)
    }

    pub fn path(&self) -> &Path {
        self.file.path()
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
            places.push((kind, item.head, self.file.end() + lines.len() as u64, item.json.len()));
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
        self.file.read_at(place.offset, place.length)
    }

    /// Deletes the file.
    pub fn remove(self) -> Result<(), RemoteError> {
        self.file.delete()
    }

    /// Reads an existing file, or begins a new one.
    fn read(&mut self) -> Result<(), RemoteError> {
        let mut input = self.file.reader()?;
        // The offset of the next line, and the end of the last complete page.
        let (mut offset, mut end) = (0, 0);
        let mut line = Vec::new();
        let mut pending = Vec::new();
        loop {
            line.clear();
            let length = input.read_until(b'\n', &mut line).map_err(|e| self.file.failed(e))?;
            if line.pop() != Some(b'\n') {
                break;
            }
            if offset == 0 {
                self.header = serde_json::from_slice(&line).map_err(|_| self.damaged())?;
                if self.header.version != VERSION {
                    return Err(self.damaged());
                }
                end = length as u64;
            } else if self.read_line(&line, offset, &mut pending)? {
                end = offset + length as u64;
            }
            offset += length as u64;
        }
        self.file.truncate(end)?;
        if end == 0 {
            let header = self.header.clone();
            self.write(Vec::new(), &header)?;
        }
        Ok(())
    }

    /// Reads a line after the header. Returns whether it is a mark, which completes a page.
    fn read_line(
        &mut self,
        line: &[u8],
        offset: u64,
        pending: &mut Vec<(Kind, Head, u64, usize)>,
    ) -> Result<bool, RemoteError> {
        let damaged = |_| self.damaged();
        let Line { object } = serde_json::from_slice(line).map_err(damaged)?;
        if let Some(kind) = Kind::parse(&object) {
            let text = str::from_utf8(line).map_err(|_| self.damaged())?;
            let head = Head::parse(text, kind).map_err(|_| self.damaged())?;
            pending.push((kind, head, offset, line.len()));
            return Ok(false);
        }
        let MarkLine { mark, .. } = serde_json::from_slice(line).map_err(damaged)?;
        for (kind, head, offset, length) in pending.drain(..) {
            self.index.add(kind, head, offset, length);
        }
        self.index.apply(mark);
        Ok(true)
    }

    fn write(
        &mut self,
        mut lines: Vec<u8>,
        last: &impl serde::Serialize,
    ) -> Result<(), RemoteError> {
        serde_json::to_writer(&mut lines, last).map_err(|error| self.file.failed(error.into()))?;
        lines.push(b'\n');
        self.file.append(&lines)
    }

    fn damaged(&self) -> RemoteError {
        RemoteError::DamagedStaging(self.path().to_owned())
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
