//! The end of what a command writes to stderr, made safe for the log.

use std::io::Read;

/// How much is kept: enough for the last lines of any program.
const MAX_BYTES: usize = 8 << 10;
const MAX_LINES: usize = 10;
const MAX_CHARS: usize = 300;
/// Values shorter than this are too common to hide.
const MIN_SECRET: usize = 4;
const HIDDEN: &str = "(hidden)";

/// The last bytes of an output.
#[derive(Default)]
pub(super) struct Tail {
    bytes: Vec<u8>,
    is_cut: bool,
}

impl Tail {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        let surplus = self.bytes.len().saturating_sub(MAX_BYTES);
        self.bytes.drain(..surplus);
        self.is_cut |= surplus > 0;
    }

    /// Returns the last lines. The first one that is kept is left out if its beginning is missing:
    /// it may be part of a secret.
    pub fn lines(&self, secrets: &Secrets) -> Vec<String> {
        let mut bytes = &self.bytes[..];
        if self.is_cut {
            let end = bytes.iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |at| at + 1);
            bytes = &bytes[end..];
        }
        let text = secrets.hide(&String::from_utf8_lossy(bytes));
        let lines = text.split(['\n', '\r']).map(str::trim_end).filter(|line| !line.is_empty());
        let lines: Vec<String> = lines.map(printable).collect();
        lines[lines.len().saturating_sub(MAX_LINES)..].to_vec()
    }
}

/// Keeps the end of an output until it is closed. `lock` gives access to the tail.
pub(super) fn collect(mut output: impl Read, mut with_tail: impl FnMut(&dyn Fn(&mut Tail))) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = output.read(&mut buffer) {
        with_tail(&|tail| tail.push(&buffer[..read]));
    }
}

/// Replaces control characters, which could break a log line, and cuts long lines.
fn printable(line: &str) -> String {
    let mut chars = line.chars().map(|c| if c.is_control() { '?' } else { c });
    let mut text: String = chars.by_ref().take(MAX_CHARS).collect();
    if chars.next().is_some() {
        text.push('…');
    }
    text
}

/// The secrets that a command has in its environment, which its messages may contain.
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Takes the values of variables whose names say that they are secret, such as
    /// `RESTIC_PASSWORD` and `AWS_SECRET_ACCESS_KEY`.
    pub fn among(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let secret = variables.into_iter().filter(|(name, _)| is_secret(name));
        let lines = secret.flat_map(|(_, value)| {
            let lines: Vec<String> = value.lines().map(|line| line.trim().to_owned()).collect();
            lines
        });
        let mut values: Vec<String> = lines.filter(|line| line.len() >= MIN_SECRET).collect();
        // A value can be part of another one.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Self(values)
    }

    /// Also hides what precedes the host in a URL.
    fn hide(&self, text: &str) -> String {
        let hidden =
            self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret, HIDDEN));
        let mut parts = hidden.split("://");
        let mut result = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let end = part.find(|c: char| c == '/' || c.is_whitespace()).unwrap_or(part.len());
            let (authority, rest) = part.split_at(end);
            result.push_str("://");
            match authority.rsplit_once('@') {
                Some((_, host)) => result.extend([HIDDEN, "@", host]),
                None => result.push_str(authority),
            }
            result.push_str(rest);
        }
        result
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_uppercase();
    ["PASS", "SECRET", "TOKEN", "KEY", "CREDENTIAL", "AUTH"].iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secrets(variables: &[(&str, &str)]) -> Secrets {
        Secrets::among(variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())))
    }

    fn lines(output: &str, variables: &[(&str, &str)]) -> Vec<String> {
        let mut tail = Tail::default();
        collect(output.as_bytes(), |push| push(&mut tail));
        tail.lines(&secrets(variables))
    }

    #[test]
    fn secrets_of_the_environment_and_passwords_in_urls_are_hidden() {
        let variables = [
            ("RESTIC_PASSWORD", "hunter2-long"),
            ("aws_secret_access_key", "hunter2"),
            ("HOME", "/root"),
            ("SHORT_TOKEN", "abc"),
        ];
        let output = "wrong password hunter2-long for key hunter2 in /root, abc\n\
                      cannot reach https://user:p@ss@s3.example.com/bucket and ftp://user@host";
        assert_eq!(
            lines(output, &variables),
            [
                "wrong password (hidden) for key (hidden) in /root, abc",
                "cannot reach https://(hidden)@s3.example.com/bucket and ftp://(hidden)@host",
            ]
        );
    }

    #[test]
    fn only_the_last_lines_are_kept_and_none_without_its_beginning() {
        let many: String = (1..=30).map(|n| format!("line {n}\n\n")).collect();
        let kept = lines(&many, &[]);
        assert_eq!((kept.len(), &*kept[0], &*kept[9]), (10, "line 21", "line 30"));
        let long = format!("secret{}\nlast", "x".repeat(MAX_BYTES));
        assert_eq!(lines(&long, &[]), ["last"]);
        assert_eq!(lines(&"x".repeat(MAX_BYTES + 1), &[]), [""; 0]);
        let cut = &lines(&"y".repeat(MAX_CHARS + 1), &[])[0];
        assert_eq!((cut.chars().count(), cut.ends_with('…')), (MAX_CHARS + 1, true));
        assert_eq!(lines("progress 1\rprogress 2\u{1b}[0m", &[]), ["progress 1", "progress 2?[0m"]);
    }

    proptest! {
        #[test]
        fn a_secret_never_gets_through(before in ".{0,40}", after in ".{0,40}") {
            let secret = "correct-horse-battery";
            let output = format!("{before}{secret}{after}");
            for line in lines(&output, &[("MY_KEY", secret)]) {
                prop_assert!(!line.contains(secret));
            }
        }
    }
}
