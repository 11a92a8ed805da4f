//! Every link of the documentation leads somewhere: of its pages, of their Markdown and of the
//! indexes. Everything is found by following links.

use std::collections::{BTreeMap, BTreeSet};

use crate::docs::pages::addresses;
use crate::support::{Server, Visitor};

/// What was found.
#[derive(Default)]
struct Found {
    /// The places within each page that a link can lead to.
    ids: BTreeMap<String, BTreeSet<String>>,
    /// Links to places: from where, to which page, and to which place there.
    places: Vec<(String, String, String)>,
    seen: BTreeSet<String>,
    open: Vec<String>,
}

impl Found {
    /// Follows links from some addresses until nothing new is found.
    fn from(reader: &Visitor, origin: &str, starts: &[&str]) -> Self {
        let mut found =
            Self { open: starts.iter().map(ToString::to_string).collect(), ..Self::default() };
        while let Some(path) = found.open.pop() {
            if !found.seen.insert(path.clone()) {
                continue;
            }
            let shown = reader.get(&path);
            assert_eq!(shown.status, 200, "{path}, to which a link leads");
            let links = match shown.header("content-type") {
                Some("text/html; charset=utf-8") => {
                    let ids = shown.attributes("[id]", "id");
                    found.ids.insert(path.clone(), ids.into_iter().collect());
                    [shown.attributes("[href]", "href"), shown.attributes("[src]", "src")].concat()
                }
                Some("text/markdown; charset=utf-8" | "text/plain; charset=utf-8") => {
                    found.ids.insert(path.clone(), headings(&shown.body));
                    of_text(&shown.body, origin)
                }
                _ => Vec::new(),
            };
            for link in links {
                found.note(&path, &link, origin);
            }
        }
        found
    }

    fn note(&mut self, from: &str, link: &str, origin: &str) {
        let own = link.strip_prefix(origin).unwrap_or(link);
        if own.starts_with("https://") {
            return;
        }
        let (path, place) = own.split_once('#').unwrap_or((own, ""));
        let path = if path.is_empty() { from } else { path };
        assert!(path.starts_with('/'), "{from} links to {link}");
        self.open.push(path.to_owned());
        if !place.is_empty() {
            self.places.push((from.to_owned(), path.to_owned(), place.to_owned()));
        }
    }
}

/// The anchors that code hosts give the headings of a Markdown.
fn headings(text: &str) -> BTreeSet<String> {
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

/// The anchor of the heading that has the same words for the `count`th time.
fn numbered(id: &str, count: usize) -> String {
    if count == 1 { id.to_owned() } else { format!("{id}-{}", count - 1) }
}

/// The links of a Markdown, and the addresses of the documentation that it names otherwise. Samples
/// name addresses of the API, which are no links.
fn of_text(text: &str, origin: &str) -> Vec<String> {
    let ends = |c: char| c.is_whitespace() || "()<>\"'`|".contains(c);
    let linked = text.split("](").skip(1).filter_map(|rest| rest.split(ends).next());
    let named = text.match_indices(origin).filter_map(|(at, _)| text[at..].split(ends).next());
    let named = named.map(|named| named.trim_end_matches(['.', ',', ':', ';']));
    let named = named.filter(|named| {
        let path = &named[origin.len()..];
        path.starts_with("/docs") || path.starts_with("/llms") || path.ends_with("/openapi.json")
    });
    let linked = linked.filter(|link| link.starts_with("http"));
    linked.chain(named).map(str::to_owned).collect()
}

#[test]
fn every_link_leads_somewhere_and_links_lead_everywhere() {
    let server = Server::start();
    let reader = Visitor::new(server.address());
    let origin = format!("http://{}", server.address());
    for starts in [&["/docs"][..], &["/llms.txt", "/llms-full.txt"]] {
        let found = Found::from(&reader, &origin, starts);
        for address in addresses(&reader) {
            assert!(found.seen.contains(&format!("{address}.md")), "nothing leads to {address}.md");
            if starts[0] == "/docs" {
                assert!(found.seen.contains(&address), "nothing leads to {address}");
            }
        }
        assert!(found.places.len() > 50);
        for (from, path, place) in found.places {
            assert!(found.ids[&path].contains(&place), "{from} links to {path}#{place}");
        }
    }
}
