//! Renders a page's Markdown as HTML. Beyond plain Markdown, it adds a lead paragraph, badges,
//! callouts, tabs, and anchors.

use std::fmt::Display;

use pulldown_cmark::{
    BlockQuoteKind, CodeBlockKind, CowStr, Event, HeadingLevel, LinkType, Tag, TagEnd, html,
};

use super::code::{self, CodeBlock};
use super::highlight::Highlighter;
use super::links::{self, Anchors, Target};
use super::outline::Part;
use super::parser::parser;
use super::text::Text;
use crate::problem::Problems;
use crate::urls;

/// Marks an addition to the hosted API. The page shows a badge instead.
const ADDITION: &str = "Addition:";
const ADDITION_BADGE: &str = "<span class=\"badge info\">Addition</span>";

/// Renders a page without its title.
pub fn html(text: &Text, anchors: &Anchors, highlighter: &Highlighter) -> Result<String, Problems> {
    let mut page = Page {
        text,
        anchors,
        highlighter,
        parts: text.outline.parts.iter(),
        events: parser(&text.markdown).collect::<Vec<_>>().into_iter().peekable(),
        output: Vec::new(),
        problems: Problems::default(),
        has_lead: false,
    };
    while let Some(event) = page.events.next() {
        page.render(event);
    }
    let mut html = String::new();
    html::push_html(&mut html, page.output.into_iter());
    page.problems.into_result(html)
}

/// A page while it is being rendered.
struct Page<'a> {
    text: &'a Text,
    anchors: &'a Anchors,
    highlighter: &'a Highlighter,
    /// The parts whose headings have not been rendered yet.
    parts: std::slice::Iter<'a, Part>,
    events: std::iter::Peekable<std::vec::IntoIter<Event<'a>>>,
    output: Vec<Event<'a>>,
    problems: Problems,
    has_lead: bool,
}

impl<'a> Page<'a> {
    fn render(&mut self, event: Event<'a>) {
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
                self.push_html(format!("<{level} id=\"{id}\"><a class=\"anchor\" href=\"#{id}\">"));
            }
            Event::End(TagEnd::Heading(level)) => self.push_html(format!("</a></{level}>\n")),
            Event::Start(Tag::Paragraph) => self.start_paragraph(),
            Event::Start(Tag::BlockQuote(Some(kind))) => {
                let (class, name) = callout(kind);
                self.push_html(format!(
                    "<div class=\"callout {class}\">\n<p class=\"callout-name\">{name}</p>\n"
                ));
            }
            Event::End(TagEnd::BlockQuote(Some(_))) => self.push_html("</div>\n".to_owned()),
            Event::Start(Tag::Table(_)) => {
                self.push_html("<div class=\"scroll\">".to_owned());
                self.output.push(event);
            }
            Event::End(TagEnd::Table) => {
                self.output.push(event);
                self.push_html("</div>\n".to_owned());
            }
            Event::Start(Tag::CodeBlock(kind)) => self.render_code(kind),
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let dest_url = self.resolve_link(link_type, dest_url);
                self.output.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
            }
            Event::Html(text) | Event::InlineHtml(text) => {
                self.add_problem(format!("contains HTML, which is not supported: {}", text.trim()));
            }
            Event::Start(Tag::Image { dest_url, .. }) => {
                self.add_problem(format!("contains an image, which is not supported: {dest_url}"));
            }
            Event::Text(text) if &*text == ADDITION && self.is_strong() => {
                self.output.pop();
                self.events.next();
                self.push_html(ADDITION_BADGE.to_owned());
                if let Some(Event::Text(text)) = self.events.next_if(is_text) {
                    self.output.push(Event::Text(format!(" {}", capitalize(&text)).into()));
                }
            }
            event => self.output.push(event),
        }
    }

    /// Whether the current text is the only content of a `Strong`.
    fn is_strong(&mut self) -> bool {
        matches!(self.output.last(), Some(Event::Start(Tag::Strong)))
            && matches!(self.events.peek(), Some(Event::End(TagEnd::Strong)))
    }

    fn add_problem(&mut self, problem: impl Display) {
        self.problems.add(&self.text.file, problem);
    }

    fn push_html(&mut self, html: String) {
        self.output.push(Event::Html(html.into()));
    }

    /// Starts a paragraph. The first one is the lead; an addition to the hosted API gets a badge.
    fn start_paragraph(&mut self) {
        let marked = match self.events.peek() {
            Some(Event::Text(text)) => text.strip_prefix(ADDITION).map(capitalize),
            _ => None,
        };
        if let Some(rest) = marked {
            self.events.next();
            self.push_html(format!("<p>{ADDITION_BADGE} "));
            self.output.push(Event::Text(rest.into()));
        } else if self.has_lead {
            self.push_html("<p>".to_owned());
        } else {
            self.push_html("<p class=\"lead\">".to_owned());
        }
        self.has_lead = true;
    }

    /// Renders a code block together with those that directly follow it.
    fn render_code(&mut self, first: CodeBlockKind<'a>) {
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
                CodeBlockKind::Fenced(info) => CodeBlock::new(&info, text),
                CodeBlockKind::Indented => CodeBlock::new("text", text),
            };
            match block {
                Ok(block) => blocks.push(block),
                Err(problem) => self.add_problem(problem),
            }
            let is_code = |event: &Event<'_>| matches!(event, Event::Start(Tag::CodeBlock(_)));
            if let Some(Event::Start(Tag::CodeBlock(kind))) = self.events.next_if(is_code) {
                next = Some(kind);
            }
        }
        match code::html(&blocks, self.highlighter) {
            Ok(html) => self.push_html(html),
            Err(problem) => self.add_problem(problem),
        }
    }

    fn resolve_link(&mut self, kind: LinkType, link: CowStr<'a>) -> CowStr<'a> {
        match links::resolve(&self.text.path, &link, self.anchors) {
            Ok(Target::External) => link,
            // `portable` rewrites only inline links.
            Ok(Target::Page { .. }) if kind != LinkType::Inline => {
                self.add_problem(format!("the link {link} must be written inline"));
                link
            }
            Ok(Target::Page { path, fragment }) => (urls::page(&path) + &fragment).into(),
            Err(problem) => {
                self.add_problem(problem);
                link
            }
        }
    }
}

fn is_text(event: &Event<'_>) -> bool {
    matches!(event, Event::Text(_))
}

/// Trims the start and capitalizes the first letter.
fn capitalize(text: &str) -> String {
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

    fn render(markdown: &str) -> Result<String, Problems> {
        let file = "docs/guides/ids.md".to_owned();
        let text = Text::parse("guides/ids", file, markdown.to_owned())?;
        let anchors = ["codes".to_owned()].into_iter().collect::<BTreeSet<_>>();
        let anchors = Anchors::from([("errors".to_owned(), anchors)]);
        html(&text, &anchors, &Highlighter::new().unwrap())
    }

    #[test]
    fn markdown_is_rendered_for_the_style_sheet() {
        for (markdown, expected) in [
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
            let html = render(&format!("# T\n\nx\n\n{markdown}\n")).unwrap();
            assert!(html.starts_with("<p class=\"lead\">x</p>\n"), "{html}");
            assert!(html.contains(expected), "{expected} is not in {html}");
        }
    }

    #[test]
    fn unsupported_markdown_and_broken_links_are_problems() {
        let invalid = [
            "<b>y</b>",
            "<div>y</div>",
            "![y](y.png)",
            "[y](nowhere.md)",
            "[y](../errors.md#nothing)",
            "[y][z]\n\n[z]: ../errors.md",
            "```perl\ny\n```",
        ];
        for markdown in invalid {
            let problems = render(&format!("# T\n\nx\n\n{markdown}\n")).expect_err(markdown);
            assert!(problems.to_string().starts_with("docs/guides/ids.md: "));
        }
        // All problems are reported at once.
        let all = format!("# T\n\nx\n\n{}\n", invalid[2..5].join("\n\n"));
        assert_eq!(render(&all).unwrap_err().to_string().lines().count(), 3);
    }
}
