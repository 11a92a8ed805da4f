//! What differs between the three types of resources when they are imported.

use super::existing::{Existing, ids};
use super::index::Key;
use super::scope::Scope;
use crate::model::contact::{Contact, NewContact};
use crate::model::customer::{Customer, CustomerId, NewCustomer};
use crate::model::event::EventType;
use crate::model::onboarding::{Onboarding, OnboardingPatch};
use crate::model::values::id::{DisplayId, Id};
use crate::model::values::slug::{FIRST_NUMBER, Slug};
use crate::model::values::time::Timestamp;
use crate::store::engine::{Conn, ToValue};
use crate::store::error::StoreError;
use crate::store::rows::resource::Resource;

/// A resource that can be imported.
pub(super) trait Importable: Resource + Clone {
    type Body: Clone;
    const CREATED: EventType;
    const DELETED: EventType;
    /// The condition of the index of creation times.
    const INDEXED: &'static str = "TRUE";

    /// Creates the resource as a POST would have done at `created_at`, with a display ID to be set
    /// later.
    fn build(body: Self::Body, id: Id<Self>, customer: &CustomerId, created_at: Timestamp) -> Self;

    fn apply(body: Self::Body, to: &mut Self, now: Timestamp);

    fn set_display_id(&mut self, display_id: DisplayId);

    /// Finds the live resources that a row without an ID can mean.
    fn matches(
        scope: &Scope<'_>,
        body: &Self::Body,
        customer: &CustomerId,
    ) -> Result<Matches<Self>, StoreError>;

    /// The values of this live resource that must be unique. Without an ID, its natural key is one.
    fn unique(&self, has_id: bool) -> Vec<Unique>;

    /// Whether a new resource avoids what is taken, instead of being in conflict.
    fn avoids_conflicts(_body: &Self::Body) -> bool {
        false
    }
}

/// The existing resources that a row without an ID can mean.
pub(super) enum Matches<R> {
    /// Those that have the row's natural key.
    ByKey(Vec<Existing<R>>),
    /// The row has no natural key. This is the one that an earlier run of the same import would
    /// have created for it.
    Likely(Option<Existing<R>>),
}

/// A value that must be unique.
pub(super) struct Unique {
    pub key: Key,
    pub field: &'static str,
    /// Says what is wrong if another row has it.
    pub message: String,
    /// Whether the other row just loses it.
    pub is_taken_over: bool,
}

impl Unique {
    /// Returns the IDs of the live resources that have the value.
    pub fn holders(&self, scope: &Scope<'_>) -> Result<Vec<String>, StoreError> {
        fn texts<R>(ids: Vec<Id<R>>) -> Vec<String> {
            ids.into_iter().map(|id| id.to_string()).collect()
        }
        let conn: Conn<'_> = scope.conn;
        match &self.key {
            Key::Slug(slug) => {
                let condition = "workspace_no = ?1 AND slug = ?2";
                let values: [&dyn ToValue; 2] = [&scope.workspace.0, &slug.as_str()];
                Ok(texts(ids::<Customer>(conn, condition, &values)?))
            }
            Key::Email(customer, email) => {
                let condition = "customer_id = ?1 AND email_key = ?2";
                Ok(texts(ids::<Contact>(conn, condition, &[customer, email])?))
            }
            Key::Primary(customer) => {
                let condition = "customer_id = ?1 AND is_primary = 1";
                Ok(texts(ids::<Contact>(conn, condition, &[customer])?))
            }
            Key::Id(..) | Key::Event(_) | Key::Number(..) | Key::Name(..) => Ok(Vec::new()),
        }
    }
}

impl Importable for Customer {
    type Body = NewCustomer;
    const CREATED: EventType = EventType::CustomerCreated;
    const DELETED: EventType = EventType::CustomerArchived;
    const INDEXED: &'static str = "deleted_at IS NULL";

    fn build(body: NewCustomer, id: Id<Self>, _: &CustomerId, created_at: Timestamp) -> Self {
        let slug = body.slug.clone().unwrap_or_else(|| Slug::from_name(body.name.as_str()));
        body.create(id, DisplayId(0), slug, created_at)
    }

    fn apply(body: NewCustomer, to: &mut Self, _: Timestamp) {
        to.name = body.name;
        if let Some(slug) = body.slug {
            to.slug = slug;
        }
        body.changes.apply(to);
    }

    fn set_display_id(&mut self, display_id: DisplayId) {
        self.display_id = display_id;
    }

    fn matches(
        scope: &Scope<'_>,
        body: &NewCustomer,
        _: &CustomerId,
    ) -> Result<Matches<Self>, StoreError> {
        let find = |slug: &Slug| {
            let values: [&dyn ToValue; 1] = [&slug.as_str()];
            Existing::live(scope.conn, scope.workspace, "slug = ?2", &values)
        };
        if let Some(slug) = &body.slug {
            return Ok(Matches::ByKey(find(slug)?));
        }
        let Some(index) = scope.index else { return Ok(Matches::Likely(None)) };
        let derived = Slug::from_name(body.name.as_str());
        let number = index.repeat(&format!("customer {derived}"))?;
        let slug = if number < FIRST_NUMBER {
            derived
        } else {
            Slug::numbered(&derived.numbered_stem(), number)
        };
        Ok(Matches::Likely(find(&slug)?.pop()))
    }

    fn avoids_conflicts(body: &NewCustomer) -> bool {
        body.slug.is_none()
    }

    fn unique(&self, _: bool) -> Vec<Unique> {
        vec![Unique {
            key: Key::Slug(self.slug.clone()),
            field: "slug",
            message: format!("slug {} is already in use", self.slug),
            is_taken_over: false,
        }]
    }
}

impl Importable for Contact {
    type Body = NewContact;
    const CREATED: EventType = EventType::ContactCreated;
    const DELETED: EventType = EventType::ContactDeleted;

    fn build(body: NewContact, id: Id<Self>, customer: &CustomerId, created_at: Timestamp) -> Self {
        body.create(id, DisplayId(0), customer.clone(), created_at)
    }

    fn apply(body: NewContact, to: &mut Self, _: Timestamp) {
        (to.name, to.email) = (body.name, body.email);
        body.changes.apply(to);
    }

    fn set_display_id(&mut self, display_id: DisplayId) {
        self.display_id = display_id;
    }

    fn matches(
        scope: &Scope<'_>,
        body: &NewContact,
        customer: &CustomerId,
    ) -> Result<Matches<Self>, StoreError> {
        let condition = "customer_id = ?2 AND email_key = ?3";
        let key = body.email.key();
        let values: [&dyn ToValue; 2] = [customer, &key];
        Ok(Matches::ByKey(Existing::live(scope.conn, scope.workspace, condition, &values)?))
    }

    fn unique(&self, _: bool) -> Vec<Unique> {
        let customer = || self.customer_id.clone();
        let mut unique = vec![Unique {
            key: Key::Email(customer(), self.email.key()),
            field: "email",
            message: format!("email {} is already in use at this customer", self.email.as_str()),
            is_taken_over: false,
        }];
        if self.is_primary {
            unique.push(Unique {
                key: Key::Primary(customer()),
                field: "is_primary",
                message: "is_primary is true, and the customer has another primary contact"
                    .to_owned(),
                is_taken_over: true,
            });
        }
        unique
    }
}

impl Importable for Onboarding {
    type Body = OnboardingPatch;
    const CREATED: EventType = EventType::OnboardingCreated;
    const DELETED: EventType = EventType::OnboardingDeleted;

    fn build(
        body: OnboardingPatch,
        id: Id<Self>,
        customer: &CustomerId,
        created_at: Timestamp,
    ) -> Self {
        let mut onboarding = Self::with_defaults(id, DisplayId(0), customer.clone(), created_at);
        body.apply(&mut onboarding, created_at);
        onboarding
    }

    fn apply(body: OnboardingPatch, to: &mut Self, now: Timestamp) {
        body.apply(to, now);
    }

    fn set_display_id(&mut self, display_id: DisplayId) {
        self.display_id = display_id;
    }

    fn matches(
        scope: &Scope<'_>,
        body: &OnboardingPatch,
        customer: &CustomerId,
    ) -> Result<Matches<Self>, StoreError> {
        let values: [&dyn ToValue; 1] = [customer];
        let mut found: Vec<Existing<Self>> =
            Existing::live(scope.conn, scope.workspace, "customer_id = ?2", &values)?;
        let name = Self::build(body.clone(), Id::generate(), customer, scope.now).name;
        found.retain(|one| one.stored.resource.name == name);
        if name.is_some() {
            return Ok(Matches::ByKey(found));
        }
        let Some(index) = scope.index else { return Ok(Matches::Likely(None)) };
        let number = index.repeat(&format!("onboarding {customer}"))?;
        Ok(Matches::Likely(found.into_iter().nth(number as usize - 1)))
    }

    fn unique(&self, has_id: bool) -> Vec<Unique> {
        let name = self.name.as_ref().filter(|_| !has_id);
        let unique = name.map(|name| Unique {
            key: Key::Name(self.customer_id.clone(), name.as_str().to_owned()),
            field: "name",
            message: format!("name {} is already in use at this customer", name.as_str()),
            is_taken_over: false,
        });
        unique.into_iter().collect()
    }
}
