//! The bytes of a file, on disk or in memory. They can be read several times.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub enum Content {
    Path(PathBuf),
    Memory(Arc<Vec<u8>>),
}

/// Reads a file from its beginning.
pub enum ContentReader {
    File(File),
    Memory { content: Arc<Vec<u8>>, position: usize },
}

impl Content {
    pub fn reader(&self) -> io::Result<ContentReader> {
        Ok(match self {
            Self::Path(path) => ContentReader::File(File::open(path)?),
            Self::Memory(content) => {
                ContentReader::Memory { content: Arc::clone(content), position: 0 }
            }
        })
    }

    /// Returns the size in bytes.
    pub fn size(&self) -> io::Result<u64> {
        match self {
            Self::Path(path) => Ok(std::fs::metadata(path)?.len()),
            Self::Memory(content) => Ok(content.len() as u64),
        }
    }
}

impl Read for ContentReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Memory { content, position } => {
                let read = content.get(*position..).unwrap_or_default().read(buffer)?;
                *position += read;
                Ok(read)
            }
        }
    }
}
