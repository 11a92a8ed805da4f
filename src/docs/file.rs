//! What the build script has made: every file with its address. For the documentation's own use.

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

    /// The page's text as Markdown.
    pub fn twin(&self) -> Option<&'static Self> {
        Self::at(&format!("{}.md", self.address))
    }

    /// The `Content-Type`.
    pub fn media_type(&self) -> &'static str {
        match self.kind {
            Kind::Page | Kind::NoPage => "text/html; charset=utf-8",
            Kind::Markdown => "text/markdown; charset=utf-8",
            Kind::Text => "text/plain; charset=utf-8",
            Kind::Json => "application/json",
            Kind::Style => "text/css; charset=utf-8",
            Kind::Script => "text/javascript; charset=utf-8",
            Kind::Icon => "image/svg+xml",
        }
    }

    /// Whether its address names the content.
    pub fn is_lasting(&self) -> bool {
        matches!(self.kind, Kind::Style | Kind::Script | Kind::Icon)
    }
}
