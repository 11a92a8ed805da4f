//! The Markdown version of a page: its source with absolute links, so that it works anywhere.

use pulldown_cmark::{Event, LinkType, Tag};

use super::links::{self, Anchors, Target};
use super::parser::parser;
use super::text::Text;
use crate::problem::Problems;
use crate::urls::{self, ORIGIN};

/// Rewrites links to pages as absolute links to their Markdown versions. Broken links are skipped,
/// because rendering the HTML reports them.
pub fn portable(text: &Text, anchors: &Anchors) -> Result<String, Problems> {
    let markdown = text.markdown.as_str();
    let mut output = String::with_capacity(markdown.len());
    let mut from = 0;
    for (event, range) in parser(markdown).into_offset_iter() {
        let Event::Start(Tag::Link { link_type: LinkType::Inline, dest_url, .. }) = event else {
            continue;
        };
        let Ok(Target::Page { path, fragment }) = links::resolve(&text.path, &dest_url, anchors)
        else {
            continue;
        };
        // Search from the end, because the text of the link may contain brackets.
        let written = format!("]({dest_url}");
        let at = markdown[range.clone()].rfind(&written);
        let at = at.ok_or_else(|| {
            Problems::new(
                &text.file,
                format!("the link {dest_url} must be written as [text](target)"),
            )
        })?;
        let begin = range.start + at + "](".len();
        output += &markdown[from..begin];
        output += &format!("{ORIGIN}{}{fragment}", urls::markdown(&path));
        from = begin + dest_url.len();
    }
    output += &markdown[from..];
    Ok(output)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn links_between_pages_become_absolute_and_nothing_else_changes() {
        let page = |path: &str| (path.to_owned(), BTreeSet::from(["codes".to_owned()]));
        let anchors = Anchors::from([page(""), page("errors"), page("guides/ids")]);
        let source = "# T\n\nSee [the [codes]](../errors.md#codes \"All\"), [`a](b)`](../index.md) and \
                      [x](#codes).\n\n```bash\necho '[x](../errors.md)'\n```\n\n<https://example.org/a.md>\n";
        let text = Text::parse("guides/ids", String::new(), source.to_owned()).unwrap();
        assert_eq!(
            portable(&text, &anchors).unwrap(),
            "# T\n\nSee [the [codes]](https://pivotal.example.com/docs/errors.md#codes \"All\"), \
             [`a](b)`](https://pivotal.example.com/docs.md) and \
             [x](https://pivotal.example.com/docs/guides/ids.md#codes).\n\n\
             ```bash\necho '[x](../errors.md)'\n```\n\n<https://example.org/a.md>\n"
        );
    }
}
