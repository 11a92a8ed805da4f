use std::fs;
use std::io::Write;
use std::path::Path;

use tempfile::TempDir;

use super::{Mark, Position, Staging};
use crate::model::values::slug::Slug;
use crate::model::values::time::Timestamp;
use crate::transfer::remote::base_url::BaseUrl;
use crate::transfer::remote::error::RemoteError;
use crate::transfer::remote::kind::Kind;
use crate::transfer::remote::me::Organization;
use crate::transfer::remote::page::{Head, Item};

fn organization(id: &str) -> Organization {
    Organization { id: id.to_owned(), slug: "acme".to_owned(), name: "Acme".to_owned() }
}

fn open_from(dir: &Path, url: &str) -> Result<Staging, RemoteError> {
    let (base, slug) = (BaseUrl::parse(url).unwrap(), Slug::parse("target").unwrap());
    Staging::open(dir, &base, &organization("corg"), &slug, Timestamp::from_micros(0))
}

fn open(dir: &TempDir) -> Staging {
    open_from(dir.path(), "https://pivotal.example.com").unwrap()
}

fn customer(id: &str, display_id: i64) -> (Kind, Item) {
    let json = format!(
        r#"{{"object":"customer","id":"{id}","display_id":{display_id},"created_at":"2026-01-01"}}"#
    );
    (Kind::Customer, Item { head: Head::parse(&json, Kind::Customer).unwrap(), json })
}

fn page(next: Option<&str>) -> Mark {
    Mark::Customers { next: next.map(str::to_owned) }
}

#[test]
fn a_download_continues_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let mut staging = open(&dir);
    staging.append(vec![customer("c2", 2), customer("c1", 1)], page(None)).unwrap();
    let contacts = |customer: &str, next: Option<&str>| Mark::Contacts {
        customer: customer.to_owned(),
        next: next.map(str::to_owned),
    };
    staging.append(Vec::new(), contacts("c1", Some("here"))).unwrap();
    drop(staging);

    let mut staging = open(&dir);
    assert_eq!(staging.index().customers, Position::End);
    assert_eq!(staging.index().onboardings, Position::Start);
    let open_ones = staging.index().customers_without_contacts();
    assert_eq!(open_ones, [("c1".into(), Some("here".to_owned())), ("c2".into(), None)]);
    let place = &staging.index().objects(Kind::Customer)["c2"];
    assert_eq!(staging.object(place).unwrap(), customer("c2", 2).1.json.as_bytes());

    staging.append(Vec::new(), contacts("c1", None)).unwrap();
    staging.append(Vec::new(), Mark::Gone { customer: "c2".to_owned() }).unwrap();
    drop(staging);
    assert!(open(&dir).index().customers_without_contacts().is_empty());
}

#[test]
fn whatever_a_crash_left_behind_the_last_mark_is_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let mut staging = open(&dir);
    staging.append(vec![customer("c2", 2)], page(Some("next"))).unwrap();
    let path = staging.path().to_owned();
    drop(staging);
    let complete = fs::read(&path).unwrap();
    let object = customer("c1", 1).1.json;
    for torn in [
        &object[..10],
        &object,
        &format!("{object}\n"),
        &format!("{object}\n{{\"object\":\"mark\""),
    ] {
        let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(torn.as_bytes()).unwrap();
        let staging = open(&dir);
        assert!(!staging.index().contains(Kind::Customer, "c1"), "{torn}");
        assert_eq!(staging.index().customers, Position::At("next".to_owned()), "{torn}");
        assert_eq!(fs::read(&path).unwrap(), complete, "{torn}");
    }
}

#[test]
fn every_prefix_of_a_file_can_be_continued() {
    let dir = tempfile::tempdir().unwrap();
    let mut staging = open(&dir);
    staging.append(vec![customer("c3", 3)], page(Some("next"))).unwrap();
    staging.append(vec![customer("c2", 2), customer("c1", 1)], page(None)).unwrap();
    let path = staging.path().to_owned();
    drop(staging);
    let complete = fs::read(&path).unwrap();
    for length in (0..complete.len()).rev() {
        fs::write(&path, &complete[..length]).unwrap();
        let mut staging = open(&dir);
        let expected = match staging.index().customers {
            Position::Start => 0,
            Position::At(_) => 1,
            Position::End => panic!("{length} bytes can't be complete"),
        };
        assert_eq!(staging.index().count(Kind::Customer), expected, "{length} bytes");
        staging.append(vec![customer("c9", 9)], page(None)).unwrap();
        drop(staging);
        assert_eq!(open(&dir).index().count(Kind::Customer), expected + 1, "{length} bytes");
    }
}

#[test]
fn only_one_process_uses_the_file_and_only_the_owner_can_read_it() {
    let dir = tempfile::tempdir().unwrap();
    let staging = open(&dir);
    let url = "https://pivotal.example.com";
    assert!(matches!(open_from(dir.path(), url), Err(RemoteError::InUse(_))));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(staging.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    staging.remove().unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn files_of_another_server_and_damaged_files_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut staging = open(&dir);
    staging.append(vec![customer("c1", 1)], page(None)).unwrap();
    let path = staging.path().to_owned();
    drop(staging);
    let other = open_from(dir.path(), "https://other.example.com");
    assert!(matches!(other, Err(RemoteError::OtherSource { .. })));
    let damaged = fs::read_to_string(&path).unwrap().replace("\"c1\"", "c1");
    fs::write(&path, &damaged).unwrap();
    let found = open_from(dir.path(), "https://pivotal.example.com");
    assert!(matches!(found, Err(RemoteError::DamagedStaging(_))));
    assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
}

#[test]
fn ids_that_are_no_file_names_are_hashed() {
    let dir = tempfile::tempdir().unwrap();
    let (base, slug) =
        (BaseUrl::parse("https://pivotal.example.com").unwrap(), Slug::parse("target").unwrap());
    for id in ["../../etc/passwd", "", "a b", "ü"] {
        let now = Timestamp::from_micros(0);
        let staging = Staging::open(dir.path(), &base, &organization(id), &slug, now).unwrap();
        assert_eq!(staging.path().parent(), Some(dir.path()), "{id}");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 4);
}
