//! The Markdown that is served beside a page: its source, with links that work wherever it is read.

use pulldown_cmark::{Event, LinkType, Tag};

use super::address::{self, ORIGIN};
use super::links::{self, Anchors, Target};
use super::markdown;

/// The text with links to the Markdown of the pages. Links that lead nowhere were found before.
pub fn of(path: &str, markdown: &str, anchors: &Anchors) -> Result<String, String> {
    let mut text = String::with_capacity(markdown.len());
    let mut from = 0;
    for (event, range) in markdown::parser(markdown).into_offset_iter() {
        let Event::Start(Tag::Link { link_type: LinkType::Inline, dest_url, .. }) = event else {
            continue;
        };
        let Ok(Target::Page { path, fragment }) = links::resolve(path, &dest_url, anchors) else {
            continue;
        };
        // The address stands behind the words, which may hold brackets themselves.
        let written = format!("]({dest_url}");
        let at = markdown[range.clone()].rfind(&written);
        let at = at.ok_or_else(|| format!("the link {dest_url} is written in an unusual way"))?;
        let begin = range.start + at + "](".len();
        text += &markdown[from..begin];
        text += &format!("{ORIGIN}{}{fragment}", address::twin(&path));
        from = begin + dest_url.len();
    }
    text += &markdown[from..];
    Ok(text)
}
