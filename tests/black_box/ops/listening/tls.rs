//! HTTPS: the handshake, reloading the certificate, and errors in it.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::{HEALTH, Listening, connect, exchange, exchange_through, socket_in, text};
use crate::support::{Certificate, wait_until};

type TlsConnection = StreamOwned<ClientConnection, TcpStream>;

/// Opens a connection of a client that trusts this authority. Fails if the handshake does.
fn try_encrypted(address: SocketAddr, authority: &Path) -> std::io::Result<TlsConnection> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    let session = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(session, connect(address));
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(stream)
}

fn encrypted(address: SocketAddr, authority: &Path) -> TlsConnection {
    try_encrypted(address, authority).unwrap()
}

/// The certificate that the server presents now.
fn presented(address: SocketAddr, authority: &Path) -> Vec<u8> {
    let stream = encrypted(address, authority);
    stream.conn.peer_certificates().unwrap()[0].to_vec()
}

fn file(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Starts a server with this certificate on a free port, and with these other settings.
fn start(certificate: &Certificate, variables: &[(&str, &str)]) -> Listening {
    let tls = [
        ("PIVOTAL_LISTEN", "127.0.0.1:0"),
        ("PIVOTAL_TLS_CERT", file(&certificate.cert)),
        ("PIVOTAL_TLS_KEY", file(&certificate.key)),
    ];
    Listening::start(&[], &[&tls, variables].concat())
}

#[test]
fn tcp_addresses_speak_https_and_unix_sockets_http() {
    let certificate = Certificate::new();
    let dir = tempfile::tempdir().unwrap();
    let (socket, path) = socket_in(&dir);
    let listen = format!("127.0.0.1:0,{socket}");
    let server = start(&certificate, &[("PIVOTAL_LISTEN", &listen)]);
    let address = server.tcp("https://");
    assert_eq!(server.addresses(), [format!("https://{address}"), socket]);
    assert_eq!(text(&server.announcement["admin"]), format!("https://{address}/admin"));
    assert!(exchange_through(&path, HEALTH).starts_with("HTTP/1.1 200 "));

    let mut client = encrypted(address, &certificate.authority);
    assert_eq!(client.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
    // Larger than what is buffered at once, on a connection that is then used again.
    client.write_all(b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost:1\r\n\r\n").unwrap();
    let request = "GET /admin/sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let responses = exchange(client, request);
    assert!(
        responses.len() > 100_000 && responses.contains("\"https://localhost:1"),
        "{responses}"
    );
    let (_, page) = responses.split_at(responses.rfind("HTTP/1.1 ").unwrap());
    let is_secure = |line: &str| line.starts_with("set-cookie:") && line.contains("Secure");
    assert!(page.lines().any(is_secure), "{page}");

    // Nothing is verified on the way to the own server, whose certificate is for a name.
    let own = format!("https://{address}");
    let of_server = [
        ("PIVOTAL_LISTEN", address.to_string()),
        ("PIVOTAL_TLS_CERT", file(&certificate.cert).to_owned()),
        ("PIVOTAL_TLS_KEY", file(&certificate.key).to_owned()),
    ];
    let of_server = of_server.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(server.run(&["health"], &of_server), (Some(0), format!("{own} is ok\n")));
    let (code, said) = server.run(&["health", "--url", &own], &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("certificate"), "{said}");

    let plain = exchange(connect(address), HEALTH);
    assert!(plain.starts_with("HTTP/1.1 400 "), "{plain}");
    assert!(
        plain.ends_with("accepts only HTTPS. Use a URL that starts with https://.\n"),
        "{plain}"
    );
    assert!(server.log().contains("expires at "), "{}", server.log());
}

#[test]
fn a_changed_certificate_is_used_once_it_matches_its_key() {
    let certificate = Certificate::new();
    let (new, renewed) = (Certificate::new(), Certificate::new());
    let server = start(&certificate, &[]);
    let address = server.tcp("https://");
    let mut open = encrypted(address, &certificate.authority);
    let before = presented(address, &certificate.authority);

    // First only one of the two files, by renaming, as most tools do.
    let replace = |from: &Path, to: &Path| {
        let copy = to.with_extension("new");
        std::fs::copy(from, &copy).unwrap();
        std::fs::rename(copy, to).unwrap();
    };
    replace(&new.cert, &certificate.cert);
    let mismatch = "doesn't belong to the first certificate";
    wait_until("the mismatch is logged", || server.log().contains(mismatch));
    assert_eq!(presented(address, &certificate.authority), before);
    replace(&new.key, &certificate.key);
    wait_until("the new certificate is used", || try_encrypted(address, &new.authority).is_ok());

    // Then a broken file, which is written in place.
    let whole = std::fs::read(&certificate.cert).unwrap();
    let broken = format!("{:1$}", "-----BEGIN CERTIFICATE-----\n", whole.len());
    std::fs::write(&certificate.cert, broken).unwrap();
    wait_until("the broken file is logged", || server.log().contains("is not a valid PEM file"));
    assert!(try_encrypted(address, &new.authority).is_ok());
    // It becomes usable without looking changed, as an unreadable file does by other permissions.
    let uses = || server.log().matches("using the new TLS certificate").count();
    assert_eq!(uses(), 1);
    let file = std::fs::OpenOptions::new().write(true).open(&certificate.cert).unwrap();
    let date = file.metadata().unwrap().modified().unwrap();
    (&file).write_all(&whole).unwrap();
    file.set_modified(date).unwrap();
    wait_until("the repaired file is used", || uses() == 2);
    // Then the directory that both files are in, through a symbolic link.
    std::fs::remove_file(&certificate.cert).unwrap();
    std::fs::remove_file(&certificate.key).unwrap();
    std::os::unix::fs::symlink(&renewed.cert, &certificate.cert).unwrap();
    std::os::unix::fs::symlink(&renewed.key, &certificate.key).unwrap();
    wait_until("the last certificate is used", || {
        try_encrypted(address, &renewed.authority).is_ok()
    });
    for once in [mismatch, "is not a valid PEM file"] {
        assert_eq!(server.log().matches(once).count(), 1, "{}", server.log());
    }
    // A connection from before all this goes on.
    open.write_all(HEALTH.as_bytes()).unwrap();
    let mut response = String::new();
    open.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
}

#[test]
fn a_pair_that_cannot_be_used_keeps_the_server_from_starting() {
    let (one, other) = (Certificate::new(), Certificate::new());
    one.openssl("pkey -in key.pem -aes256 -passout pass:x -out encrypted.pem");
    let (encrypted, missing) = (one.dir().join("encrypted.pem"), one.dir().join("missing.pem"));
    for (cert, key, parts) in [
        (&one.cert, &other.key, ["the private key in ", "doesn't belong to the first certificate"]),
        (&missing, &one.key, ["cannot read ", "check `tls.cert` and the permissions"]),
        (&one.cert, &missing, ["cannot read ", "check `tls.key` and the permissions"]),
        (&one.key, &one.key, ["key.pem contains no certificate", "`tls.cert` must be a PEM file"]),
        (
            &one.cert,
            &encrypted,
            ["encrypted.pem contains no private key", "`openssl pkey -in FILE`"],
        ),
    ] {
        let variables = [
            ("PIVOTAL_LISTEN", "127.0.0.1:0"),
            ("PIVOTAL_TLS_CERT", file(cert)),
            ("PIVOTAL_TLS_KEY", file(key)),
        ];
        let dir = tempfile::tempdir().unwrap();
        let said = Listening::try_start(dir, &[], &variables).err().unwrap();
        for part in ["cannot serve HTTPS: "].iter().chain(&parts) {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
}

#[test]
fn a_handshake_has_a_deadline_and_counts_as_a_connection() {
    let certificate = Certificate::new();
    let world = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(&certificate.key, world).unwrap();
    // With one worker, connections take their slots in the order in which they were opened.
    let limits = [
        ("PIVOTAL_WORKERS", "1"),
        ("PIVOTAL_CONNECTIONS_GRACE", "1s"),
        ("PIVOTAL_CONNECTIONS_PER_ADDRESS", "1"),
    ];
    let server = start(&certificate, &limits);
    assert!(server.log().contains("run `chmod o= "), "{}", server.log());
    let address = server.tcp("https://");
    let is_refused = || try_encrypted(address, &certificate.authority).is_err();
    // One says nothing, the other one stops within the handshake.
    for beginning in [&b""[..], b"\x16\x03\x01\x02\x00\x01"] {
        let mut silent = None;
        wait_until("an unfinished handshake has the only slot", || {
            let stream = silent.insert(connect(address));
            stream.write_all(beginning).unwrap();
            is_refused() && is_open(stream)
        });
        assert_eq!(silent.unwrap().read(&mut [0; 64]).unwrap(), 0);
        wait_until("the slot is free", || !is_refused());
    }
}

#[test]
fn an_unfinished_handshake_does_not_keep_the_server_from_stopping() {
    let limits = [
        ("PIVOTAL_CONNECTIONS_GRACE", "1h"),
        ("PIVOTAL_CONNECTIONS_PER_ADDRESS", "1"),
        ("PIVOTAL_SHUTDOWN_TIMEOUT", "3600"),
        ("PIVOTAL_WORKERS", "1"),
    ];
    let certificate = Certificate::new();
    let mut server = start(&certificate, &limits);
    let address = server.tcp("https://");
    let silent = connect(address);
    wait_until("it has the only slot", || try_encrypted(address, &certificate.authority).is_err());
    assert!(is_open(&silent));
    server.signal("-TERM");
    wait_until("the server has stopped", || server.child.try_wait().unwrap().is_some());
}

#[test]
fn a_client_that_does_not_read_is_disconnected() {
    let certificate = Certificate::new();
    let limits = [("PIVOTAL_CONNECTIONS_GRACE", "1s"), ("PIVOTAL_CONNECTIONS_STALL_TIMEOUT", "1s")];
    let server = start(&certificate, &limits);
    let mut client = encrypted(server.tcp("https://"), &certificate.authority);
    let request = b"GET /llms-full.txt HTTP/1.1\r\nHost: x\r\n\r\n";
    client.write_all(&request.repeat(16)).unwrap();
    // The server sends what the kernel and the session buffer, and then waits in vain.
    wait_until("the server has closed", || {
        let probed = client.sock.write_all(b"\r\n").err().map(|error| error.kind());
        matches!(probed, Some(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe))
    });
}

/// Whether the server has neither sent anything nor closed the connection.
fn is_open(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let peeked = stream.peek(&mut [0]).map_err(|error| error.kind());
    stream.set_nonblocking(false).unwrap();
    peeked == Err(ErrorKind::WouldBlock)
}
