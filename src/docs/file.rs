//! What the build script has made: every file with its address.

use crate::http::conditional::Cacheable;

/// What is served at an address.
pub(super) struct File {
    pub path: &'static str,
    pub kind: Kind,
    /// Names the content.
    pub hash: &'static str,
    pub content: &'static str,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Page,
    /// The page for addresses at which there is none. It has no address itself.
    NotFound,
    /// An address that one would guess. The content is the address to which it leads.
    Redirect,
    Markdown,
    Text,
    Json,
    Style,
    Script,
    Icon,
}

/// By their addresses.
static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/site/table.rs"));

impl File {
    /// The file that is served at an address.
    pub fn find(path: &str) -> Option<&'static Self> {
        let index = FILES.binary_search_by(|file| file.path.cmp(path)).ok()?;
        Some(&FILES[index]).filter(|file| file.kind != Kind::NotFound)
    }

    /// The page for addresses at which there is none.
    pub fn not_found() -> Option<&'static Self> {
        FILES.iter().find(|file| file.kind == Kind::NotFound)
    }

    /// Where it is read.
    pub fn canonical_path(&self) -> &'static str {
        if self.kind == Kind::Redirect { self.content } else { self.path }
    }

    /// The page's text as Markdown.
    pub fn markdown(&self) -> Option<&'static Self> {
        Self::find(&format!("{}.md", self.path))
    }

    /// The file as it is sent to clients.
    pub fn cacheable(&self) -> Cacheable {
        Cacheable { media_type: self.kind.media_type(), hash: self.hash, content: self.content }
    }

    /// Whether its address names the content.
    pub fn is_immutable(&self) -> bool {
        matches!(self.kind, Kind::Style | Kind::Script | Kind::Icon)
    }
}

impl Kind {
    /// The `Content-Type`.
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
