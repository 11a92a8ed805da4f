//! Finds the links in a page that start at the root of this server, so that they also work where
//! the server is served below a path.

use crate::model::web::base_path::BasePath;

/// The attributes that contain a URL, the `data-` attributes among them for scripts.
const ATTRIBUTES: [&str; 8] = [
    "action",
    "data-base",
    "data-card",
    "data-copy-page",
    "data-path",
    "formaction",
    "href",
    "src",
];

/// The start of a `content` attribute that redirects, followed by the URL.
const REFRESH: &str = "0;url=";

/// Returns the positions of URLs in the tags of a page that start with a single slash. Text and
/// values from users can't look like a tag, because `<`, `>`, and quotes in them are escaped.
pub(in crate::http) fn positions(html: &str) -> impl Iterator<Item = usize> {
    html.match_indices("=\"").filter_map(|(equals, quote)| {
        let value = equals + quote.len();
        let start = match attribute_name(&html[..equals])? {
            "content" if html[value..].starts_with(REFRESH) => value + REFRESH.len(),
            name if ATTRIBUTES.contains(&name) => value,
            _ => return None,
        };
        let url = &html[start..];
        (url.starts_with('/') && !url.starts_with("//")).then_some(start)
    })
}

/// Returns the name of the attribute at the end of a text, unless the text ends outside a tag.
fn attribute_name(text: &str) -> Option<&str> {
    let tag = &text[text.rfind(['<', '>'])?..];
    if tag.starts_with('<') { tag.rsplit(char::is_whitespace).next() } else { None }
}

/// Returns the page with the base path in front of its links.
pub(super) fn prefix(html: &str, base: &BasePath) -> String {
    let mut prefixed = String::with_capacity(html.len() + html.len() / 16);
    let mut copied = 0;
    for position in positions(html) {
        prefixed.push_str(&html[copied..position]);
        prefixed.push_str(base.as_str());
        copied = position;
    }
    prefixed.push_str(&html[copied..]);
    prefixed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefixed(html: &str) -> String {
        prefix(html, &BasePath::parse("/pivotal").unwrap())
    }

    #[test]
    fn links_to_paths_of_this_server_get_the_base_path() {
        for (html, expected) in [
            (r#"<a href="/customers">"#, r#"<a href="/pivotal/customers">"#),
            (r#"<a class="b" href="/">"#, r#"<a class="b" href="/pivotal/">"#),
            ("<form\n action=\"/x\">", "<form\n action=\"/pivotal/x\">"),
            (
                r#"<button formaction="/x" type="submit"><script src="/y">"#,
                r#"<button formaction="/pivotal/x" type="submit"><script src="/pivotal/y">"#,
            ),
            (
                r#"<meta http-equiv="refresh" content="0;url=/x">"#,
                r#"<meta http-equiv="refresh" content="0;url=/pivotal/x">"#,
            ),
            (r#"<article data-card="/x">"#, r#"<article data-card="/pivotal/x">"#),
        ] {
            assert_eq!(prefixed(html), expected);
        }
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        for html in [
            "",
            r##"<a href="#here"><a href="?cursor=1"><a href="">"##,
            r#"<a href="https://example.com/x"><a href="//example.com/x">"#,
            r#"<input value="/x"><input name="next" value="/customers">"#,
            r#"<p>href="/x"</p>"#,
            r#"<code>&lt;a href="/x"&gt;</code>"#,
            r#"<meta name="description" content="/x">"#,
            r#"<td title="a &#34; href=&#34;/x&#34;">"#,
        ] {
            assert_eq!(prefixed(html), html);
        }
    }
}
