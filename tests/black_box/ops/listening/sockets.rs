//! Unix sockets: their files, and that their peers are trusted proxies.

use std::os::unix::fs::PermissionsExt;

use super::{HEALTH, Listening, exchange_through, socket_in, text};
use crate::support::{Server, wait_until};

#[test]
fn the_file_of_a_socket_lives_as_long_as_the_server() {
    let dir = tempfile::tempdir().unwrap();
    let (address, path) = socket_in(&dir);
    let listen = [("PIVOTAL_LISTEN", address.as_str())];
    let mut server = Listening::start(&[], &listen);
    assert_eq!(server.addresses(), [&address]);
    assert!(text(&server.announcement["setup"]).starts_with("/admin/"));
    assert!(exchange_through(&path, HEALTH).starts_with("HTTP/1.1 200 "));
    // Others could forge the addresses of clients.
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o660);
    for args in [&["health"][..], &["health", "--url", &address]] {
        assert_eq!(server.run(args, &listen), (Some(0), format!("{address} is ok\n")));
    }

    // A second server doesn't take it away from the first one.
    let other = tempfile::tempdir().unwrap();
    let said = Listening::try_start(other, &[], &listen).err().unwrap();
    assert!(said.contains(&format!("{address}: another process is listening on it")), "{said}");
    assert!(exchange_through(&path, HEALTH).starts_with("HTTP/1.1 200 "));

    // Nor does a server take it away from itself.
    let other = tempfile::tempdir().unwrap();
    let (twice, _) = socket_in(&other);
    let args = ["--listen", &twice, "--listen", &twice.replacen("unix:/", "unix:/../", 1)];
    let said = Listening::try_start(tempfile::tempdir().unwrap(), &args, &[]).err().unwrap();
    assert!(said.contains(": another address of this server already covers it"), "{said}");

    // A killed server leaves it behind, and the next one replaces it.
    server.signal("-KILL");
    server.child.wait().unwrap();
    assert!(path.exists());
    server = Listening::start(&[], &listen);
    assert!(exchange_through(&path, HEALTH).starts_with("HTTP/1.1 200 "));
    server.stop();
    assert!(!path.exists());
}

#[test]
fn a_socket_that_another_process_has_put_in_its_place_is_not_removed() {
    let dir = tempfile::tempdir().unwrap();
    let (address, path) = socket_in(&dir);
    let mut server = Listening::start(&["--listen", &address], &[]);
    std::fs::remove_file(&path).unwrap();
    let _other = std::os::unix::net::UnixListener::bind(&path).unwrap();
    server.stop();
    assert!(path.exists());
}

#[test]
fn whoever_connects_through_a_socket_is_a_trusted_proxy() {
    let dir = tempfile::tempdir().unwrap();
    let (address, path) = socket_in(&dir);
    let server = Server::start_with_test_control(&["--listen", &address], &[]);
    for (header, from) in [("", "unix"), ("X-Forwarded-For: 198.51.100.7\r\n", "198.51.100.7")] {
        let request = format!(
            "GET /api/v1/me HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Authorization: Bearer {}\r\n{header}\r\n",
            server.live
        );
        let response = exchange_through(&path, &request);
        assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
        wait_until("the use is stored", || {
            let keys = server.json(&["keys", "list"]);
            keys.as_array().unwrap().iter().any(|key| key["last_used_ip"] == from)
        });
    }

    let origin = "GET /llms.txt HTTP/1.1\r\nHost: pivotal.test\r\nConnection: close\r\n";
    let through_proxy =
        exchange_through(&path, &format!("{origin}X-Forwarded-Proto: https\r\n\r\n"));
    assert!(through_proxy.contains("https://pivotal.test/"), "{through_proxy}");
    assert!(!server.log().contains("which is ignored"), "{}", server.log());

    // Test control trusts the programs of this machine, but not what a proxy passes on.
    let control = |headers: &str| {
        let request = format!(
            "GET /_test/requests HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n"
        );
        exchange_through(&path, &request)
    };
    assert!(control("").starts_with("HTTP/1.1 200 "));
    assert!(control("X-Forwarded-For: 198.51.100.7\r\n").starts_with("HTTP/1.1 403 "));
}
