//! What a page's Markdown says: its outline, which other pages need to know, and its HTML.

use std::collections::BTreeMap;
use std::fmt::Display;

use pulldown_cmark::{
    BlockQuoteKind, CodeBlockKind, CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag,
    TagEnd, html,
};

use super::address;
use super::code::{self, Block};
use super::contents::Source;
use super::highlight::Highlighter;
use super::links::{self, Anchors, Target};
use super::problem::Problems;

/// How texts mark what the hosted API does not have, and how a page shows it.
const ADDITION: &str = "Addition:";
const ADDITION_BADGE: &str = "<span class=\"badge info\">Addition</span>";

/// What a page says, part by part.
#[derive(Debug)]
pub struct Outline {
    /// The first paragraph.
    pub description: String,
    /// The first one is what stands before the second heading; its heading is the page's title.
    pub parts: Vec<Part>,
}

/// A heading and what stands below it.
#[derive(Debug, Default)]
pub struct Part {
    pub level: usize,
    /// What a link to the heading ends with, after a `#`.
    pub id: String,
    pub heading: String,
    /// The words below it, without those in blocks of code.
    pub text: String,
}

impl Outline {
    /// The page's title.
    pub fn title(&self) -> &str {
        self.parts.first().map_or("", |part| &part.heading)
    }

    /// What there is beside the title.
    pub fn headings(&self) -> &[Part] {
        self.parts.get(1..).unwrap_or_default()
    }
}

/// The parser that pages are read with.
pub fn parser(markdown: &str) -> Parser<'_> {
    Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_GFM)
}

/// Reads what a page says.
pub fn outline(markdown: &str) -> Result<Outline, String> {
    let mut parts: Vec<Part> = Vec::new();
    let mut description = None;
    let mut ids = BTreeMap::new();
    let (mut in_heading, mut in_code) = (false, false);
    for event in parser(markdown) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                in_heading = true;
                parts.push(Part { level: level as usize, ..Part::default() });
                continue;
            }
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            _ => {}
        }
        let part = parts.last_mut().ok_or("does not begin with a heading")?;
        match event {
            Event::End(TagEnd::Heading(_)) => {
                in_heading = false;
                part.id = anchor(&part.heading, &mut ids);
            }
            Event::End(TagEnd::Paragraph) if description.is_none() => {
                description = Some(part.text.trim().to_owned());
                part.text.push(' ');
            }
            Event::Text(text) | Event::Code(text) if !in_code => {
                if in_heading { &mut part.heading } else { &mut part.text }.push_str(&text);
            }
            Event::SoftBreak | Event::HardBreak => part.text.push(' '),
            Event::End(end) if is_block(end) && !part.text.ends_with(' ') => part.text.push(' '),
            _ => {}
        }
    }
    let has_one_title =
        parts.iter().map(|part| part.level == 1).eq((0..parts.len()).map(|n| n == 0));
    if !has_one_title {
        return Err("has more than one heading of the first level, or another one first".to_owned());
    }
    let description = description.ok_or("has no paragraph")?;
    Ok(Outline { description, parts })
}

fn is_block(end: TagEnd) -> bool {
    !matches!(end, TagEnd::Emphasis | TagEnd::Strong | TagEnd::Link)
}

/// The anchor of a heading, as code hosts make it.
fn anchor(heading: &str, known: &mut BTreeMap<String, usize>) -> String {
    let lower = heading.to_lowercase();
    let letters = lower.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    let id: String = letters.map(|c| if c == ' ' { '-' } else { c }).collect();
    let count = known.entry(id.clone()).or_default();
    *count += 1;
    if *count == 1 { id } else { format!("{id}-{}", *count - 1) }
}

/// The HTML of a page's text, without its title.
pub fn html(
    source: &Source,
    anchors: &Anchors,
    highlighter: &Highlighter,
) -> Result<String, Problems> {
    let mut page = Page {
        source,
        anchors,
        highlighter,
        parts: source.outline.parts.iter(),
        events: parser(&source.markdown).collect::<Vec<_>>().into_iter().peekable(),
        made: Vec::new(),
        problems: Problems::default(),
        had_lead: false,
    };
    while let Some(event) = page.events.next() {
        page.take(event);
    }
    let mut text = String::new();
    html::push_html(&mut text, page.made.into_iter());
    page.problems.or(text)
}

/// A page that is being made.
struct Page<'a> {
    source: &'a Source,
    anchors: &'a Anchors,
    highlighter: &'a Highlighter,
    /// Those whose headings are still to come.
    parts: std::slice::Iter<'a, Part>,
    events: std::iter::Peekable<std::vec::IntoIter<Event<'a>>>,
    made: Vec<Event<'a>>,
    problems: Problems,
    had_lead: bool,
}

impl<'a> Page<'a> {
    fn take(&mut self, event: Event<'a>) {
        match event {
            Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }) => {
                self.parts.next();
                for event in self.events.by_ref() {
                    if matches!(event, Event::End(TagEnd::Heading(_))) {
                        break;
                    }
                }
            }
            Event::Start(Tag::Heading { level, .. }) => {
                let id = self.parts.next().map_or("", |part| &part.id);
                self.raw(format!("<{level} id=\"{id}\"><a class=\"anchor\" href=\"#{id}\">"));
            }
            Event::End(TagEnd::Heading(level)) => self.raw(format!("</a></{level}>\n")),
            Event::Start(Tag::Paragraph) => self.paragraph(),
            Event::Start(Tag::BlockQuote(Some(kind))) => {
                let (class, name) = callout(kind);
                self.raw(format!(
                    "<div class=\"callout {class}\">\n<p class=\"callout-name\">{name}</p>\n"
                ));
            }
            Event::End(TagEnd::BlockQuote(Some(_))) => self.raw("</div>\n".to_owned()),
            Event::Start(Tag::Table(_)) => {
                self.raw("<div class=\"scroll\">".to_owned());
                self.made.push(event);
            }
            Event::End(TagEnd::Table) => {
                self.made.push(event);
                self.raw("</div>\n".to_owned());
            }
            Event::Start(Tag::CodeBlock(kind)) => self.code(kind),
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let dest_url = self.link(link_type, dest_url);
                self.made.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
            }
            Event::Html(text) | Event::InlineHtml(text) => {
                self.problem(format!("has HTML, which nothing renders: {}", text.trim()));
            }
            Event::Start(Tag::Image { dest_url, .. }) => {
                self.problem(format!("has a picture, which nothing serves: {dest_url}"));
            }
            Event::Text(text) if &*text == ADDITION && self.is_strong() => {
                self.made.pop();
                self.events.next();
                self.raw(ADDITION_BADGE.to_owned());
                if let Some(Event::Text(text)) = self.events.next_if(is_text) {
                    self.made.push(Event::Text(format!(" {}", sentence(&text)).into()));
                }
            }
            event => self.made.push(event),
        }
    }

    /// Whether what was made last begins something strong, which also ends after the next event.
    fn is_strong(&mut self) -> bool {
        matches!(self.made.last(), Some(Event::Start(Tag::Strong)))
            && matches!(self.events.peek(), Some(Event::End(TagEnd::Strong)))
    }

    fn problem(&mut self, what: impl Display) {
        self.problems.add(&self.source.file, what);
    }

    fn raw(&mut self, html: String) {
        self.made.push(Event::Html(html.into()));
    }

    /// The first one is set apart, and so is what the hosted API does not have.
    fn paragraph(&mut self) {
        let marked = match self.events.peek() {
            Some(Event::Text(text)) => text.strip_prefix(ADDITION).map(sentence),
            _ => None,
        };
        if let Some(rest) = marked {
            self.events.next();
            self.raw(format!("<p>{ADDITION_BADGE} "));
            self.made.push(Event::Text(rest.into()));
        } else if self.had_lead {
            self.raw("<p>".to_owned());
        } else {
            self.raw("<p class=\"lead\">".to_owned());
        }
        self.had_lead = true;
    }

    /// A block of code and those that follow it at once.
    fn code(&mut self, first: CodeBlockKind<'a>) {
        let mut blocks = Vec::new();
        let mut next = Some(first);
        while let Some(kind) = next.take() {
            let mut text = String::new();
            for event in self.events.by_ref() {
                match event {
                    Event::Text(line) => text += &line,
                    _ => break,
                }
            }
            let block = match kind {
                CodeBlockKind::Fenced(info) => Block::new(&info, text),
                CodeBlockKind::Indented => Block::new("text", text),
            };
            match block {
                Ok(block) => blocks.push(block),
                Err(problem) => self.problem(problem),
            }
            let is_code = |event: &Event<'_>| matches!(event, Event::Start(Tag::CodeBlock(_)));
            if let Some(Event::Start(Tag::CodeBlock(kind))) = self.events.next_if(is_code) {
                next = Some(kind);
            }
        }
        match code::html(&blocks, self.highlighter) {
            Ok(html) => self.raw(html),
            Err(problem) => self.problem(problem),
        }
    }

    fn link(&mut self, kind: LinkType, link: CowStr<'a>) -> CowStr<'a> {
        match links::resolve(&self.source.path, &link, self.anchors) {
            Ok(Target::Address) => link,
            // What stands elsewhere in the file cannot be put right in the Markdown that is served.
            Ok(Target::Page { .. }) if kind != LinkType::Inline => {
                self.problem(format!("the link {link} has to stand where it is used"));
                link
            }
            Ok(Target::Page { path, fragment }) => (address::page(&path) + &fragment).into(),
            Err(problem) => {
                self.problem(problem);
                link
            }
        }
    }
}

fn is_text(event: &Event<'_>) -> bool {
    matches!(event, Event::Text(_))
}

/// Text that stands by itself, and begins as a sentence does.
fn sentence(text: &str) -> String {
    let mut letters = text.trim_start().chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn callout(kind: BlockQuoteKind) -> (&'static str, &'static str) {
    match kind {
        BlockQuoteKind::Note => ("info", "Note"),
        BlockQuoteKind::Tip => ("good", "Tip"),
        BlockQuoteKind::Important => ("info", "Important"),
        BlockQuoteKind::Warning => ("warn", "Warning"),
        BlockQuoteKind::Caution => ("bad", "Caution"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn made(markdown: &str) -> Result<String, Problems> {
        let source = Source {
            path: "guides/ids".to_owned(),
            file: "docs/guides/ids.md".to_owned(),
            markdown: markdown.to_owned(),
            outline: outline(markdown).unwrap(),
            operation: None,
            keywords: Vec::new(),
        };
        let anchors = ["codes".to_owned()].into_iter().collect::<BTreeSet<_>>();
        let anchors = Anchors::from([("errors".to_owned(), anchors)]);
        html(&source, &anchors, &Highlighter::new().unwrap())
    }

    #[test]
    fn an_outline_has_the_title_the_description_and_what_stands_below_each_heading() {
        let text =
            "# A `b`\n\nWhat *it*\nis.\n\n- one\n- two\n\n## Part\n\nMore.\n\n```text\nx\n```\n";
        let outline = outline(text).unwrap();
        assert_eq!((outline.title(), outline.description.as_str()), ("A b", "What it is."));
        let parts: Vec<_> = outline.parts.iter().map(|part| part.text.trim()).collect();
        assert_eq!(parts, ["What it is. one two", "More."]);
        assert_eq!((outline.headings()[0].level, outline.headings()[0].id.as_str()), (2, "part"));
    }

    #[test]
    fn headings_have_the_anchors_of_code_hosts() {
        let text = "# T\n\nx\n\n## `rate_limits.one`, Two & Three!\n\n## Added\n\n## Added\n";
        let ids: Vec<_> = outline(text).unwrap().parts.into_iter().map(|part| part.id).collect();
        assert_eq!(ids, ["t", "rate_limitsone-two--three", "added", "added-1"]);
    }

    #[test]
    fn a_page_begins_with_its_one_title_and_has_a_description() {
        for odd in ["x\n", "## T\n\nx\n", "# T\n\nx\n\n# U\n", "# T\n\n## U\n"] {
            assert!(outline(odd).is_err(), "{odd:?}");
        }
    }

    #[test]
    fn parts_of_a_page_become_what_the_style_sheet_knows() {
        for (markdown, shown) in [
            ("y", "<p>y</p>"),
            ("## A", "<h2 id=\"a\"><a class=\"anchor\" href=\"#a\">A</a></h2>"),
            (
                "- **Addition:** new *and* **Addition**",
                "<li><span class=\"badge info\">Addition</span> New <em>and</em> <strong>Addition</strong>",
            ),
            ("Addition: new.", "<p><span class=\"badge info\">Addition</span> New.</p>"),
            (
                "> [!WARNING]\n> y",
                "<div class=\"callout warn\">\n<p class=\"callout-name\">Warning</p>\n<p>y</p>",
            ),
            ("| a |\n|---|\n| b |", "<div class=\"scroll\"><table>"),
            (
                "```text\n<y>\n```",
                "<div class=\"code\"><pre><code>&#60;y&#62;\n</code></pre></div>",
            ),
            ("[y](../errors.md#codes)", "<a href=\"/docs/errors#codes\">y</a>"),
            ("a < b & *c*", "<p>a &lt; b &amp; <em>c</em></p>"),
        ] {
            let html = made(&format!("# T\n\nx\n\n{markdown}\n")).unwrap();
            assert!(html.starts_with("<p class=\"lead\">x</p>\n"), "{html}");
            assert!(html.contains(shown), "{shown} is not in {html}");
        }
    }

    #[test]
    fn what_could_not_be_shown_or_would_lead_nowhere_is_a_problem() {
        let odd = [
            "<b>y</b>",
            "<div>y</div>",
            "![y](y.png)",
            "[y](nowhere.md)",
            "[y](../errors.md#nothing)",
            "[y][z]\n\n[z]: ../errors.md",
            "```perl\ny\n```",
        ];
        for markdown in odd {
            let problems = made(&format!("# T\n\nx\n\n{markdown}\n")).expect_err(markdown);
            assert!(problems.to_string().starts_with("docs/guides/ids.md: "));
        }
        // All of them are told at once.
        let all = format!("# T\n\nx\n\n{}\n", odd[2..5].join("\n\n"));
        assert_eq!(made(&all).unwrap_err().to_string().lines().count(), 3);
    }
}
