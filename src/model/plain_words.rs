//! What went wrong with a file or a connection, in plain words.

use std::io::{Error, ErrorKind};

/// How the number begins that the standard library adds to the system's text.
const NUMBER: &str = " (os error ";

/// Says why an operation failed. Completes a sentence such as "cannot read settings.toml: …". Kinds
/// that are not listed keep the operating system's text, without its number.
pub fn io_reason(error: &Error) -> String {
    let text = error.to_string();
    let words = match error.kind() {
        // An error of a program, which says more than its kind, unless it only wraps the system's.
        _ if error.get_ref().is_some() && !text.contains(NUMBER) => return text,
        ErrorKind::NotFound => "no such file or directory",
        ErrorKind::PermissionDenied => "permission denied for this user",
        ErrorKind::AlreadyExists => "it already exists",
        ErrorKind::IsADirectory => "it is a directory, not a file",
        ErrorKind::NotADirectory => "a part of the path is a file, not a directory",
        ErrorKind::StorageFull => "the disk is full",
        ErrorKind::QuotaExceeded => "the disk quota of this user is used up",
        ErrorKind::FileTooLarge => "the file is larger than the limit for this process",
        ErrorKind::ReadOnlyFilesystem => "the disk is mounted read-only",
        ErrorKind::InvalidData => "it is not UTF-8 text",
        ErrorKind::BrokenPipe => "nobody reads the output any more",
        ErrorKind::AddrInUse => "another process uses this address",
        ErrorKind::AddrNotAvailable => "this machine doesn't have this address",
        ErrorKind::ConnectionRefused => "the connection was refused, so nothing listens there",
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => "the connection was closed",
        ErrorKind::TimedOut => "it took too long",
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => "the network can't reach it",
        ErrorKind::UnexpectedEof => "it ends too early",
        _ => return text.split(NUMBER).next().unwrap_or_default().to_owned(),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_reason_has_the_number_of_an_error() {
        for code in 1..=133 {
            let reason = io_reason(&Error::from_raw_os_error(code));
            assert!(!reason.is_empty() && !reason.contains("os error"), "{code}: {reason}");
        }
        assert_eq!(
            io_reason(&ErrorKind::NotADirectory.into()),
            "a part of the path is a file, not a directory"
        );
    }

    #[test]
    fn an_error_that_wraps_the_one_of_the_system_says_the_same() {
        let missing = std::env::temp_dir().join("no such directory");
        let error = tempfile::tempfile_in(missing).unwrap_err();
        assert_eq!(io_reason(&error), "no such file or directory");
    }

    #[test]
    fn the_words_of_a_program_stay() {
        let error = Error::new(ErrorKind::InvalidData, "it is not valid UTF-8 in line 3");
        assert_eq!(io_reason(&error), "it is not valid UTF-8 in line 3");
    }

    #[cfg(unix)]
    #[test]
    fn a_text_that_is_not_utf_8_is_recognized() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, b"\xff").unwrap();
        let error = std::fs::read_to_string(file).unwrap_err();
        assert_eq!(io_reason(&error), "it is not UTF-8 text");
    }
}
