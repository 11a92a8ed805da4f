//! Paths and titles for links between the pages.

use super::forms::form::Form;
use crate::model::customer::Customer;
use crate::model::onboarding::{Onboarding, Phase};
use crate::model::values::id::DisplayId;
use crate::model::values::invisible::is_blank_text;
use crate::model::values::slug::Slug;
use crate::model::values::text::Line;
use crate::model::values::time::Timestamp;

/// Returns the path of a customer's page.
pub(super) fn customer_path(customer: &Customer) -> String {
    customer_path_from(customer.display_id, &customer.slug)
}

/// Like [`customer_path`], for callers that only have the number and the slug.
pub(super) fn customer_path_from(number: DisplayId, slug: &Slug) -> String {
    format!("/customers/{}-{slug}", number.0)
}

/// Like [`customer_path`], for callers that only have the ID.
pub(super) fn customer_path_from_id(id: &str) -> String {
    format!("/customers/{id}")
}

/// Returns the path of an onboarding's page.
pub(super) fn onboarding_path(onboarding: &Onboarding) -> String {
    onboarding_path_from(onboarding.display_id)
}

/// Like [`onboarding_path`], for callers that only have the number.
pub(super) fn onboarding_path_from(number: DisplayId) -> String {
    format!("/onboardings/{}", number.0)
}

/// Returns the path of the form for a workspace's settings.
pub(super) fn workspace_edit_path(slug: &Slug) -> String {
    format!("/admin/workspaces/{slug}/edit")
}

/// Returns the onboarding's name, or `Onboarding 12` if it has none.
pub(super) fn onboarding_title(onboarding: &Onboarding) -> String {
    let name = onboarding.name.as_ref().map(Line::as_str).filter(|name| !is_blank_text(name));
    name.map_or_else(|| format!("Onboarding {}", onboarding.display_id.0), str::to_owned)
}

/// Whether an onboarding is past its target launch date and not completed.
pub(super) fn is_overdue(onboarding: &Onboarding, now: &Timestamp) -> bool {
    onboarding.phase != Phase::Completed
        && onboarding.target_launch_date.is_some_and(|launch| launch < *now)
}

/// Returns the path of an onboarding's card on the board, keeping the board's filter.
pub(super) fn card_path(filter: &Form, onboarding: &Onboarding) -> String {
    let parameters = ["state", "customer"].map(|name| (name, filter.value(name)));
    format!(
        "{}#onboarding-{}",
        path_with_query("/onboardings", &parameters),
        onboarding.display_id.0
    )
}

/// Returns the path of a page of the documentation, given by its path in `docs` without `.md`, with
/// an anchor if needed: `operate/backup#restore`.
pub(super) fn docs_path(page: &str) -> String {
    if page.is_empty() { "/docs".to_owned() } else { format!("/docs/{page}") }
}

/// Returns the path of a contact. It leads to the page of the customer, or to a page that says that
/// the contact was deleted.
pub(super) fn contact_path(number: DisplayId) -> String {
    format!("/contacts/{}", number.0)
}

/// Returns the path of a key in the list of API keys.
pub(super) fn key_path(id: &str) -> String {
    format!("/admin/api-keys#key-{id}")
}

/// Returns the path of a webhook endpoint, also of a deleted one.
pub(super) fn endpoint_path(id: &str) -> String {
    format!("/admin/webhooks/{id}")
}

/// Returns the path of the audit log of one resource.
pub(super) fn history_path(id: &str) -> String {
    path_with_query("/admin/logs", &[("id", id)])
}

/// Appends the non-empty parameters to a path.
pub(super) fn path_with_query(path: &str, parameters: &[(&str, &str)]) -> String {
    let non_empty = parameters.iter().filter(|(_, value)| !value.is_empty());
    let query =
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(non_empty).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// Checks a redirect target from a request. Returns `None` for anything that could lead to another
/// site.
pub(super) fn local_path(path: &str) -> Option<&str> {
    let rest = path.strip_prefix('/')?;
    let plain = |b: u8| b.is_ascii_graphic() && b != b'\\';
    (!rest.starts_with('/') && path.bytes().all(plain)).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_parameters_are_left_out() {
        assert_eq!(path_with_query("/x", &[("q", ""), ("cursor", "")]), "/x");
        assert_eq!(
            path_with_query("/x", &[("q", "a&b c"), ("s", ""), ("t", "1")]),
            "/x?q=a%26b+c&t=1"
        );
    }

    #[test]
    fn redirects_only_lead_to_paths_on_this_site() {
        for path in ["/", "/admin", "/customers?q=a%20b&status=active"] {
            assert_eq!(local_path(path), Some(path));
        }
        for path in ["", "admin", "//host", "/\\host", "https://host", "/a b", "/a\r\nb", "/ä"] {
            assert_eq!(local_path(path), None, "{path}");
        }
    }

    /// Returns the text of each template of the pages.
    fn templates(dir: &std::path::Path) -> Vec<String> {
        let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
        entries
            .flat_map(|path| match path.is_dir() {
                true => templates(&path),
                false => vec![std::fs::read_to_string(&path).unwrap()],
            })
            .collect()
    }

    /// Returns the anchor of a heading.
    fn anchor(heading: &str) -> String {
        let heading = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        heading.chars().filter(|&c| c.is_alphanumeric() || c == '-').collect()
    }

    #[test]
    fn every_link_to_the_documentation_leads_to_a_page_and_a_heading() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut checked = 0;
        for template in templates(&root.join("templates/admin")) {
            for call in template.split("ui::help(page, \"").skip(1) {
                let target = call.split('"').next().unwrap();
                let (page, heading) = target.split_once('#').unwrap_or((target, ""));
                let file = root.join(format!("docs/{page}.md"));
                let text = std::fs::read_to_string(&file).unwrap_or_else(|_| panic!("{target}"));
                let has_heading = text.lines().any(|line| anchor(line) == heading);
                assert!(heading.is_empty() || has_heading, "{target}");
                checked += 1;
            }
        }
        assert!(checked > 15, "{checked}");
    }
}
