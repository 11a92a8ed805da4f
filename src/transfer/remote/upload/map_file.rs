//! The file that maps the IDs of this server to those on the other one. Each line is synced before
//! the next request, so that a run that was broken off can be repeated without creating anything
//! twice.

use std::collections::HashMap;
use std::io::BufRead;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::model::transfer::SourceWorkspace;
use crate::transfer::remote::error::RemoteError;
use crate::transfer::remote::kind::Kind;
use crate::transfer::remote::me::Organization;
use crate::transfer::remote::page::is_plain;
use crate::transfer::remote::staging::AppendFile;

const VERSION: u32 = 1;

/// The first line.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Header {
    object: HeaderKind,
    version: u32,
    workspace: SourceWorkspace,
    organization: Organization,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum HeaderKind {
    Map,
}

/// An object that exists on both servers.
#[derive(Debug, Serialize, Deserialize)]
struct Pair {
    object: Kind,
    from: String,
    to: String,
}

pub struct MapFile {
    file: AppendFile,
    ids: [HashMap<String, String>; 3],
}

impl MapFile {
    /// Returns the name of the file unless the user chooses another.
    pub fn default_name(workspace: &SourceWorkspace, organization: &Organization) -> String {
        let to = [&organization.slug, &organization.id].into_iter().find(|text| is_plain(text));
        let to = to.map_or("other", String::as_str);
        format!("pivotal-{}-to-{to}.map.jsonl", workspace.slug)
    }

    /// Opens the file, or creates it.
    ///
    /// # Errors
    /// If another process uses it, or it belongs to another workspace or organization.
    pub fn open(
        path: &Path,
        workspace: &SourceWorkspace,
        organization: &Organization,
    ) -> Result<Self, RemoteError> {
        let header = Header {
            object: HeaderKind::Map,
            version: VERSION,
            workspace: workspace.clone(),
            organization: organization.clone(),
        };
        let ids = std::array::from_fn(|_| HashMap::new());
        let mut map = Self { file: AppendFile::open(path)?, ids };
        map.read(&header)?;
        Ok(map)
    }

    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Returns the ID of an object on the other server, if it exists there.
    pub(super) fn get(&self, kind: Kind, id: &str) -> Option<&str> {
        self.ids[kind as usize].get(id).map(String::as_str)
    }

    /// Returns the number of objects that exist on both servers.
    pub(super) fn len(&self) -> u64 {
        self.ids.iter().map(|ids| ids.len() as u64).sum()
    }

    /// Records a new object on the other server.
    pub(super) fn record(&mut self, kind: Kind, from: &str, to: &str) -> Result<(), RemoteError> {
        let pair = Pair { object: kind, from: from.to_owned(), to: to.to_owned() };
        self.append(&pair)?;
        self.ids[kind as usize].insert(pair.from, pair.to);
        Ok(())
    }

    fn read(&mut self, expected: &Header) -> Result<(), RemoteError> {
        let mut input = self.file.reader()?;
        let (mut line, mut end, mut is_terminated) = (Vec::new(), 0, true);
        for number in 1.. {
            line.clear();
            let length = input.read_until(b'\n', &mut line).map_err(|e| self.file.failed(e))?;
            // The rest was cut off by a crash, unless the user has edited the file.
            if !line.ends_with(b"\n") && serde_json::from_slice::<Pair>(&line).is_err() {
                break;
            }
            if number == 1 {
                self.check_header(&line, expected)?;
            } else if !line.trim_ascii().is_empty() {
                let pair = serde_json::from_slice(&line).ok();
                let is_valid = |pair: &Pair| is_plain(&pair.from) && is_plain(&pair.to);
                let Some(Pair { object, from, to }) = pair.filter(is_valid) else {
                    return Err(RemoteError::DamagedMap {
                        path: self.path().to_owned(),
                        line: number,
                    });
                };
                self.ids[object as usize].insert(from, to);
            }
            end += length as u64;
            is_terminated = line.ends_with(b"\n");
            if !is_terminated {
                break;
            }
        }
        self.file.truncate(end)?;
        if !is_terminated {
            self.file.append(b"\n")?;
        }
        if end == 0 {
            self.append(expected)?;
        }
        Ok(())
    }

    fn check_header(&self, line: &[u8], expected: &Header) -> Result<(), RemoteError> {
        let header: Option<Header> = serde_json::from_slice(line).ok();
        let Some(found) = header.filter(|header| header.version == VERSION) else {
            return Err(RemoteError::DamagedMap { path: self.path().to_owned(), line: 1 });
        };
        if found.workspace.id == expected.workspace.id
            && found.organization.id == expected.organization.id
        {
            return Ok(());
        }
        Err(RemoteError::OtherMap {
            path: self.path().to_owned(),
            workspace: found.workspace.slug,
            organization: found.organization.slug,
            organization_id: found.organization.id,
        })
    }

    fn append(&mut self, value: &impl Serialize) -> Result<(), RemoteError> {
        let line = serde_json::to_string(value).map_err(|error| self.file.failed(error.into()))?;
        self.file.append(format!("{line}\n").as_bytes())
    }
}
