//! What an import did.

use serde::Serialize;
use strum::{EnumString, IntoStaticStr};

/// What happened to a row, or what would happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Created,
    Updated,
    /// It was already there.
    Unchanged,
    /// Left out because of a conflict.
    Skipped,
    /// Left out because it is faulty.
    Rejected,
}

/// How many rows of a type had each outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub skipped: u64,
    pub rejected: u64,
}

impl Counts {
    pub fn add(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Created => &mut self.created,
            Outcome::Updated => &mut self.updated,
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::Skipped => &mut self.skipped,
            Outcome::Rejected => &mut self.rejected,
        } += 1;
    }

    pub fn total(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.skipped + self.rejected
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub customers: Counts,
    pub contacts: Counts,
    pub onboardings: Counts,
    pub events: Counts,
    /// Rows that are so faulty that their type is unknown.
    pub unreadable: u64,
}

impl Summary {
    /// Counts a row; `None` is one that could not be read.
    pub fn add(&mut self, kind: Option<Kind>, outcome: Outcome) {
        match kind {
            Some(Kind::Customer) => self.customers.add(outcome),
            Some(Kind::Contact) => self.contacts.add(outcome),
            Some(Kind::Onboarding) => self.onboardings.add(outcome),
            Some(Kind::Event) => self.events.add(outcome),
            None => self.unreadable += 1,
        }
    }

    /// How many rows are faulty.
    pub fn rejected(&self) -> u64 {
        let all = [self.customers, self.contacts, self.onboardings, self.events];
        all.iter().map(|counts| counts.rejected).sum::<u64>() + self.unreadable
    }
}

/// The type of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    Customer,
    Contact,
    Onboarding,
    Event,
}
