//! The rows of an import. Their bodies are those of the API's POST requests.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::event::ImportedEvent;
use super::fault::{ImportFault, Place};
use super::summary::Kind;
use crate::model::contact::{Contact, NewContact};
use crate::model::customer::{Customer, CustomerRef, NewCustomer};
use crate::model::onboarding::{Onboarding, OnboardingPatch};
use crate::model::parse::fields::{Body, Fields};
use crate::model::parse::problem::{Problem, Rule};
use crate::model::values::id::{DisplayId, Id};
use crate::model::values::number::MAX_SAFE;
use crate::model::values::slug::Slug;
use crate::model::values::time::Timestamp;

/// A resource of type `R` to import. What is absent is assigned as for a POST.
pub struct Row<R, B> {
    pub id: Option<Id<R>>,
    pub display_id: Option<DisplayId>,
    pub created_at: Option<Timestamp>,
    /// Not before `created_at`.
    pub updated_at: Option<Timestamp>,
    /// Set for a resource that has been deleted. Not before `created_at`.
    pub deleted_at: Option<Timestamp>,
    pub body: B,
    /// Set if times are relative to the import.
    pub relative: Option<Relative<B>>,
}

/// What a row with relative times says about a resource that is already there. Relative times are
/// only for new resources: they differ with each import, and an import can be repeated.
pub struct Relative<B> {
    /// The body without relative times.
    pub body: B,
    /// Whether `created_at`, `updated_at`, or `deleted_at` is relative.
    pub has_relative_times: bool,
}

pub type CustomerRow = Row<Customer, NewCustomer>;
pub type ContactRow = Row<Contact, NewContact>;
/// The customer is not part of the body: it comes with the [`Entry`].
pub type OnboardingRow = Row<Onboarding, OnboardingPatch>;

impl<R, B> Row<R, B> {
    /// A row that has only a body.
    pub fn new(body: B) -> Self {
        Self {
            id: None,
            display_id: None,
            created_at: None,
            updated_at: None,
            deleted_at: None,
            body,
            relative: None,
        }
    }

    /// Whether the times of a resource that is already there stay as they are.
    pub fn keeps_times(&self) -> bool {
        self.relative.as_ref().is_some_and(|relative| relative.has_relative_times)
    }

    /// Returns the row as it is meant for a resource that is already there, and that may be
    /// deleted, if that differs.
    pub fn for_existing(&self, deleted_at: Option<Timestamp>) -> Option<Self>
    where
        B: Clone,
    {
        let relative = self.relative.as_ref()?;
        let keeps_times = self.keeps_times();
        Some(Self {
            id: self.id.clone(),
            display_id: self.display_id,
            created_at: self.created_at.filter(|_| !keeps_times),
            updated_at: self.updated_at.filter(|_| !keeps_times),
            deleted_at: self
                .deleted_at
                .map(|time| deleted_at.filter(|_| keeps_times).unwrap_or(time)),
            body: relative.body.clone(),
            relative: None,
        })
    }
}

impl<R, B: Body> Body for Row<R, B> {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.optional("id");
        let display_id = fields.optional("display_id");
        fields.reject_if(display_id.is_some_and(|number| !has_next(number)), || Problem {
            rule: Rule::TooBig,
            message: format!("display_id must be less than {MAX_SAFE}, so that another can follow"),
            field: "display_id".to_owned(),
        });
        let body = B::read(fields);
        let created_at = fields.optional("created_at");
        let updated_at = fields.optional("updated_at");
        let deleted_at = fields.optional("deleted_at");
        for (name, time) in [("updated_at", updated_at), ("deleted_at", deleted_at)] {
            let is_earlier = time.is_some_and(|time| created_at.is_none_or(|start| time < start));
            fields.reject_if(is_earlier, || Problem {
                rule: Rule::ConflictingFields,
                message: format!("{name} needs a created_at that is not later"),
                field: name.to_owned(),
            });
        }
        let body = body?;
        Some(Self { id, display_id, created_at, updated_at, deleted_at, body, relative: None })
    }
}

/// Returns whether a workspace with this display ID can have a higher one.
pub(super) fn has_next(number: DisplayId) -> bool {
    number.0 < MAX_SAFE
}

/// One thing to import. A customer comes before its contacts and onboardings, and all of them
/// before the events.
pub enum Entry {
    Customer(CustomerRow),
    Contact { customer: CustomerKey, row: ContactRow },
    Onboarding { customer: CustomerKey, row: OnboardingRow },
    Event(Box<ImportedEvent>),
}

impl Entry {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Customer(_) => Kind::Customer,
            Self::Contact { .. } => Kind::Contact,
            Self::Onboarding { .. } => Kind::Onboarding,
            Self::Event(_) => Kind::Event,
        }
    }
}

/// The customer that a contact or an onboarding belongs to. It can be in the source or already be
/// in the workspace.
#[derive(Clone, Debug)]
pub enum CustomerKey {
    /// Either of its IDs.
    Ref(CustomerRef),
    /// The slug of a customer that has not been deleted.
    Slug(Slug),
    /// The customer that precedes the row in the source.
    Parent,
}

/// Returns a fault for each field of an object that is not in `known`.
pub fn unknown_fields(
    place: &Place,
    object: &Map<String, Value>,
    known: &HashSet<String>,
) -> Vec<ImportFault> {
    let unknown = object.keys().filter(|name| !known.contains(*name));
    unknown
        .map(|name| ImportFault {
            place: place.clone(),
            field: Some(name.clone()),
            message: format!("{name} is not a known field"),
        })
        .collect()
}

/// The names of the fields that a body has.
pub fn known_fields<B: Body>() -> HashSet<String> {
    Fields::spec::<B>().fields.into_iter().map(|field| field.name).collect()
}
