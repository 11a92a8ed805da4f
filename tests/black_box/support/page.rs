//! Reads pages as a browser does.

use scraper::{ElementRef, Html, Selector};

use super::Page;

/// An element of a page, with its contents.
#[derive(Clone, Copy)]
pub struct Part<'p>(ElementRef<'p>);

impl<'p> Part<'p> {
    /// All elements that match a CSS selector.
    pub fn parts(self, selector: &str) -> Vec<Self> {
        let parsed = Selector::parse(selector).unwrap_or_else(|_| panic!("{selector}"));
        self.0.select(&parsed).map(Self).collect()
    }

    /// The first element that matches a CSS selector.
    #[track_caller]
    pub fn part(self, selector: &str) -> Self {
        let found = self.parts(selector).first().copied();
        found.unwrap_or_else(|| panic!("no {selector} in {}", self.0.html()))
    }

    /// The readable text, with single spaces for any white space and between cells and blocks.
    pub fn text(self) -> String {
        let mut text = String::new();
        collect_text(self.0, &mut text);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub fn attribute(self, name: &str) -> Option<&'p str> {
        self.0.attr(name)
    }

    /// What a browser sends for this control, if anything.
    fn form_value(self) -> Option<(String, String)> {
        let name = self.attribute("name")?;
        let value = self.attribute("value").unwrap_or_default();
        let value = match (self.0.value().name(), self.attribute("type")) {
            ("button", _) | ("input", Some("submit")) => return None,
            ("input", Some("checkbox" | "radio")) => {
                self.attribute("checked")?;
                value.to_owned()
            }
            ("input", _) => value.to_owned(),
            ("textarea", _) => self.0.text().collect::<String>().replace('\n', "\r\n"),
            ("select", _) => {
                let options = self.parts("option");
                let chosen = options.iter().find(|option| option.attribute("selected").is_some());
                let chosen = chosen.or(options.first())?;
                chosen.attribute("value").map_or_else(|| chosen.text(), str::to_owned)
            }
            _ => return None,
        };
        Some((name.to_owned(), value))
    }

    /// What a browser sends for all controls in this element.
    pub fn fields(self) -> Vec<(String, String)> {
        let controls = self.parts("input, textarea, select");
        controls.into_iter().filter_map(Part::form_value).collect()
    }
}

/// Elements that are part of a line of text.
const INLINE: [&str; 8] = ["a", "b", "bdi", "code", "em", "span", "strong", "time"];

fn collect_text(element: ElementRef<'_>, text: &mut String) {
    for child in element.children() {
        if let Some(part) = child.value().as_text() {
            text.push_str(part);
        } else if let Some(inner) = ElementRef::wrap(child) {
            let gap = if INLINE.contains(&inner.value().name()) { "" } else { " " };
            text.push_str(gap);
            collect_text(inner, text);
            text.push_str(gap);
        }
    }
}

impl Page {
    /// The root element. The page is parsed on first use.
    pub fn root(&self) -> Part<'_> {
        Part(self.html.get_or_init(|| Html::parse_document(&self.body)).root_element())
    }

    /// The first element that matches a CSS selector.
    #[track_caller]
    pub fn part(&self, selector: &str) -> Part<'_> {
        self.root().part(selector)
    }

    /// The readable text of the first element that matches a CSS selector.
    #[track_caller]
    pub fn text(&self, selector: &str) -> String {
        self.part(selector).text()
    }

    /// The readable text of each element that matches a CSS selector.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        self.root().parts(selector).into_iter().map(Part::text).collect()
    }

    pub fn count(&self, selector: &str) -> usize {
        self.root().parts(selector).len()
    }

    /// An attribute of the first element that matches a CSS selector.
    #[track_caller]
    pub fn attribute(&self, selector: &str, name: &str) -> String {
        let value = self.part(selector).attribute(name);
        value.unwrap_or_else(|| panic!("{selector} has no {name}: {}", self.body)).to_owned()
    }

    /// The values of an attribute of all matching elements that have it.
    pub fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        let all = self.root().parts(selector).into_iter();
        all.filter_map(|part| part.attribute(name)).map(str::to_owned).collect()
    }

    /// The targets of all links with this text.
    pub fn links(&self, text: &str) -> Vec<String> {
        let all = self.root().parts("a[href]").into_iter().filter(|link| link.text() == text);
        all.filter_map(|link| link.attribute("href")).map(str::to_owned).collect()
    }

    /// The target of the first link with this text.
    #[track_caller]
    pub fn link(&self, text: &str) -> String {
        let found = self.links(text).into_iter().next();
        found.unwrap_or_else(|| panic!("no link {text:?} in {}", self.body))
    }

    /// What a browser would send for the control with this name.
    #[track_caller]
    pub fn field(&self, name: &str) -> String {
        let fields = self.root().fields();
        let found = fields.into_iter().find(|(field, _)| field == name);
        found.unwrap_or_else(|| panic!("no value of {name} in {}", self.body)).1
    }

    /// The error message at the control with this name.
    #[track_caller]
    pub fn error(&self, name: &str) -> String {
        self.text(&format!("#{name}-error"))
    }
}
