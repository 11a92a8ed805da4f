//! What links of the pages say, and where they lead.

use super::forms::form::Form;
use crate::model::customer::Customer;
use crate::model::onboarding::{Onboarding, Phase};
use crate::model::values::id::DisplayId;
use crate::model::values::invisible::is_blank_text;
use crate::model::values::slug::Slug;
use crate::model::values::text::Line;
use crate::model::values::time::Timestamp;

/// Where a customer is seen.
pub(super) fn customer_path(customer: &Customer) -> String {
    customer_path_from(customer.display_id, &customer.slug)
}

/// The same when only this is known of the customer.
pub(super) fn customer_path_from(number: DisplayId, slug: &Slug) -> String {
    format!("/customers/{}-{slug}", number.0)
}

/// What people call an onboarding: its name, or its number.
pub(super) fn onboarding_title(onboarding: &Onboarding) -> String {
    let name = onboarding.name.as_ref().map(Line::as_str).filter(|name| !is_blank_text(name));
    name.map_or_else(|| format!("Onboarding {}", onboarding.display_id.0), str::to_owned)
}

/// Whether an onboarding was to be launched before now and is not completed.
pub(super) fn is_overdue(onboarding: &Onboarding, now: &Timestamp) -> bool {
    onboarding.phase != Phase::Completed
        && onboarding.target_launch_date.is_some_and(|launch| launch < *now)
}

/// The board with the filter of a form, at the card of an onboarding.
pub(super) fn card_path(filter: &Form, onboarding: &Onboarding) -> String {
    let given = ["state", "customer"].map(|name| (name, filter.value(name)));
    format!("{}#onboarding-{}", path_with_query("/onboardings", &given), onboarding.display_id.0)
}

/// The address of a path with those of the parameters that are not empty.
pub(super) fn path_with_query(path: &str, parameters: &[(&str, &str)]) -> String {
    let given = parameters.iter().filter(|(_, value)| !value.is_empty());
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// A path of this site that was sent as the place to go on to. Anything that could lead elsewhere
/// is not one.
pub(super) fn local_path(path: &str) -> Option<&str> {
    let rest = path.strip_prefix('/')?;
    let plain = |b: u8| b.is_ascii_graphic() && b != b'\\';
    (!rest.starts_with('/') && path.bytes().all(plain)).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_the_parameters_that_are_given() {
        assert_eq!(path_with_query("/x", &[("q", ""), ("cursor", "")]), "/x");
        assert_eq!(
            path_with_query("/x", &[("q", "a&b c"), ("s", ""), ("t", "1")]),
            "/x?q=a%26b+c&t=1"
        );
    }

    #[test]
    fn only_a_path_of_this_site_is_gone_on_to() {
        for path in ["/", "/admin", "/customers?q=a%20b&status=active"] {
            assert_eq!(local_path(path), Some(path));
        }
        for path in ["", "admin", "//host", "/\\host", "https://host", "/a b", "/a\r\nb", "/ä"] {
            assert_eq!(local_path(path), None, "{path}");
        }
    }
}
