//! Where each object is in the file, and how far the download is.

use std::collections::{HashMap, HashSet};

use super::record::Mark;
use crate::model::values::time::Timestamp;
use crate::transfer::remote::kind::Kind;
use crate::transfer::remote::page::Head;

/// An object in the file.
#[derive(Clone, Debug)]
pub(in crate::transfer::remote) struct Place {
    pub offset: u64,
    pub length: usize,
    pub created_at: Timestamp,
    pub display_id: i64,
    /// `None` for a customer.
    pub customer: Option<Box<str>>,
}

/// How far a list has been read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::transfer::remote) enum Position {
    #[default]
    Start,
    At(String),
    End,
}

#[derive(Debug, Default)]
pub(in crate::transfer::remote) struct Index {
    objects: [HashMap<Box<str>, Place>; 3],
    pub customers: Position,
    pub onboardings: Position,
    contacts: HashMap<Box<str>, Position>,
    /// The customers that were deleted at the source in the meantime.
    pub gone: HashSet<Box<str>>,
}

impl Index {
    /// Adds an object, or replaces an older version of it.
    pub(super) fn add(&mut self, kind: Kind, head: Head, offset: u64, length: usize) {
        let Head { id, display_id, created_at, customer } = head;
        let customer = customer.map(String::into_boxed_str);
        let place = Place { offset, length, created_at, display_id, customer };
        self.objects[kind as usize].insert(id.into_boxed_str(), place);
    }

    pub(super) fn apply(&mut self, mark: Mark) {
        match mark {
            Mark::Customers { next } => self.customers = next.into(),
            Mark::Onboardings { next } => self.onboardings = next.into(),
            Mark::Contacts { customer, next } => {
                self.contacts.insert(customer.into_boxed_str(), next.into());
            }
            Mark::Gone { customer } => {
                self.gone.insert(customer.into_boxed_str());
            }
            Mark::News => {}
        }
    }

    pub fn contains(&self, kind: Kind, id: &str) -> bool {
        self.objects[kind as usize].contains_key(id)
    }

    pub fn objects(&self, kind: Kind) -> &HashMap<Box<str>, Place> {
        &self.objects[kind as usize]
    }

    pub fn count(&self, kind: Kind) -> u64 {
        self.objects[kind as usize].len() as u64
    }

    /// Returns the customers whose contacts aren't complete, oldest first, each with the cursor to
    /// continue at.
    pub fn customers_without_contacts(&self) -> Vec<(Box<str>, Option<String>)> {
        let mut found: Vec<(&Place, &Box<str>, Option<String>)> = self
            .objects(Kind::Customer)
            .iter()
            .filter(|(id, _)| !self.gone.contains(*id))
            .filter_map(|(id, place)| match self.contacts.get(id) {
                None | Some(Position::Start) => Some((place, id, None)),
                Some(Position::At(cursor)) => Some((place, id, Some(cursor.clone()))),
                Some(Position::End) => None,
            })
            .collect();
        found.sort_by_key(|(place, _, _)| (place.created_at, place.display_id));
        found.into_iter().map(|(_, id, cursor)| (id.clone(), cursor)).collect()
    }
}

impl From<Option<String>> for Position {
    fn from(next: Option<String>) -> Self {
        next.map_or(Self::End, Self::At)
    }
}
