//! The HTML frame around a page: `templates/page.html` and `no_page.html`.

use askama::Template;

use super::assets::Assets;
use super::navigation::{Link, Menu};
use super::page::{Page, Place};
use crate::address;
use crate::output::{File, Kind};
use crate::reference::Operation;

/// What every page needs for its frame.
pub struct Frame<'a> {
    pub assets: &'a Assets,
    pub menus: &'a [Menu],
    /// The page's own address.
    pub address: &'a str,
    pub version: &'a str,
}

impl Frame<'_> {
    /// Whether a link is that of the current page.
    pub fn is_here(&self, link: &Link) -> bool {
        link.address == self.address
    }

    /// Whether a menu contains the link of the current page.
    pub fn is_in(&self, menu: &Menu) -> bool {
        menu.links.iter().any(|link| self.is_here(link))
    }
}

/// A page.
#[derive(Template)]
#[template(path = "page.html")]
pub struct PageTemplate<'a> {
    pub frame: Frame<'a>,
    pub title: &'a str,
    pub description: &'a str,
    pub section: &'a str,
    pub twin: String,
    pub text: &'a str,
    /// The endpoint that it is about, if any.
    pub operation: Option<&'a Operation>,
    pub contents: Vec<Place<'a>>,
    pub previous: Option<&'a Link>,
    pub next: Option<&'a Link>,
}

/// The page for a 404.
#[derive(Template)]
#[template(path = "no_page.html")]
pub struct NoPageTemplate<'a> {
    pub frame: Frame<'a>,
}

/// Renders all pages, and the one for a 404.
pub fn render_all(
    pages: &[Page<'_>],
    assets: &Assets,
    menus: &[Menu],
    version: &str,
) -> askama::Result<Vec<File>> {
    let frame = |address| Frame { assets, menus, address, version };
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
            text: &page.html,
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
