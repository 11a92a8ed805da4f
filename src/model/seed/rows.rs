//! The customers, contacts, and onboardings of a seed.

use serde_json::{Map, Value};

use super::reader::Reader;
use super::shape::Shape;
use crate::model::parse::fields::{Body, Fields};
use crate::model::parse::problem::{Problem, Rule};
use crate::model::transfer::{
    ContactRow, CustomerKey, CustomerRow, Entry, OnboardingRow, Relative, Row,
};
use crate::model::values::id::BodyRef;

/// A contact or an onboarding in a list of its own, outside its customer.
pub(super) struct Listed<B> {
    customer: CustomerKey,
    row: B,
}

impl<B: Body> Body for Listed<B> {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let slug = fields.optional("customer");
        let id: Option<BodyRef<_>> = fields.optional("customer_id");
        fields.reject_if(slug.is_some() && id.is_some(), || Problem {
            rule: Rule::ConflictingFields,
            message: "customer and customer_id say the same; keep one of them".to_owned(),
            field: "customer_id".to_owned(),
        });
        let id = id.map(|BodyRef(id)| id);
        fields.reject_if(matches!(id, Some(None)), || Problem {
            rule: Rule::InvalidString,
            message: "customer_id must be the id or the display_id of a customer; a slug goes in \
                      customer"
                .to_owned(),
            field: "customer_id".to_owned(),
        });
        let row = B::read(fields);
        let customer = slug.map(CustomerKey::Slug).or(id.flatten().map(CustomerKey::Ref));
        Some(Self { customer: customer?, row: row? })
    }
}

/// The kinds of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RowKind {
    Customer,
    /// Inside its customer.
    NestedContact,
    NestedOnboarding,
    ListedContact,
    ListedOnboarding,
}

/// The shapes of all rows.
pub(super) struct RowShapes {
    pub customer: Shape,
    pub nested_contact: Shape,
    pub nested_onboarding: Shape,
    pub listed_contact: Shape,
    pub listed_onboarding: Shape,
}

/// The lists that a customer can contain.
const NESTED: &[&str] = &["object", "contacts", "onboardings"];
const BELONGS_TO_PARENT: &[(&str, &str)] = &[
    ("customer", "must be left out here: the customer is the one around it"),
    ("customer_id", "must be left out here: the customer is the one around it"),
];

impl Default for RowShapes {
    fn default() -> Self {
        fn shape<B: Body>(noun: &'static str) -> Shape {
            Shape { others: &["object"], ..Shape::of::<B>(noun) }
        }
        let nested = |shape| Shape { misplaced: BELONGS_TO_PARENT, ..shape };
        Self {
            customer: Shape { others: NESTED, ..Shape::of::<CustomerRow>("customer") },
            nested_contact: nested(shape::<ContactRow>("contact")),
            nested_onboarding: nested(shape::<OnboardingRow>("onboarding")),
            listed_contact: shape::<Listed<ContactRow>>("contact"),
            listed_onboarding: shape::<Listed<OnboardingRow>>("onboarding"),
        }
    }
}

/// A row that hasn't been parsed yet.
pub(super) struct RawRow<'v> {
    pub place: String,
    kind: RowKind,
    value: &'v Value,
}

/// Returns the rows of a seed, each customer before its contacts and onboardings. Reports lists
/// that aren't lists.
pub(super) fn raw_rows<'v>(
    reader: &mut Reader,
    document: &'v Map<String, Value>,
) -> Vec<RawRow<'v>> {
    let mut rows = Vec::new();
    for (place, value) in reader.list(document, "", "customers") {
        let own_place = place.clone();
        rows.push(RawRow { place: own_place, kind: RowKind::Customer, value });
        let Some(customer) = value.as_object() else { continue };
        for (name, kind) in
            [("contacts", RowKind::NestedContact), ("onboardings", RowKind::NestedOnboarding)]
        {
            let nested = reader.list(customer, &place, name);
            rows.extend(nested.into_iter().map(|(place, value)| RawRow { place, kind, value }));
        }
    }
    for (name, kind) in
        [("contacts", RowKind::ListedContact), ("onboardings", RowKind::ListedOnboarding)]
    {
        let listed = reader.list(document, "", name);
        rows.extend(listed.into_iter().map(|(place, value)| RawRow { place, kind, value }));
    }
    rows
}

impl RawRow<'_> {
    /// Parses the row, and reports what is wrong with it.
    pub fn parse(&self, reader: &mut Reader, shapes: &RowShapes) -> Option<Entry> {
        let place = &self.place;
        let object = reader.object(self.value, place)?;
        let mut parser = RowParser { reader, object, place };
        Some(match self.kind {
            RowKind::Customer => Entry::Customer(parser.row(&shapes.customer)?),
            RowKind::NestedContact => {
                let row = parser.row(&shapes.nested_contact)?;
                Entry::Contact { customer: CustomerKey::Parent, row }
            }
            RowKind::NestedOnboarding => {
                let row = parser.row(&shapes.nested_onboarding)?;
                Entry::Onboarding { customer: CustomerKey::Parent, row }
            }
            RowKind::ListedContact => {
                let (customer, row) = parser.listed_row(&shapes.listed_contact)?;
                Entry::Contact { customer, row }
            }
            RowKind::ListedOnboarding => {
                let (customer, row) = parser.listed_row(&shapes.listed_onboarding)?;
                Entry::Onboarding { customer, row }
            }
        })
    }
}

struct RowParser<'r> {
    reader: &'r mut Reader,
    object: &'r Map<String, Value>,
    place: &'r str,
}

impl RowParser<'_> {
    fn row<R, B: Body>(&mut self, shape: &Shape) -> Option<Row<R, B>> {
        self.require_id();
        let (mut row, relative): (Row<R, B>, _) =
            self.reader.parse_with_times(self.object, self.place, shape)?;
        row.relative = self.without_relative_times(&relative);
        Some(row)
    }

    fn listed_row<R, B: Body>(&mut self, shape: &Shape) -> Option<(CustomerKey, Row<R, B>)> {
        self.require_id();
        if !self.object.contains_key("customer") && !self.object.contains_key("customer_id") {
            let message = "customer is required here: the slug of a customer, or customer_id";
            self.reader.report(self.place, "customer", message);
        }
        let (Listed { customer, mut row }, relative): (Listed<Row<R, B>>, _) =
            self.reader.parse_with_times(self.object, self.place, shape)?;
        row.relative = self.without_relative_times(&relative);
        Some((customer, row))
    }

    /// Reports a deleted row without an ID: another import could not find it again.
    fn require_id(&mut self) {
        if self.object.contains_key("deleted_at") && !self.object.contains_key("id") {
            let message = "deleted_at needs an id, by which another import finds what is deleted";
            self.reader.report(self.place, "deleted_at", message);
        }
    }

    fn without_relative_times<B: Body>(&self, relative: &[String]) -> Option<Relative<B>> {
        if relative.is_empty() {
            return None;
        }
        let mut rest = self.object.clone();
        rest.retain(|name, _| !relative.contains(name));
        // What was valid with the times is valid without them: none of them is required.
        let body = Fields::parse(&rest).ok()?;
        let own = ["created_at", "updated_at", "deleted_at"];
        let has_relative_times = relative.iter().any(|name| own.contains(&name.as_str()));
        Some(Relative { body, has_relative_times })
    }
}
