//! The pages, rendered from their sources.

use crate::markdown::{self, Anchors, Highlighter, Part};
use crate::problem::Problems;
use crate::sources::{Section, Source};

/// The deepest heading that the list of a page's contents shows.
const DEEPEST: usize = 3;
/// Where the console begins, which stands behind the text.
const CONSOLE: Place<'static> = Place { id: "try-it", heading: "Try it", is_deep: false };

/// A page, once its links are known to lead somewhere.
pub struct Page<'a> {
    /// The title of the section that it is in.
    pub section: &'a str,
    pub source: &'a Source,
    /// Its Markdown as it is served.
    pub twin: String,
    /// Its HTML, without the frame.
    pub html: String,
}

impl<'a> Page<'a> {
    /// Below `/docs`.
    pub fn path(&self) -> &'a str {
        &self.source.text.path
    }

    pub fn title(&self) -> &'a str {
        self.source.text.outline.title()
    }

    pub fn description(&self) -> &'a str {
        &self.source.text.outline.description
    }

    /// What the list of its contents leads to.
    pub fn contents(&self) -> Vec<Place<'a>> {
        let console = self.source.operation.as_ref().map(|_| CONSOLE);
        self.headings().into_iter().chain(console).collect()
    }

    /// Those of them that its Markdown has too.
    pub fn headings(&self) -> Vec<Place<'a>> {
        let headings = self.source.text.outline.headings().iter();
        headings.filter(|part| part.level <= DEEPEST).map(Place::of).collect()
    }
}

/// A place of a page that the list of its contents leads to.
pub struct Place<'a> {
    pub id: &'a str,
    pub heading: &'a str,
    /// Whether it belongs to the place before it.
    pub is_deep: bool,
}

impl<'a> Place<'a> {
    /// A heading.
    pub fn of(part: &'a Part) -> Self {
        Self { id: &part.id, heading: &part.heading, is_deep: part.level > 2 }
    }
}

/// The pages, in the order of the navigation.
pub fn render_all(sections: &[Section]) -> Result<Vec<Page<'_>>, Problems> {
    let highlighter =
        Highlighter::new().map_err(|problem| Problems::of("highlighting", problem))?;
    let anchors = anchors(sections);
    let mut problems = Problems::default();
    let page = |(section, source)| problems.take(page(section, source, &anchors, &highlighter));
    let pages = sources(sections).filter_map(page).collect();
    problems.or(pages)
}

/// Every source with the title of its section.
fn sources(sections: &[Section]) -> impl Iterator<Item = (&str, &Source)> {
    sections
        .iter()
        .flat_map(|section| section.sources.iter().map(|source| (section.title.as_str(), source)))
}

/// Where links can lead.
fn anchors(sections: &[Section]) -> Anchors {
    let of = |source: &Source| {
        let ids = source.text.outline.headings().iter().map(|part| part.id.clone());
        let console = source.operation.as_ref().map(|_| CONSOLE.id.to_owned());
        (source.text.path.clone(), ids.chain(console).collect())
    };
    sources(sections).map(|(_, source)| of(source)).collect()
}

fn page<'a>(
    section: &'a str,
    source: &'a Source,
    anchors: &Anchors,
    highlighter: &Highlighter,
) -> Result<Page<'a>, Problems> {
    let html = markdown::html(&source.text, anchors, highlighter)?;
    let twin = markdown::twin(&source.text, anchors)?;
    Ok(Page { section, source, twin, html })
}
