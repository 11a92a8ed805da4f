//! The files of the docs site, which the build script generates.

use crate::http::conditional::Cacheable;

pub(super) struct File {
    pub path: &'static str,
    pub kind: Kind,
    /// The hash of the content.
    pub hash: &'static str,
    pub content: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
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

/// Sorted by path.
static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/site/table.rs"));

impl File {
    /// Returns the file at a path.
    pub fn find(path: &str) -> Option<&'static Self> {
        let index = FILES.binary_search_by(|file| file.path.cmp(path)).ok()?;
        Some(&FILES[index]).filter(|file| file.kind != Kind::NotFound)
    }

    pub fn not_found() -> Option<&'static Self> {
        FILES.iter().find(|file| file.kind == Kind::NotFound)
    }

    /// The path that a request for this file should use.
    pub fn canonical_path(&self) -> &'static str {
        if self.kind == Kind::Redirect { self.content } else { self.path }
    }

    /// The Markdown version of a page.
    pub fn markdown(&self) -> Option<&'static Self> {
        Self::find(&format!("{}.md", self.path))
    }

    pub fn cacheable(&self) -> Cacheable {
        Cacheable { media_type: self.kind.media_type(), hash: self.hash, content: self.content }
    }

    /// Whether the path contains a hash of the content.
    pub fn is_immutable(&self) -> bool {
        matches!(self.kind, Kind::Style | Kind::Script | Kind::Icon)
    }
}

impl Kind {
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Page | Self::NotFound => "text/html; charset=utf-8",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Redirect | Self::Text => "text/plain; charset=utf-8",
            Self::Json => "application/json",
            Self::Style => "text/css; charset=utf-8",
            Self::Script => "text/javascript; charset=utf-8",
            Self::Icon => "image/svg+xml",
        }
    }
}
