//! Several addresses at once, and addresses that can't be used.

use std::net::{Ipv6Addr, TcpListener};

use super::{HEALTH, Listening, connect, exchange};
use crate::support::Server;

fn has_ipv6() -> bool {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

#[test]
fn a_server_listens_on_every_address_of_its_settings() {
    let listen = "127.0.0.1:0,localhost:0,:0";
    let server = Listening::start(&[], &[("PIVOTAL_LISTEN", listen)]);
    let addresses = server.addresses();
    // The file of this machine's names may have no IPv6 address for `localhost`.
    assert!(addresses.len() >= if has_ipv6() { 4 } else { 3 }, "{addresses:?}");
    assert_eq!(server.announcement["listening"], addresses[0]);
    for address in &addresses {
        let host = address.strip_prefix("http://").unwrap();
        let host = host.replace("0.0.0.0", "127.0.0.1").replace("[::]", "[::1]");
        let response = exchange(connect(host.parse().unwrap()), HEALTH);
        assert!(response.starts_with("HTTP/1.1 200 "), "{address}: {response}");
    }
    // Every entry has one port, and each another one.
    let port = |address: &&str| address.rsplit(':').next().unwrap().to_owned();
    let mut ports: Vec<_> = addresses.iter().map(port).collect();
    ports.sort();
    ports.dedup();
    assert_eq!(ports.len(), 3, "{addresses:?}");
    let admin = super::text(&server.announcement["admin"]);
    assert_eq!(admin, format!("{}/admin", addresses[0]));
}

#[test]
fn an_address_that_cannot_be_used_is_an_error_that_names_it_and_the_setting() {
    let other = Server::start();
    let used = other.address().to_string();
    let twice = format!("127.0.0.1:{0},:{0}", free_port());
    let flag = "--listen or the `listen` setting";
    let address = |address: &str, problem: &str| format!("cannot listen on {address}: {problem}");
    let cases = [
        (used.clone(), address(&used, "another process uses this address"), "stop it"),
        (twice, "another address of this server already covers it".to_owned(), "remove or change"),
        (
            "no-such-host.invalid:80".to_owned(),
            address("no-such-host.invalid:80", "the name can't be resolved"),
            "check the name",
        ),
        (
            "192.0.2.1:80".to_owned(),
            address("192.0.2.1:80", "this machine doesn't have this address"),
            "choose another one",
        ),
        #[cfg(unix)]
        (
            format!("unix:/tmp/{}", "x".repeat(120)),
            "the path is too long for a Unix socket".to_owned(),
            "at most 100 bytes",
        ),
        #[cfg(unix)]
        (
            "unix:/nonexistent/api.sock".to_owned(),
            address("unix:/nonexistent/api.sock", "no such file or directory"),
            "create its directory",
        ),
        #[cfg(unix)]
        (
            "unix:/etc/hostname".to_owned(),
            address("unix:/etc/hostname", "there is a file that isn't a socket"),
            "move it away",
        ),
    ];
    for (listen, problem, advice) in cases {
        let dir = tempfile::tempdir().unwrap();
        let said = Listening::try_start(dir, &["--listen", &listen], &[]).err().unwrap();
        for part in [problem.as_str(), advice, flag] {
            assert!(said.contains(part), "{listen}: {said}");
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let variables = [("PIVOTAL_LISTEN", "127.0.0.1:0"), ("PIVOTAL_ADMIN_LISTEN", used.as_str())];
    let said = Listening::try_start(dir, &[], &variables).err().unwrap();
    assert!(said.contains(&used) && said.contains("the `admin.listen` setting"), "{said}");
    // Taken by another setting of the same server, and not by another process.
    let own = format!("127.0.0.1:{}", free_port());
    let dir = tempfile::tempdir().unwrap();
    let variables = [
        ("PIVOTAL_LISTEN", "127.0.0.1:0"),
        ("PIVOTAL_ADMIN_LISTEN", own.as_str()),
        ("PIVOTAL_METRICS_LISTEN", own.as_str()),
    ];
    let said = Listening::try_start(dir, &[], &variables).err().unwrap();
    let problem = address(&own, "another address of this server already covers it");
    assert!(said.contains(&problem) && said.contains("the `metrics.listen` setting"), "{said}");
}

#[test]
fn one_address_that_other_machines_reach_exposes_the_server() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["--listen", "127.0.0.1:0", "--listen", "0.0.0.0:0", "--test-control"];
    let said = Listening::try_start(dir, &args, &[]).err().unwrap();
    assert!(said.contains("the server listens on 0.0.0.0:0"), "{said}");
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
