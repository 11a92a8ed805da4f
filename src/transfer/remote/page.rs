//! Pages of lists.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::Client;
use super::error::RemoteError;
use super::kind::Kind;
use crate::model::values::time::Timestamp;

/// The largest page that the API allows.
const LIMIT: &str = "100";

/// The fields of an object that the transfer itself needs.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub id: String,
    pub display_id: i64,
    pub created_at: Timestamp,
    /// `None` for a customer.
    pub customer: Option<String>,
}

/// An object of a list: a line of JSON.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub head: Head,
    pub json: String,
}

/// A page of a list.
#[derive(Debug)]
pub(super) struct Page {
    pub items: Vec<Item>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

#[derive(Deserialize)]
#[serde(expecting = "the response of a Pivotal API")]
struct ListBody<'b> {
    object: String,
    #[serde(borrow)]
    data: Vec<&'b RawValue>,
    has_more: bool,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object of a Pivotal API")]
struct HeadBody {
    object: String,
    id: String,
    display_id: i64,
    created_at: String,
    customer_id: Option<String>,
}

/// Retrieves a page of a list. Returns `None` if the list's parent doesn't exist.
pub(super) fn fetch(
    client: &mut Client,
    path: &str,
    kind: Kind,
    cursor: Option<&str>,
) -> Result<Option<Page>, RemoteError> {
    let mut query = vec![("limit", LIMIT)];
    query.extend(cursor.map(|cursor| ("cursor", cursor)));
    let reply = client.get(path, &query)?;
    if reply.is_not_found() {
        return Ok(None);
    }
    let unexpected = |reason| RemoteError::Unexpected { request: format!("GET {path}"), reason };
    if !reply.is_success() {
        return Err(unexpected(reply.fault().message));
    }
    let page = parse(reply.body(), kind).map_err(unexpected)?;
    if page.next.is_some() && page.next.as_deref() == cursor {
        return Err(unexpected("the next page is the same page again".to_owned()));
    }
    Ok(Some(page))
}

fn parse(body: &[u8], kind: Kind) -> Result<Page, String> {
    let list: ListBody<'_> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    if list.object != "list" {
        return Err("it is not a list".to_owned());
    }
    let next = match (list.has_more, list.next_cursor) {
        (false, _) => None,
        (true, Some(cursor)) => Some(cursor),
        (true, None) => return Err("`next_cursor` is missing".to_owned()),
    };
    let items = list.data.into_iter().map(|object| Item::parse(object.get(), kind));
    Ok(Page { items: items.collect::<Result<_, _>>()?, next })
}

impl Item {
    fn parse(text: &str, kind: Kind) -> Result<Self, String> {
        // In JSON, a line break can only be between values.
        let json = text.replace(['\n', '\r'], " ");
        Ok(Self { head: Head::parse(&json, kind)?, json })
    }
}

impl Head {
    /// Reads an object, which must be of this kind.
    pub fn parse(json: &str, kind: Kind) -> Result<Self, String> {
        let body: HeadBody = serde_json::from_str(json).map_err(|error| error.to_string())?;
        if body.object != kind.as_str() {
            return Err(format!("an object of the list is not a {}", kind.as_str()));
        }
        if !is_plain(&body.id) || !body.customer_id.as_deref().is_none_or(is_plain) {
            return Err("an ID contains unusual characters".to_owned());
        }
        let created_at = Timestamp::parse(&body.created_at)
            .ok_or_else(|| format!("`created_at` of {} is not a time", body.id))?;
        let customer = match kind {
            Kind::Customer => None,
            Kind::Contact | Kind::Onboarding => Some(
                body.customer_id
                    .ok_or_else(|| format!("`customer_id` of {} is missing", body.id))?,
            ),
        };
        Ok(Self { id: body.id, display_id: body.display_id, created_at, customer })
    }
}

/// Whether an ID can be used in a path.
pub(super) fn is_plain(id: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=100).contains(&id.len()) && id.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUSTOMER: &str = r#"{"object":"customer","id":"c1","display_id":7,
        "created_at":"2026-01-01T00:00:00.001Z","metadata":{"a":1.50}}"#;

    fn list(data: &str, rest: &str) -> String {
        format!(r#"{{"object":"list","data":[{data}],{rest}}}"#)
    }

    #[test]
    fn an_object_becomes_one_line_and_keeps_its_text() {
        let body = list(CUSTOMER, r#""has_more":true,"next_cursor":"x""#);
        let page = parse(body.as_bytes(), Kind::Customer).unwrap();
        assert_eq!(page.next.as_deref(), Some("x"));
        assert_eq!(page.items[0].head.display_id, 7);
        assert_eq!(page.items[0].json, CUSTOMER.replace('\n', " "));
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        let body = list("", r#""has_more":false,"next_cursor":"left over""#);
        let page = parse(body.as_bytes(), Kind::Customer).unwrap();
        assert!(page.items.is_empty() && page.next.is_none());
    }

    #[test]
    fn other_responses_are_refused() {
        let end = r#""has_more":false,"next_cursor":null"#;
        for body in [
            "[]".to_owned(),
            "<html>".to_owned(),
            CUSTOMER.to_owned(),
            list("", end).replace("list", "lists"),
            list("", r#""has_more":true,"next_cursor":null"#),
            list("{}", end),
            list("[]", end),
            list("7", end),
            list(&CUSTOMER.replace("customer", "contact"), end),
            list(&CUSTOMER.replace("\"c1\"", "\"../me\""), end),
            list(&CUSTOMER.replace("2026-01-01T", "yesterday "), end),
        ] {
            let reason = parse(body.as_bytes(), Kind::Customer).unwrap_err();
            assert!(!reason.contains("struct"), "{reason}");
        }
        let contact = CUSTOMER.replace("customer", "contact");
        assert!(Head::parse(&contact, Kind::Contact).unwrap_err().contains("customer_id"));
    }
}
