//! The HTML around the text of a page: `templates/docs`.

use askama::Template;

use super::address;
use super::assets::Assets;
use super::contents::{Section, Source};
use super::markdown::Part;
use super::reference::Operation;

/// A link of the navigation.
pub struct Link {
    pub address: String,
    pub title: String,
    /// The method of the endpoint that the page is about.
    pub method: Option<&'static str>,
}

/// A part of the navigation.
pub struct Menu {
    pub title: String,
    pub links: Vec<Link>,
    /// Links that stand together in it.
    pub groups: Vec<Menu>,
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

/// What surrounds every page.
pub struct Frame<'a> {
    pub assets: &'a Assets,
    pub menus: &'a [Menu],
    /// The page's own address.
    pub address: &'a str,
    pub version: &'a str,
}

impl Frame<'_> {
    /// Whether a link leads to where the reader is.
    pub fn is_here(&self, link: &Link) -> bool {
        link.address == self.address
    }

    /// Whether a link of a menu does.
    pub fn is_in(&self, menu: &Menu) -> bool {
        menu.links.iter().any(|link| self.is_here(link))
    }
}

/// A page.
#[derive(Template)]
#[template(path = "docs/page.html")]
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

/// The page for addresses at which there is none.
#[derive(Template)]
#[template(path = "docs/no_page.html")]
pub struct NoPageTemplate<'a> {
    pub frame: Frame<'a>,
}

/// The navigation.
pub fn menus(sections: &[Section]) -> Vec<Menu> {
    let menu = |section: &Section| {
        let mut menu = Menu::new(&section.title);
        for source in &section.sources {
            let group = match &source.operation {
                None => &mut menu,
                Some(operation) => menu.group(&operation.tag),
            };
            group.links.push(Link::to(source));
        }
        menu
    };
    sections.iter().map(menu).collect()
}

impl Link {
    /// A link to the page of a source.
    pub fn to(source: &Source) -> Self {
        Self {
            address: address::page(&source.path),
            title: source.outline.title().to_owned(),
            method: source.operation.as_ref().map(|operation| operation.method),
        }
    }
}

impl Menu {
    fn new(title: &str) -> Self {
        Self { title: title.to_owned(), links: Vec::new(), groups: Vec::new() }
    }

    /// The group with this title, which is the last one if there is one yet.
    fn group(&mut self, title: &str) -> &mut Self {
        let last = self.groups.len();
        let at = self.groups.iter().position(|group| group.title == title).unwrap_or(last);
        if at == last {
            self.groups.push(Self::new(title));
        }
        &mut self.groups[at]
    }
}

/// Text that stays text in HTML.
pub fn escape(text: &str) -> String {
    askama::filters::escape(text, askama::filters::Html)
        .map_or_else(|_| String::new(), |t| t.to_string())
}
