//! The dialect of Markdown that pages are written in.

use pulldown_cmark::{Options, Parser};

/// CommonMark with GitHub's tables and callouts.
pub fn parser(markdown: &str) -> Parser<'_> {
    Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_GFM)
}
