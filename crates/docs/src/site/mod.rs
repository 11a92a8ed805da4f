//! All that is served under `/docs` and at `/llms.txt`, made of the sources: pages in two forms,
//! indexes, and assets.

use std::collections::BTreeMap;
use std::path::Path;

use askama::Template;

use super::address;
use super::assets::{self, Assets};
use super::contents::{self, Section, Source};
use super::highlight::Highlighter;
use super::links::Anchors;
use super::markdown;
use super::problem::Problems;
use super::table::{File, Kind};
use super::template::{self, Frame, Link, Menu, NoPageTemplate, PageTemplate, Place};
use super::{llms, search, twin};

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
    text: String,
}

impl<'a> Page<'a> {
    /// Below `/docs`.
    pub fn path(&self) -> &'a str {
        &self.source.path
    }

    pub fn title(&self) -> &'a str {
        self.source.outline.title()
    }

    pub fn description(&self) -> &'a str {
        &self.source.outline.description
    }

    /// What the list of its contents leads to.
    pub fn contents(&self) -> Vec<Place<'a>> {
        let console = self.source.operation.as_ref().map(|_| CONSOLE);
        self.headings().into_iter().chain(console).collect()
    }

    /// Those of them that its Markdown has too.
    pub fn headings(&self) -> Vec<Place<'a>> {
        let headings = self.source.outline.headings().iter();
        headings.filter(|part| part.level <= DEEPEST).map(Place::of).collect()
    }
}

/// Makes everything of the sources below a directory.
pub fn make(root: &Path) -> Result<Vec<File>, Problems> {
    let sections = contents::read_all(root)?;
    let (assets, mut files) = assets::read_all(root)?;
    let pages = pages(&sections)?;
    let mut put = |address: String, kind, content| files.push(File { address, kind, content });
    for page in &pages {
        put(address::twin(page.path()), Kind::Markdown, page.twin.clone());
        put(address::index(page.path()), Kind::Text, llms::one(page, &pages));
    }
    put("/llms.txt".to_owned(), Kind::Text, llms::all(&pages));
    put("/llms-full.txt".to_owned(), Kind::Text, llms::full(&pages));
    let index = search::index(&pages).map_err(|error| Problems::of("the search", error))?;
    for (address, content) in moved(&pages) {
        put(address, Kind::Moved, content);
    }
    put("/docs/search.json".to_owned(), Kind::Json, index);
    let html = html(&pages, &assets, &template::menus(&sections));
    files.extend(html.map_err(|error| Problems::of("templates/docs", error))?);
    Ok(files)
}

/// The pages, in the order of the navigation.
fn pages(sections: &[Section]) -> Result<Vec<Page<'_>>, Problems> {
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
    let all = |source: &Source| {
        let ids = source.outline.headings().iter().map(|part| part.id.clone());
        let console = source.operation.as_ref().map(|_| CONSOLE.id.to_owned());
        (source.path.clone(), ids.chain(console).collect())
    };
    sources(sections).map(|(_, source)| all(source)).collect()
}

fn page<'a>(
    section: &'a str,
    source: &'a Source,
    anchors: &Anchors,
    highlighter: &Highlighter,
) -> Result<Page<'a>, Problems> {
    let text = markdown::html(source, anchors, highlighter)?;
    let twin = twin::of(&source.path, &source.markdown, anchors);
    let twin = twin.map_err(|problem| Problems::of(&source.file, problem))?;
    Ok(Page { section, source, twin, text })
}

/// Addresses that one would guess, and where they lead: the name of the first page's file, and the
/// directories without a page of their own, which lead to the first one in them.
fn moved(pages: &[Page<'_>]) -> BTreeMap<String, String> {
    let mut moved = BTreeMap::new();
    for of in [address::page, address::twin] {
        moved.insert(of("index"), of(""));
        for page in pages {
            let directory = page.path().rsplit_once('/').map(|(directory, _)| directory);
            let is_page = |path: &str| pages.iter().any(|page| page.path() == path);
            if let Some(directory) = directory.filter(|directory| !is_page(directory)) {
                moved.entry(of(directory)).or_insert_with(|| of(page.path()));
            }
        }
    }
    moved
}

/// The HTML of all pages, and of the one for addresses at which there is none.
fn html(pages: &[Page<'_>], assets: &Assets, menus: &[Menu]) -> askama::Result<Vec<File>> {
    let frame = |address| Frame { assets, menus, address, version: env!("CARGO_PKG_VERSION") };
    let links: Vec<Link> = pages.iter().map(|page| Link::to(page.source)).collect();
    let mut files = Vec::new();
    for (at, page) in pages.iter().enumerate() {
        let address = &links[at].address;
        let template = PageTemplate {
            frame: frame(address),
            title: page.title(),
            description: page.description(),
            section: page.section,
            twin: address::twin(page.path()),
            text: &page.text,
            operation: page.source.operation.as_ref(),
            contents: page.contents(),
            previous: at.checked_sub(1).map(|before| &links[before]),
            next: links.get(at + 1),
        };
        let content = template.render()?;
        files.push(File { address: address.clone(), kind: Kind::Page, content });
    }
    let address = String::new();
    let content = NoPageTemplate { frame: frame("") }.render()?;
    files.push(File { address, kind: Kind::NoPage, content });
    Ok(files)
}
