use std::fs;
use std::path::Path;

use super::map_file::MapFile;
use crate::model::transfer::SourceWorkspace;
use crate::transfer::remote::error::RemoteError;
use crate::transfer::remote::kind::Kind;
use crate::transfer::remote::me::Organization;

fn workspace(id: &str) -> SourceWorkspace {
    SourceWorkspace { id: id.to_owned(), slug: "mine".to_owned(), name: "Mine".to_owned() }
}

fn organization(slug: &str) -> Organization {
    Organization { id: "corg".to_owned(), slug: slug.to_owned(), name: "Acme".to_owned() }
}

fn open(path: &Path) -> Result<MapFile, RemoteError> {
    MapFile::open(path, &workspace("cws"), &organization("acme"))
}

#[test]
fn every_prefix_of_a_file_keeps_the_complete_lines() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("map.jsonl");
    let mut map = open(&path).unwrap();
    map.record(Kind::Customer, "c1", "d1").unwrap();
    let first = fs::metadata(&path).unwrap().len();
    map.record(Kind::Contact, "c1", "d2").unwrap();
    drop(map);
    let complete = fs::read(&path).unwrap();
    for length in (0..complete.len()).rev() {
        fs::write(&path, &complete[..length]).unwrap();
        let mut map = open(&path).unwrap();
        // A line without its line break is complete, too: an editor may have removed it.
        let has_contact = length + 1 >= complete.len();
        assert_eq!(map.get(Kind::Contact, "c1"), has_contact.then_some("d2"), "{length}");
        let has_customer = length as u64 + 1 >= first;
        assert_eq!(map.get(Kind::Customer, "c1"), has_customer.then_some("d1"), "{length}");
        map.record(Kind::Onboarding, "c3", "d3").unwrap();
        drop(map);
        assert_eq!(open(&path).unwrap().get(Kind::Onboarding, "c3"), Some("d3"), "{length}");
    }
}

#[test]
fn a_line_can_be_added_by_hand_but_must_be_valid() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("map.jsonl");
    drop(open(&path).unwrap());
    let header = fs::read_to_string(&path).unwrap();
    let line = r#"{"object":"customer","from":"c1","to":"d1"}"#;
    fs::write(&path, format!("{header}\n{line}\n")).unwrap();
    assert_eq!(open(&path).unwrap().get(Kind::Customer, "c1"), Some("d1"));
    for wrong in ["nonsense", "{}", &line.replace("d1", "../me"), &line.replace("customer", "user")]
    {
        fs::write(&path, format!("{header}{wrong}\n{line}\n")).unwrap();
        let refused = open(&path);
        assert!(matches!(refused, Err(RemoteError::DamagedMap { line: 2, .. })), "{wrong}");
    }
}

#[test]
fn a_file_belongs_to_one_workspace_and_one_organization() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("map.jsonl");
    let map = open(&path).unwrap();
    assert!(matches!(open(&path), Err(RemoteError::InUse(_))));
    drop(map);
    let other = MapFile::open(&path, &workspace("cother"), &organization("acme"));
    assert!(matches!(other, Err(RemoteError::OtherMap { .. })));
    // Organizations of two servers can have the same slug.
    assert!(other.err().unwrap().to_string().contains("organization `acme` (corg)"));
    // Its slug and name may change.
    assert!(MapFile::open(&path, &workspace("cws"), &organization("renamed")).is_ok());
}

#[test]
fn the_default_name_is_always_a_file_name() {
    let name = |slug| MapFile::default_name(&workspace("cws"), &organization(slug));
    assert_eq!(name("acme"), "pivotal-mine-to-acme.map.jsonl");
    assert_eq!(name("../acme"), "pivotal-mine-to-corg.map.jsonl");
}
