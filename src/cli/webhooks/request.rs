//! A webhook request as a receiver gets it, with the signed parts still unparsed.

/// An HTTP/1.1 request, with or without its first line.
pub struct Request<'r> {
    head: &'r str,
    pub id: &'r str,
    pub timestamp: i64,
    pub signatures: &'r str,
    pub body: &'r [u8],
}

/// Why the bytes aren't a signed request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    #[error("the request has no empty line after its headers")]
    Unfinished,
    #[error("the request has headers that aren't text")]
    NotText,
    #[error("the request has no svix-{0} or webhook-{0} header")]
    Missing(&'static str),
    #[error("the timestamp header must be a Unix time in seconds")]
    Timestamp,
}

impl<'r> Request<'r> {
    /// # Errors
    /// See [`RequestError`].
    pub fn parse(input: &'r [u8]) -> Result<Self, RequestError> {
        let (head, body) = split(input).ok_or(RequestError::Unfinished)?;
        let head = std::str::from_utf8(head).map_err(|_| RequestError::NotText)?;
        let either = |name: &'static str| {
            header(head, &format!("svix-{name}"))
                .or_else(|| header(head, &format!("webhook-{name}")))
                .ok_or(RequestError::Missing(name))
        };
        let timestamp = either("timestamp")?.parse().map_err(|_| RequestError::Timestamp)?;
        Ok(Self { head, id: either("id")?, timestamp, signatures: either("signature")?, body })
    }

    /// Returns the names and values of all headers.
    pub fn headers(&self) -> impl Iterator<Item = (&'r str, &'r str)> {
        headers(self.head)
    }
}

fn headers(head: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = head.lines().filter_map(|line| line.split_once(':'));
    pairs.map(|(name, value)| (name.trim(), value.trim()))
}

/// Returns a header's value. Names are case-insensitive.
pub fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    headers(head).find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Splits the headers from the body, at the first empty line.
pub fn split(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = |separator: &[u8]| {
        let start = input.windows(separator.len()).position(|window| window == separator)?;
        Some((start, start + separator.len()))
    };
    let found = [at(b"\r\n\r\n"), at(b"\n\n")];
    let (end, start) = found.into_iter().flatten().min()?;
    Some((&input[..end], &input[start..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_found_in_any_case_and_the_body_is_left_as_it_is() {
        for (newline, head) in [("\r\n", "POST /hook HTTP/1.1\r\n"), ("\n", "")] {
            let text = format!(
                "{head}Svix-Id: msg_1{newline}SVIX-TIMESTAMP: 12{newline}webhook-signature: v1,a \
                 v1,b{newline}{newline}{{\"a\": 1}}\n\n"
            );
            let request = Request::parse(text.as_bytes()).unwrap();
            assert_eq!((request.id, request.timestamp), ("msg_1", 12));
            assert_eq!(request.signatures, "v1,a v1,b");
            assert_eq!(request.body, b"{\"a\": 1}\n\n");
            let names: Vec<&str> = request.headers().map(|(name, _)| name).collect();
            assert_eq!(names, ["Svix-Id", "SVIX-TIMESTAMP", "webhook-signature"]);
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for (text, error) in [
            ("svix-id: 1", RequestError::Unfinished),
            ("svix-id: 1\n\n", RequestError::Missing("timestamp")),
            ("svix-timestamp: 1\n\n", RequestError::Missing("id")),
            ("svix-id: 1\nsvix-timestamp: 1\n\n", RequestError::Missing("signature")),
            ("svix-timestamp: soon\n\n", RequestError::Timestamp),
        ] {
            assert_eq!(Request::parse(text.as_bytes()).err(), Some(error), "{text}");
        }
        assert_eq!(Request::parse(b"a: \xff\n\n").err(), Some(RequestError::NotText));
    }
}
