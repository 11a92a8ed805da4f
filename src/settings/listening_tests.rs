//! Tests of the settings for addresses, TLS, and idle connections: how they are read from a file and
//! from variables.

use super::LoadedSettings;
use super::sources::tests::{load, read, to_toml};

#[test]
fn an_old_name_keeps_working_and_the_present_one_overrides_it() {
    let keep_alive = |text: &str, variables: &[(&str, &str)]| {
        read(text, variables).unwrap().keep_alive.as_secs()
    };
    let old = ("PIVOTAL_CONNECTIONS_IDLE_TIMEOUT", "2s");
    let new = ("PIVOTAL_KEEP_ALIVE", "3s");
    assert_eq!(keep_alive("", &[]), 75);
    assert_eq!(keep_alive("[connections]\nidle_timeout = \"1s\"", &[]), 1);
    assert_eq!(keep_alive("keep_alive = \"4s\"\nconnections.idle_timeout = \"1s\"", &[]), 4);
    assert_eq!(keep_alive("keep_alive = \"4s\"", &[old]), 2);
    assert_eq!((keep_alive("", &[new, old]), keep_alive("", &[old, new])), (3, 3));
    let bad = read("[connections]\nidle_timeout = \"0s\"", &[]).unwrap_err();
    assert!(bad.contains("`connections.idle_timeout` must be a duration"), "{bad}");
}

#[test]
fn listen_takes_one_address_or_several() {
    let listen = |text: &str, variables: &[(&str, &str)]| {
        let settings = read(text, variables).unwrap();
        let all: Vec<String> = settings.listen.iter().map(ToString::to_string).collect();
        all.join(" ")
    };
    assert_eq!(listen("", &[]), "127.0.0.1:8080");
    assert_eq!(listen("listen = [\":80\", \"unix:/run/a.sock\"]", &[]), ":80 unix:/run/a.sock");
    let variable = ("PIVOTAL_LISTEN", "localhost:1, [::1]:2");
    assert_eq!(listen("listen = \":80\"", &[variable]), "localhost:1 [::1]:2");
    let many = "listen = [\":80\", \"unix:/run/a.sock\"]\nadmin.listen = [\"[::1]:1\"]";
    let loaded = load(many, &[]).unwrap();
    assert_eq!(read(&to_toml(&loaded), &[]).unwrap(), loaded.settings);
    let in_brackets = ("PIVOTAL_LISTEN", "[::1]:1,127.0.0.1:2");
    assert_eq!(listen("", &[in_brackets]), "[::1]:1 127.0.0.1:2");
    let as_in_the_file = ("PIVOTAL_LISTEN", "[\"[::1]:1\", \":2\"]");
    assert_eq!(listen("", &[as_in_the_file]), "[::1]:1 :2");
    assert!(read("listen = []", &[]).is_err());
    assert!(read("listen = [\":80\", \"80\"]", &[]).is_err());
}

#[test]
fn a_certificate_without_its_key_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    let read = |text: &str| {
        std::fs::write(&file, text).unwrap();
        LoadedSettings::read(Some(&file)).map(drop).map_err(|errors| errors.to_string())
    };
    let message = "`tls.key` is set, but `tls.cert` is not; set both to serve HTTPS, or neither";
    assert_eq!(read("[tls]\nkey = \"/etc/key.pem\""), Err(message.to_owned()));
    assert_eq!(read("[tls]\nkey = \"/etc/key.pem\"\ncert = \"/etc/cert.pem\""), Ok(()));
}
