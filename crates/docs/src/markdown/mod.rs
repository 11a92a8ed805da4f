//! Parses the Markdown of the pages and renders it as HTML and as portable Markdown.

mod code;
mod highlight;
mod html;
mod links;
mod outline;
mod parser;
mod portable;
mod text;

pub use highlight::Highlighter;
pub use html::html;
pub use links::Anchors;
pub use outline::Part;
pub use portable::portable;
pub use text::Text;
