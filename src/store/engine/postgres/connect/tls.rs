//! The TLS configuration of connections to PostgreSQL.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::verifier::AnyName;
use crate::model::database_url::{Roots, Tls};
use crate::tls::any_certificate::AnyCertificate;
use crate::tls::roots::system_roots;

/// Why TLS can't be set up. Every message also says what to do.
#[derive(Debug, thiserror::Error)]
pub(in crate::store) enum TlsError {
    #[error(
        "cannot read the certificates in {path} ({why}); set sslrootcert to a PEM file that this user can read"
    )]
    Unreadable { path: PathBuf, why: String },
    #[error(
        "{0} contains no certificate; set sslrootcert to a PEM file with the certificate of your authority"
    )]
    Empty(PathBuf),
    #[error("cannot set up TLS: {0}")]
    Setup(String),
}

/// Returns what encrypts a connection and checks the server's certificate.
///
/// # Errors
/// If the certificates to trust can't be read.
pub(in crate::store) fn connector(tls: &Tls) -> Result<MakeRustlsConnect, TlsError> {
    client_config(tls).map(MakeRustlsConnect::new)
}

fn client_config(tls: &Tls) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match tls {
        Tls::Disable | Tls::Prefer | Tls::Require => {
            Arc::new(AnyCertificate(Arc::clone(&provider)))
        }
        Tls::VerifyCa(path) => Arc::new(AnyName(verifier(from_file(path)?, &provider)?)),
        Tls::VerifyFull(Roots::File(path)) => verifier(from_file(path)?, &provider)?,
        Tls::VerifyFull(Roots::System) => verifier(system_roots(), &provider)?,
    };
    let versions = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Setup(error.to_string()))?;
    let verified = versions.dangerous().with_custom_certificate_verifier(verifier);
    Ok(verified.with_no_client_auth())
}

fn verifier(
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| TlsError::Setup(error.to_string()))
}

fn from_file(path: &Path) -> Result<RootCertStore, TlsError> {
    let unreadable = |why: String| TlsError::Unreadable { path: path.to_owned(), why };
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path);
    for certificate in certificates.map_err(|error| unreadable(error.to_string()))? {
        let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
    }
    if roots.is_empty() { Err(TlsError::Empty(path.to_owned())) } else { Ok(roots) }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::net::{TcpListener, TcpStream};
    use std::process::Command;
    use std::thread;

    use rustls::pki_types::{PrivateKeyDer, ServerName};
    use rustls::{ClientConnection, ServerConfig, ServerConnection};

    use super::*;

    /// Makes an authority, `ca.pem`, and a certificate of it for `db.example`, `cert.pem`.
    fn make_certificates(dir: &Path) {
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
        for args in [
            format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=CA"),
            format!(
                "req {key} -keyout key.pem -out request.pem -subj /CN=x -addext subjectAltName=DNS:db.example"
            ),
            "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem -days 2 -copy_extensions copyall".to_owned(),
        ] {
            let output = Command::new("openssl").args(args.split(' ')).current_dir(dir).output();
            let output = output.unwrap_or_else(|error| panic!("this test needs `openssl`: {error}"));
            assert!(output.status.success(), "{args}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }

    /// Connects to a server of that name with the certificate in the directory.
    fn handshake(dir: &Path, tls: &Tls, name: &str) -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let cert = CertificateDer::from_pem_file(dir.join("cert.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(dir.join("key.pem")).unwrap();
        let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert], key)
            .unwrap();
        thread::scope(|scope| {
            scope.spawn(move || {
                let mut connection = ServerConnection::new(Arc::new(server)).unwrap();
                // Fails if the client does.
                let _ = connection.complete_io(&mut listener.accept().unwrap().0);
            });
            let name = ServerName::try_from(name.to_owned()).unwrap();
            let config = Arc::new(client_config(tls).unwrap());
            let mut stream = TcpStream::connect(address)?;
            ClientConnection::new(config, name).unwrap().complete_io(&mut stream).map(drop)
        })
    }

    #[test]
    fn a_mode_accepts_only_the_certificates_that_it_promises() {
        let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        make_certificates(dir.path());
        make_certificates(other.path());
        let (own, foreign) = (dir.path().join("ca.pem"), other.path().join("ca.pem"));
        let full = |path: &Path| Tls::VerifyFull(Roots::File(path.to_owned()));
        for (tls, name, is_accepted) in [
            (Tls::Prefer, "other.example", true),
            (Tls::Require, "other.example", true),
            (Tls::VerifyCa(own.clone()), "other.example", true),
            (Tls::VerifyCa(foreign.clone()), "db.example", false),
            (full(&own), "db.example", true),
            (full(&own), "other.example", false),
            (full(&foreign), "db.example", false),
            (Tls::VerifyFull(Roots::System), "db.example", false),
        ] {
            let result = handshake(dir.path(), &tls, name);
            assert_eq!(result.is_ok(), is_accepted, "{tls:?} {name}: {result:?}");
        }
    }

    #[test]
    fn a_file_without_certificates_is_refused_with_advice() {
        let dir = tempfile::tempdir().unwrap();
        let refused =
            |path: &Path| client_config(&Tls::VerifyCa(path.to_owned())).err().unwrap().to_string();
        let missing = refused(&dir.path().join("missing.pem"));
        assert!(missing.contains("missing.pem") && missing.contains("can read"), "{missing}");
        std::fs::write(dir.path().join("empty.pem"), "nothing").unwrap();
        let empty = refused(&dir.path().join("empty.pem"));
        assert!(empty.contains("contains no certificate"), "{empty}");
    }
}
