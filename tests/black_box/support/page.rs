//! A page as a browser reads it.

use scraper::{ElementRef, Html, Selector};

use super::Shown;

/// An element of a page, with all that is in it.
#[derive(Clone, Copy)]
pub struct Part<'p>(ElementRef<'p>);

impl<'p> Part<'p> {
    /// All elements that a CSS selector finds.
    pub fn parts(self, selector: &str) -> Vec<Self> {
        let parsed = Selector::parse(selector).unwrap_or_else(|_| panic!("{selector}"));
        self.0.select(&parsed).map(Self).collect()
    }

    /// The first of them.
    #[track_caller]
    pub fn part(self, selector: &str) -> Self {
        let found = self.parts(selector).first().copied();
        found.unwrap_or_else(|| panic!("no {selector} in {}", self.0.html()))
    }

    /// What can be read in it, with one space for any white space, and between cells and blocks.
    pub fn text(self) -> String {
        let mut text = String::new();
        read(self.0, &mut text);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub fn attribute(self, name: &str) -> Option<&'p str> {
        self.0.attr(name)
    }

    /// What a browser sends of this control, if it sends anything.
    fn sent(self) -> Option<(String, String)> {
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

    /// What a browser sends of all controls in it.
    pub fn fields(self) -> Vec<(String, String)> {
        let controls = self.parts("input, textarea, select");
        controls.into_iter().filter_map(Part::sent).collect()
    }
}

/// Elements that stand within a line.
const INLINE: [&str; 8] = ["a", "b", "bdi", "code", "em", "span", "strong", "time"];

fn read(element: ElementRef<'_>, text: &mut String) {
    for child in element.children() {
        if let Some(part) = child.value().as_text() {
            text.push_str(part);
        } else if let Some(inner) = ElementRef::wrap(child) {
            let gap = if INLINE.contains(&inner.value().name()) { "" } else { " " };
            text.push_str(gap);
            read(inner, text);
            text.push_str(gap);
        }
    }
}

impl Shown {
    /// All of the page, which is parsed when it is first looked at.
    pub fn whole(&self) -> Part<'_> {
        Part(self.page.get_or_init(|| Html::parse_document(&self.body)).root_element())
    }

    /// The first element that a CSS selector finds.
    #[track_caller]
    pub fn part(&self, selector: &str) -> Part<'_> {
        self.whole().part(selector)
    }

    /// What can be read in it.
    #[track_caller]
    pub fn text(&self, selector: &str) -> String {
        self.part(selector).text()
    }

    /// What can be read in each element that a CSS selector finds.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        self.whole().parts(selector).into_iter().map(Part::text).collect()
    }

    pub fn count(&self, selector: &str) -> usize {
        self.whole().parts(selector).len()
    }

    /// An attribute of the first element that a CSS selector finds.
    #[track_caller]
    pub fn attribute(&self, selector: &str, name: &str) -> String {
        let value = self.part(selector).attribute(name);
        value.unwrap_or_else(|| panic!("{selector} has no {name}: {}", self.body)).to_owned()
    }

    /// The same of each that has it.
    pub fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        let all = self.whole().parts(selector).into_iter();
        all.filter_map(|part| part.attribute(name)).map(str::to_owned).collect()
    }

    /// Where the links with this text lead.
    pub fn links(&self, text: &str) -> Vec<String> {
        let all = self.whole().parts("a[href]").into_iter().filter(|link| link.text() == text);
        all.filter_map(|link| link.attribute("href")).map(str::to_owned).collect()
    }

    /// Where the first of them leads.
    #[track_caller]
    pub fn link(&self, text: &str) -> String {
        let found = self.links(text).into_iter().next();
        found.unwrap_or_else(|| panic!("no link {text:?} in {}", self.body))
    }

    /// What a browser would send of the control with this name.
    #[track_caller]
    pub fn field(&self, name: &str) -> String {
        let fields = self.whole().fields();
        let found = fields.into_iter().find(|(field, _)| field == name);
        found.unwrap_or_else(|| panic!("no value of {name} in {}", self.body)).1
    }

    /// What is said to be wrong with the control of this name.
    #[track_caller]
    pub fn error(&self, name: &str) -> String {
        self.text(&format!("#{name}-error"))
    }
}
