//! The `traceparent` header (W3C Trace Context, level 1), with which a client says which trace its
//! request belongs to.

use actix_web::http::header::{HeaderMap, HeaderName};

static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The length of a header of version 00, and where its parts end.
const LENGTH: usize = 55;
const VERSION_END: usize = 2;
const TRACE_END: usize = 35;
const PARENT_END: usize = 52;

/// Returns the trace ID: 32 lowercase hex digits, safe to log. `None` if the header is missing,
/// repeated, or invalid.
pub(crate) fn trace_id(headers: &HeaderMap) -> Option<&str> {
    let mut sent = headers.get_all(&TRACEPARENT);
    let (only, None) = (sent.next()?, sent.next()) else { return None };
    parse(only.to_str().ok()?)
}

fn parse(header: &str) -> Option<&str> {
    let header = header.trim_matches([' ', '\t']);
    // Otherwise a part could begin in the middle of a character.
    let rest = header.get(LENGTH..).filter(|_| header.is_ascii())?;
    let version = &header[..VERSION_END];
    // Later versions can append fields.
    let is_complete = rest.is_empty() || (version != "00" && rest.starts_with('-'));
    let trace = header[VERSION_END..TRACE_END].strip_prefix('-')?;
    let parent = header[TRACE_END..PARENT_END].strip_prefix('-')?;
    let flags = header[PARENT_END..LENGTH].strip_prefix('-')?;
    let is_valid = is_complete
        && is_hex(version)
        && version != "ff"
        && is_id(trace)
        && is_id(parent)
        && is_hex(flags);
    is_valid.then_some(trace)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// An ID of zeros is invalid.
fn is_id(text: &str) -> bool {
    is_hex(text) && text.bytes().any(|byte| byte != b'0')
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const VALID: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_valid_header_has_a_trace_id() {
        let later = "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-09";
        for header in [VALID, later, &format!("{later}-more"), &format!(" {VALID}\t")] {
            assert_eq!(parse(header), Some(TRACE), "{header}");
        }
    }

    #[test]
    fn an_invalid_header_has_none() {
        let invalid = [
            String::new(),
            VALID[..54].to_owned(),
            format!("{VALID}-more"),
            format!("{VALID}1"),
            format!("cc{}1", &VALID[2..]),
            format!("ff{}", &VALID[2..]),
            format!("0x{}", &VALID[2..]),
            VALID.to_uppercase(),
            VALID.replace('-', "_"),
            VALID.replace(TRACE, &"0".repeat(32)),
            VALID.replace("00f067aa0ba902b7", &"0".repeat(16)),
            VALID.replace("-01", "-0g"),
            VALID.replace('4', "é"),
            format!("0{}", "é".repeat(40)),
        ];
        for header in invalid {
            assert_eq!(parse(&header), None, "{header}");
        }
    }

    #[test]
    fn a_repeated_header_is_ignored() {
        let mut headers = HeaderMap::new();
        assert_eq!(trace_id(&headers), None);
        headers.append(TRACEPARENT.clone(), HeaderValue::from_static(VALID));
        assert_eq!(trace_id(&headers), Some(TRACE));
        headers.append(TRACEPARENT.clone(), HeaderValue::from_static(VALID));
        assert_eq!(trace_id(&headers), None);
    }

    proptest! {
        #[test]
        fn whatever_is_sent_a_trace_id_is_safe_to_log(
            header in "[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.{0,9})?|.{50,60}"
        ) {
            if let Some(id) = parse(&header) {
                prop_assert!(id.len() == 32 && is_id(id));
            }
        }
    }
}
