//! Follows every link of the pages, their Markdown versions, and the indexes, and checks that none is
//! broken.

use std::collections::{BTreeMap, BTreeSet};

use crate::docs::pages::page_urls;
use crate::support::{Server, Visitor};

#[derive(Default)]
struct Crawl {
    /// The anchors of each page.
    ids: BTreeMap<String, BTreeSet<String>>,
    /// Links with a fragment: the page of the link, the target page, and the anchor.
    fragments: Vec<(String, String, String)>,
    visited: BTreeSet<String>,
    queue: Vec<String>,
}

impl Crawl {
    /// Follows links from some URLs until nothing new is found.
    fn run(reader: &Visitor, origin: &str, starts: &[&str]) -> Self {
        let mut crawl =
            Self { queue: starts.iter().map(ToString::to_string).collect(), ..Self::default() };
        while let Some(path) = crawl.queue.pop() {
            if !crawl.visited.insert(path.clone()) {
                continue;
            }
            let response = reader.get(&path);
            assert_eq!(response.status, 200, "the target of a link: {path}");
            let links = match response.header("content-type") {
                Some("text/html; charset=utf-8") => {
                    let ids = response.attributes("[id]", "id");
                    crawl.ids.insert(path.clone(), ids.into_iter().collect());
                    [response.attributes("[href]", "href"), response.attributes("[src]", "src")]
                        .concat()
                }
                Some("text/markdown; charset=utf-8" | "text/plain; charset=utf-8") => {
                    crawl.ids.insert(path.clone(), heading_anchors(&response.body));
                    links_in_text(&response.body, origin)
                }
                _ => Vec::new(),
            };
            for link in links {
                crawl.add_link(&path, &link, origin);
            }
        }
        crawl
    }

    fn add_link(&mut self, from: &str, link: &str, origin: &str) {
        let own = link.strip_prefix(origin).unwrap_or(link);
        if own.starts_with("https://") {
            return;
        }
        let (path, anchor) = own.split_once('#').unwrap_or((own, ""));
        let path = if path.is_empty() { from } else { path };
        assert!(path.starts_with('/'), "{from} links to {link}");
        self.queue.push(path.to_owned());
        if !anchor.is_empty() {
            self.fragments.push((from.to_owned(), path.to_owned(), anchor.to_owned()));
        }
    }
}

/// Returns the anchors that code hosts give the headings of a Markdown file.
fn heading_anchors(text: &str) -> BTreeSet<String> {
    let mut in_code = false;
    let mut ids = BTreeSet::new();
    for line in text.lines() {
        in_code ^= line.trim_start().starts_with("```");
        let heading = line.trim_start_matches('#');
        let Some(heading) = heading.strip_prefix(' ').filter(|_| line.starts_with('#')) else {
            continue;
        };
        if in_code {
            continue;
        }
        let letters = heading.trim().to_lowercase().replace(' ', "-");
        let id: String = letters
            .chars()
            .filter(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_'))
            .collect();
        let count = (1..).find(|count| !ids.contains(&numbered(&id, *count))).unwrap_or(1);
        ids.insert(numbered(&id, count));
    }
    ids
}

/// Returns the anchor of the `count`th heading with the same text.
fn numbered(id: &str, count: usize) -> String {
    if count == 1 { id.to_owned() } else { format!("{id}-{}", count - 1) }
}

/// Returns the links in a Markdown file and the docs URLs in its text. URLs of the API in code samples
/// are not links.
fn links_in_text(text: &str, origin: &str) -> Vec<String> {
    let ends = |c: char| c.is_whitespace() || "()<>\"'`|".contains(c);
    let linked = text.split("](").skip(1).filter_map(|rest| rest.split(ends).next());
    let mentioned = text.match_indices(origin).filter_map(|(at, _)| text[at..].split(ends).next());
    let mentioned = mentioned.map(|url| url.trim_end_matches(['.', ',', ':', ';']));
    let mentioned = mentioned.filter(|url| {
        let path = &url[origin.len()..];
        path.starts_with("/docs") || path.starts_with("/llms") || path.ends_with("/openapi.json")
    });
    let linked = linked.filter(|link| link.starts_with("http"));
    linked.chain(mentioned).map(str::to_owned).collect()
}

#[test]
fn no_link_is_broken_and_every_page_is_linked() {
    let server = Server::start();
    let reader = Visitor::new(server.address());
    let origin = server.origin();
    for starts in [&["/docs"][..], &["/llms.txt", "/llms-full.txt"]] {
        let crawl = Crawl::run(&reader, &origin, starts);
        for url in page_urls(&reader) {
            assert!(crawl.visited.contains(&format!("{url}.md")), "nothing links to {url}.md");
            if starts[0] == "/docs" {
                assert!(crawl.visited.contains(&url), "nothing links to {url}");
            }
        }
        assert!(crawl.fragments.len() > 50);
        for (from, path, anchor) in crawl.fragments {
            assert!(crawl.ids[&path].contains(&anchor), "{from} links to {path}#{anchor}");
        }
    }
}
