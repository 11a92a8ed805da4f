//! The Markdown dialect of the pages: CommonMark with GitHub's tables and callouts.

use pulldown_cmark::{Options, Parser};

pub fn parser(markdown: &str) -> Parser<'_> {
    Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_GFM)
}
