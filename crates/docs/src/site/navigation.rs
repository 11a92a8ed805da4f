//! The navigation menu.

use crate::sources::{Section, Source};
use crate::urls;

pub struct Link {
    pub url: String,
    pub title: String,
    /// The HTTP method, if this is an endpoint page.
    pub method: Option<&'static str>,
}

/// A section of the navigation.
pub struct Menu {
    pub title: String,
    pub links: Vec<Link>,
    /// Collapsible groups, such as the endpoints of a tag.
    pub groups: Vec<Menu>,
}

pub fn menus(sections: &[Section]) -> Vec<Menu> {
    let menu = |section: &Section| {
        let mut menu = Menu::new(&section.title);
        for source in &section.sources {
            let group = match &source.operation {
                None => &mut menu,
                Some(operation) => menu.group_mut(&operation.tag),
            };
            group.links.push(Link::new(source));
        }
        menu
    };
    sections.iter().map(menu).collect()
}

impl Link {
    pub fn new(source: &Source) -> Self {
        Self {
            url: urls::page(&source.text.path),
            title: source.text.outline.title().to_owned(),
            method: source.operation.as_ref().map(|operation| operation.method),
        }
    }
}

impl Menu {
    fn new(title: &str) -> Self {
        Self { title: title.to_owned(), links: Vec::new(), groups: Vec::new() }
    }

    /// Returns the group with this title. Adds it if needed.
    fn group_mut(&mut self, title: &str) -> &mut Self {
        let last = self.groups.len();
        let at = self.groups.iter().position(|group| group.title == title).unwrap_or(last);
        if at == last {
            self.groups.push(Self::new(title));
        }
        &mut self.groups[at]
    }
}
