//! Renders complete HTML pages with `templates/page.html` and `templates/not_found.html`.

use askama::Template;

use super::assets::Assets;
use super::navigation::{Link, Menu};
use super::page::{Page, TocEntry};
use crate::output::{File, Kind};
use crate::reference::Operation;
use crate::urls;

/// The data for the layout, `templates/frame.html`.
pub struct Frame<'a> {
    pub assets: &'a Assets,
    pub menus: &'a [Menu],
    /// The URL of the page itself.
    pub url: &'a str,
    pub version: &'a str,
}

impl Frame<'_> {
    /// Whether a link leads to the current page.
    pub fn is_current(&self, link: &Link) -> bool {
        link.url == self.url
    }

    /// Whether a menu contains the link of the current page.
    pub fn contains_current(&self, menu: &Menu) -> bool {
        menu.links.iter().any(|link| self.is_current(link))
    }
}

#[derive(Template)]
#[template(path = "page.html")]
pub struct PageTemplate<'a> {
    pub frame: Frame<'a>,
    pub title: &'a str,
    pub description: &'a str,
    pub section: &'a str,
    pub markdown_url: String,
    pub html: &'a str,
    /// The endpoint, if this is an endpoint page.
    pub operation: Option<&'a Operation>,
    pub toc: Vec<TocEntry<'a>>,
    pub previous: Option<&'a Link>,
    pub next: Option<&'a Link>,
}

#[derive(Template)]
#[template(path = "not_found.html")]
pub struct NotFoundTemplate<'a> {
    pub frame: Frame<'a>,
}

/// Renders all pages and the 404 page.
pub fn render_all(
    pages: &[Page<'_>],
    assets: &Assets,
    menus: &[Menu],
    version: &str,
) -> askama::Result<Vec<File>> {
    let frame = |url| Frame { assets, menus, url, version };
    let links: Vec<Link> = pages.iter().map(|page| Link::new(page.source)).collect();
    let mut files = Vec::new();
    for (index, page) in pages.iter().enumerate() {
        let url = &links[index].url;
        let template = PageTemplate {
            frame: frame(url),
            title: page.title(),
            description: page.description(),
            section: page.section,
            markdown_url: urls::markdown(page.path()),
            html: &page.html,
            operation: page.source.operation.as_ref(),
            toc: page.table_of_contents(),
            previous: index.checked_sub(1).map(|previous| &links[previous]),
            next: links.get(index + 1),
        };
        let content = template.render()?;
        files.push(File { path: url.clone(), kind: Kind::Page, content });
    }
    let content = NotFoundTemplate { frame: frame("") }.render()?;
    files.push(File { path: String::new(), kind: Kind::NotFound, content });
    Ok(files)
}
