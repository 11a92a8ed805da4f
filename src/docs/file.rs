//! What the build script has made: every file with its address.

use crate::http::conditional::Cacheable;

/// What is served at an address.
pub(super) struct File {
    pub address: &'static str,
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
    NoPage,
    /// An address that one would guess. The content is the address to which it leads.
    Moved,
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
    pub fn at(address: &str) -> Option<&'static Self> {
        let place = FILES.binary_search_by(|file| file.address.cmp(address)).ok()?;
        Some(&FILES[place]).filter(|file| file.kind != Kind::NoPage)
    }

    /// The page for addresses at which there is none.
    pub fn no_page() -> Option<&'static Self> {
        FILES.iter().find(|file| file.kind == Kind::NoPage)
    }

    /// Where it is read.
    pub fn place(&self) -> &'static str {
        if self.kind == Kind::Moved { self.content } else { self.address }
    }

    /// The page's text as Markdown.
    pub fn twin(&self) -> Option<&'static Self> {
        Self::at(&format!("{}.md", self.address))
    }

    /// The file as it is sent to clients.
    pub fn cacheable(&self) -> Cacheable {
        Cacheable { media_type: self.kind.media_type(), hash: self.hash, content: self.content }
    }

    /// Whether its address names the content.
    pub fn is_lasting(&self) -> bool {
        matches!(self.kind, Kind::Style | Kind::Script | Kind::Icon)
    }
}

impl Kind {
    /// The `Content-Type`.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Page | Self::NoPage => "text/html; charset=utf-8",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Moved | Self::Text => "text/plain; charset=utf-8",
            Self::Json => "application/json",
            Self::Style => "text/css; charset=utf-8",
            Self::Script => "text/javascript; charset=utf-8",
            Self::Icon => "image/svg+xml",
        }
    }
}
