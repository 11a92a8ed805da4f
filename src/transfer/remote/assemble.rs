//! Writes a complete download as an export: customers, contacts, onboardings, each by creation
//! time.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::{Map, Value};

use super::error::RemoteError;
use super::kind::Kind;
use super::me::Organization;
use super::report::{Found, Report};
use super::staging::{Place, Staging, open_private};
use crate::model::transfer::{
    ContactRow, CustomerRow, Header, LastAllocated, Lasts, OnboardingRow, SourceWorkspace,
    known_fields,
};
use crate::model::values::id::DisplayId;
use crate::model::values::time::Timestamp;

/// Writes the export to a file, which is replaced if it exists, and returns what is in it.
pub(super) fn assemble(
    staging: &Staging,
    organization: &Organization,
    now: Timestamp,
    path: &Path,
) -> Result<Report, RemoteError> {
    let failed = |source| RemoteError::File { path: path.to_owned(), source };
    let file = open_private(path).and_then(|file| file.set_len(0).map(|()| file));
    let mut assembly = Assembly {
        staging,
        out: BufWriter::new(file.map_err(failed)?),
        path,
        without_customer: 0,
        unknown_fields: BTreeMap::new(),
    };
    let objects = Kind::ALL.map(|kind| assembly.sorted(kind));
    let [customers, contacts, onboardings] = &objects;
    let source = SourceWorkspace {
        id: organization.id.clone(),
        slug: organization.slug.clone(),
        name: organization.name.clone(),
    };
    let mut header = Header::new(source, now);
    header.objects = Some(objects.iter().map(|places| places.len() as u64).sum());
    header.last = Lasts {
        customer: last(customers),
        contact: last(contacts),
        onboarding: last(onboardings),
        event: None,
    };
    let header = serde_json::to_string(&header).map_err(|error| failed(error.into()))?;
    assembly.write_line(header.as_bytes()).map_err(failed)?;
    for (kind, places) in Kind::ALL.into_iter().zip(&objects) {
        assembly.write_objects(kind, places)?;
    }
    assembly.out.flush().map_err(failed)?;
    let mut vanished: Vec<String> = staging.index().gone.iter().map(|id| id.to_string()).collect();
    vanished.sort();
    Ok(Report {
        organization: organization.clone(),
        started_at: staging.started_at(),
        finished_at: now,
        customers: found(customers),
        contacts: found(contacts),
        onboardings: found(onboardings),
        vanished_customers: vanished,
        without_customer: assembly.without_customer,
        unknown_fields: assembly.unknown_fields,
    })
}

struct Assembly<'a> {
    staging: &'a Staging,
    out: BufWriter<File>,
    path: &'a Path,
    without_customer: u64,
    unknown_fields: BTreeMap<String, u64>,
}

impl<'a> Assembly<'a> {
    /// Returns the objects to export, in their order.
    fn sorted(&mut self, kind: Kind) -> Vec<&'a Place> {
        let index = self.staging.index();
        let exists = |id: &str| index.contains(Kind::Customer, id) && !index.gone.contains(id);
        let mut places = Vec::new();
        for (id, place) in index.objects(kind) {
            let has_customer = exists(place.customer.as_deref().unwrap_or(id));
            if has_customer {
                places.push(place);
            } else if kind != Kind::Customer {
                self.without_customer += 1;
            }
        }
        places.sort_by_key(|place| (place.created_at, place.display_id));
        places
    }

    fn write_objects(&mut self, kind: Kind, places: &[&Place]) -> Result<(), RemoteError> {
        let known = fields(kind);
        for place in places {
            let text = self.staging.object(place)?;
            let line = self.without_unknown_fields(kind, text, &known);
            line.and_then(|line| self.write_line(&line))
                .map_err(|source| RemoteError::File { path: self.path.to_owned(), source })?;
        }
        Ok(())
    }

    /// Returns the object unchanged unless it has unknown fields.
    fn without_unknown_fields(
        &mut self,
        kind: Kind,
        text: Vec<u8>,
        known: &HashSet<String>,
    ) -> io::Result<Vec<u8>> {
        let mut object: Map<String, Value> = serde_json::from_slice(&text)?;
        if object.keys().all(|name| known.contains(name)) {
            return Ok(text);
        }
        object.retain(|name, value| {
            let is_known = known.contains(name);
            if !is_known && !value.is_null() {
                *self.unknown_fields.entry(format!("{}.{name}", kind.as_str())).or_default() += 1;
            }
            is_known
        });
        Ok(serde_json::to_vec(&object)?)
    }

    fn write_line(&mut self, line: &[u8]) -> io::Result<()> {
        self.out.write_all(line)?;
        self.out.write_all(b"\n")
    }
}

/// Returns the fields of the API's objects.
fn fields(kind: Kind) -> HashSet<String> {
    let mut fields = match kind {
        Kind::Customer => known_fields::<CustomerRow>(),
        Kind::Contact => known_fields::<ContactRow>(),
        Kind::Onboarding => known_fields::<OnboardingRow>(),
    };
    // Only an export has it; what a list of the API contains hasn't been deleted.
    fields.remove("deleted_at");
    fields.insert("object".to_owned());
    if kind != Kind::Customer {
        fields.insert("customer_id".to_owned());
    }
    fields
}

/// Returns the last values that the source is known to have allocated.
fn last(places: &[&Place]) -> Option<LastAllocated> {
    let created_at = places.iter().map(|place| place.created_at).max()?;
    // The import reports display IDs that are too small, with the line of their object.
    let display_id = DisplayId(largest_display_id(places).max(1));
    Some(LastAllocated { display_id, created_at })
}

fn found(places: &[&Place]) -> Found {
    let read = places.len() as u64;
    let largest = u64::try_from(largest_display_id(places)).unwrap_or(0);
    Found { read, missing: largest.saturating_sub(read) }
}

fn largest_display_id(places: &[&Place]) -> i64 {
    places.iter().map(|place| place.display_id).max().unwrap_or(0)
}
