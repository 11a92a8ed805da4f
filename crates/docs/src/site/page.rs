//! Renders the pages from their sources.

use crate::markdown::{self, Anchors, Highlighter, Part};
use crate::problem::Problems;
use crate::sources::{Section, Source};

/// The deepest heading level in the table of contents.
const MAX_TOC_LEVEL: usize = 3;
/// The console, which is not part of the Markdown.
const CONSOLE: TocEntry<'static> = TocEntry { id: "try-it", heading: "Try it", is_nested: false };

pub struct Page<'a> {
    /// The title of the page's section.
    pub section: &'a str,
    pub source: &'a Source,
    /// The Markdown version.
    pub markdown: String,
    /// The HTML without the layout.
    pub html: String,
}

impl<'a> Page<'a> {
    /// The path below `/docs`.
    pub fn path(&self) -> &'a str {
        &self.source.text.path
    }

    pub fn title(&self) -> &'a str {
        self.source.text.outline.title()
    }

    pub fn description(&self) -> &'a str {
        &self.source.text.outline.description
    }

    pub fn table_of_contents(&self) -> Vec<TocEntry<'a>> {
        let console = self.source.operation.as_ref().map(|_| CONSOLE);
        self.headings().into_iter().chain(console).collect()
    }

    /// The entries of the table of contents that also exist in the Markdown version.
    pub fn headings(&self) -> Vec<TocEntry<'a>> {
        let headings = self.source.text.outline.headings().iter();
        headings.filter(|part| part.level <= MAX_TOC_LEVEL).map(TocEntry::new).collect()
    }
}

/// An entry of the table of contents.
pub struct TocEntry<'a> {
    pub id: &'a str,
    pub heading: &'a str,
    /// Whether it is indented.
    pub is_nested: bool,
}

impl<'a> TocEntry<'a> {
    pub fn new(part: &'a Part) -> Self {
        Self { id: &part.id, heading: &part.heading, is_nested: part.level > 2 }
    }
}

/// Renders all pages, in the order of the navigation.
pub fn render_all(sections: &[Section]) -> Result<Vec<Page<'_>>, Problems> {
    let highlighter =
        Highlighter::new().map_err(|problem| Problems::new("highlighting", problem))?;
    let anchors = anchors(sections);
    let mut problems = Problems::default();
    let page = |(section, source)| problems.record(render(section, source, &anchors, &highlighter));
    let pages = sources(sections).filter_map(page).collect();
    problems.into_result(pages)
}

/// Returns all sources, each with the title of its section.
fn sources(sections: &[Section]) -> impl Iterator<Item = (&str, &Source)> {
    sections
        .iter()
        .flat_map(|section| section.sources.iter().map(|source| (section.title.as_str(), source)))
}

/// Returns the possible targets of links.
fn anchors(sections: &[Section]) -> Anchors {
    let targets = |source: &Source| {
        let ids = source.text.outline.headings().iter().map(|part| part.id.clone());
        let console = source.operation.as_ref().map(|_| CONSOLE.id.to_owned());
        (source.text.path.clone(), ids.chain(console).collect())
    };
    sources(sections).map(|(_, source)| targets(source)).collect()
}

fn render<'a>(
    section: &'a str,
    source: &'a Source,
    anchors: &Anchors,
    highlighter: &Highlighter,
) -> Result<Page<'a>, Problems> {
    let html = markdown::html(&source.text, anchors, highlighter)?;
    let markdown = markdown::portable(&source.text, anchors)?;
    Ok(Page { section, source, markdown, html })
}
