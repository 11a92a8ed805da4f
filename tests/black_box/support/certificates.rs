//! Certificates that `openssl` makes.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

const NEW_KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

/// A certificate for `localhost` with its key, signed by a certificate authority of its own.
pub struct Certificate {
    dir: TempDir,
    pub authority: PathBuf,
    pub cert: PathBuf,
    pub key: PathBuf,
}

impl Certificate {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| dir.path().join(name);
        let new =
            Self { authority: file("ca.pem"), cert: file("cert.pem"), key: file("key.pem"), dir };
        new.openssl(&format!(
            "req -x509 {NEW_KEY} -keyout ca.key -out ca.pem -days 2 -subj /CN=CA"
        ));
        new.renew(2);
        new
    }

    /// Makes a new certificate, with a new key, that is valid for so many days.
    pub fn renew(&self, days: u32) {
        self.openssl(&format!(
            "req {NEW_KEY} -keyout key.pem -out request.pem -subj /CN=localhost -addext \
             subjectAltName=DNS:localhost"
        ));
        self.openssl(&format!(
            "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem \
             -days {days} -copy_extensions copyall"
        ));
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Runs `openssl` in the directory of the files.
    pub fn openssl(&self, args: &str) {
        let output = Command::new("openssl").args(args.split(' ')).current_dir(self.dir()).output();
        let output = output.unwrap_or_else(|error| panic!("this test needs `openssl`: {error}"));
        assert!(output.status.success(), "{args}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
