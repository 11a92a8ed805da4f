//! All that is served under `/docs` and at `/llms.txt`, made of the sources: pages in two forms,
//! indexes, and assets.

use std::path::Path;

use askama::Template;

use super::address;
use super::assets::{self, Assets};
use super::contents::{self, Section, Source};
use super::highlight::Highlighter;
use super::links::Anchors;
use super::markdown::{self, Outline};
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
    pub path: String,
    pub section: String,
    pub outline: &'a Outline,
    /// Its Markdown as it is served.
    pub twin: String,
    source: &'a Source,
    text: String,
}

impl Page<'_> {
    /// What the list of its contents leads to.
    pub fn contents(&self) -> Vec<Place<'_>> {
        let headings = self.outline.headings().iter().filter(|part| part.level <= DEEPEST);
        let mut places: Vec<Place<'_>> = headings.map(Place::of).collect();
        places.extend(self.source.operation.as_ref().map(|_| CONSOLE));
        places
    }
}

/// Makes everything of the sources below a directory.
pub fn make(root: &Path) -> Result<Vec<File>, Problems> {
    let sections = contents::read_all(root)?;
    let (assets, mut files) = assets::read_all(root)?;
    let outlines = outlines(&sections)?;
    let pages = pages(&sections, &outlines)?;
    let all: Vec<&Page<'_>> = pages.iter().flatten().collect();
    let titled: Vec<(&str, Vec<&Page<'_>>)> = sections
        .iter()
        .zip(&pages)
        .map(|(section, pages)| (section.title.as_str(), pages.iter().collect()))
        .collect();

    let mut put = |address: String, kind, content| files.push(File { address, kind, content });
    for (title, pages) in &titled {
        for page in pages {
            put(address::twin(&page.path), Kind::Markdown, page.twin.clone());
            put(address::index(&page.path), Kind::Text, llms::one(page, (title, pages)));
        }
    }
    put("/llms.txt".to_owned(), Kind::Text, llms::all(&titled));
    put("/llms-full.txt".to_owned(), Kind::Text, llms::full(&all));
    let index = search::index(&all).map_err(|error| Problems::of("the search", error))?;
    put("/docs/search.json".to_owned(), Kind::Json, index);

    let title_of = |path: &str| {
        let page = all.iter().find(|page| page.path == path);
        page.map_or_else(String::new, |page| page.outline.title().to_owned())
    };
    let menus = template::menus(&sections, title_of);
    let html = html(&all, &assets, &menus);
    files.extend(html.map_err(|error| Problems::of("templates/docs", error))?);
    Ok(files)
}

/// What each page says, section by section.
fn outlines(sections: &[Section]) -> Result<Vec<Vec<Outline>>, Problems> {
    let mut problems = Problems::default();
    let mut outline = |source: &Source| {
        let outline = markdown::outline(&source.markdown);
        problems.take(outline.map_err(|problem| Problems::of(&source.file, problem)))
    };
    let outlines = sections
        .iter()
        .map(|section| section.sources.iter().filter_map(&mut outline).collect())
        .collect();
    problems.or(outlines)
}

/// The pages, section by section.
fn pages<'a>(
    sections: &'a [Section],
    outlines: &'a [Vec<Outline>],
) -> Result<Vec<Vec<Page<'a>>>, Problems> {
    let highlighter =
        Highlighter::new().map_err(|problem| Problems::of("highlighting", problem))?;
    let mut anchors = Anchors::new();
    for (section, outlines) in sections.iter().zip(outlines) {
        for (source, outline) in section.sources.iter().zip(outlines) {
            let mut ids: Vec<String> =
                outline.headings().iter().map(|part| part.id.clone()).collect();
            if source.operation.is_some() {
                ids.push(CONSOLE.id.to_owned());
            }
            anchors.insert(source.path.clone(), ids.into_iter().collect());
        }
    }
    let mut problems = Problems::default();
    let mut made = Vec::new();
    for (section, outlines) in sections.iter().zip(outlines) {
        let mut pages = Vec::new();
        for (source, outline) in section.sources.iter().zip(outlines) {
            let page = page(section, source, outline, &anchors, &highlighter);
            pages.extend(problems.take(page));
        }
        made.push(pages);
    }
    problems.or(made)
}

fn page<'a>(
    section: &'a Section,
    source: &'a Source,
    outline: &'a Outline,
    anchors: &Anchors,
    highlighter: &Highlighter,
) -> Result<Page<'a>, Problems> {
    let Source { path, file, markdown, .. } = source;
    let text = markdown::html(path, markdown, outline, anchors, highlighter);
    let text = text.map_err(|all| {
        let mut problems = Problems::default();
        for problem in all {
            problems.add(file, problem);
        }
        problems
    })?;
    let twin = twin::of(path, markdown, anchors).map_err(|problem| Problems::of(file, problem))?;
    let (path, section) = (path.clone(), section.title.clone());
    Ok(Page { path, section, outline, twin, source, text })
}

/// The HTML of all pages, and of the one for addresses at which there is none.
fn html(pages: &[&Page<'_>], assets: &Assets, menus: &[Menu]) -> askama::Result<Vec<File>> {
    let frame = |address| Frame { assets, menus, address, version: env!("CARGO_PKG_VERSION") };
    let link = |page: &&Page<'_>| Link {
        address: address::page(&page.path),
        title: page.outline.title().to_owned(),
        method: None,
    };
    let links: Vec<Link> = pages.iter().map(link).collect();
    let mut files = Vec::new();
    for (at, page) in pages.iter().enumerate() {
        let address = &links[at].address;
        let template = PageTemplate {
            frame: frame(address),
            title: page.outline.title(),
            description: &page.outline.description,
            section: &page.section,
            twin: address::twin(&page.path),
            text: page.text.clone(),
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
