//! Builds the documents of resources in shape 1 from the columns that versions 1 to 5 had for them.
//! This code does not change with the API: rows are upgraded from this shape to later ones when
//! they are read.

use rusqlite::Row;
use rusqlite::types::{Value, ValueRef};
use serde::Serialize;
use serde_json::value::RawValue;

use super::Failure;
use crate::model::values::time::Timestamp;

pub(super) const SHAPE: i64 = 1;

/// The columns of [`Customer`], in the order of its fields.
pub(super) const CUSTOMER: &str = "id, display_id, name, slug, domain, status, plan, mrr,
    monthly_orders, hubspot_company_id, hubspot_deal_id, stripe_customer_id, intercom_company_id,
    slack_channel_id, tags, metadata, created_at, updated_at";

#[derive(Serialize)]
#[serde(tag = "object", rename = "customer")]
pub(super) struct Customer<'r> {
    pub id: &'r str,
    pub display_id: i64,
    pub name: &'r str,
    pub slug: &'r str,
    pub domain: Option<&'r str>,
    pub status: &'r str,
    pub plan: Option<&'r str>,
    pub mrr: Option<i64>,
    pub monthly_orders: Option<i64>,
    pub hubspot_company_id: Option<&'r str>,
    pub hubspot_deal_id: Option<&'r str>,
    pub stripe_customer_id: Option<&'r str>,
    pub intercom_company_id: Option<&'r str>,
    pub slack_channel_id: Option<&'r str>,
    pub tags: Vec<String>,
    pub metadata: &'r RawValue,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl<'r> Customer<'r> {
    pub fn read(columns: &mut Columns<'r>) -> Result<Self, Failure> {
        Ok(Self {
            id: columns.text()?,
            display_id: columns.number()?,
            name: columns.text()?,
            slug: columns.text()?,
            domain: columns.optional_text()?,
            status: columns.text()?,
            plan: columns.optional_text()?,
            mrr: columns.optional_number()?,
            monthly_orders: columns.optional_number()?,
            hubspot_company_id: columns.optional_text()?,
            hubspot_deal_id: columns.optional_text()?,
            stripe_customer_id: columns.optional_text()?,
            intercom_company_id: columns.optional_text()?,
            slack_channel_id: columns.optional_text()?,
            tags: columns.json("a list of strings")?,
            metadata: columns.json("JSON")?,
            created_at: columns.time()?,
            updated_at: columns.time()?,
        })
    }
}

/// The columns of [`Contact`], in the order of its fields.
pub(super) const CONTACT: &str =
    "id, display_id, customer_id, name, email, title, is_primary, labels, created_at, updated_at";

#[derive(Serialize)]
#[serde(tag = "object", rename = "contact")]
pub(super) struct Contact<'r> {
    pub id: &'r str,
    pub display_id: i64,
    pub customer_id: &'r str,
    pub name: &'r str,
    pub email: &'r str,
    pub title: Option<&'r str>,
    pub is_primary: bool,
    pub labels: Vec<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl<'r> Contact<'r> {
    pub fn read(columns: &mut Columns<'r>) -> Result<Self, Failure> {
        Ok(Self {
            id: columns.text()?,
            display_id: columns.number()?,
            customer_id: columns.text()?,
            name: columns.text()?,
            email: columns.text()?,
            title: columns.optional_text()?,
            is_primary: columns.flag()?,
            labels: columns.json("a list of strings")?,
            created_at: columns.time()?,
            updated_at: columns.time()?,
        })
    }
}

/// The columns of [`Onboarding`], in the order of its fields.
pub(super) const ONBOARDING: &str = "id, display_id, customer_id, name, template_id, phase, state,
    waiting_on_customer, started_at, completed_at, target_launch_date, csm_id, se_id, designer_id,
    product_ops_id, notes, reminders_enabled, reminder_frequency_days, created_at, updated_at";

#[derive(Serialize)]
#[serde(tag = "object", rename = "onboarding")]
pub(super) struct Onboarding<'r> {
    pub id: &'r str,
    pub display_id: i64,
    pub customer_id: &'r str,
    pub name: Option<&'r str>,
    pub template_id: Option<&'r str>,
    pub phase: &'r str,
    pub state: &'r str,
    pub waiting_on_customer: bool,
    pub started_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    pub target_launch_date: Option<Timestamp>,
    pub csm_id: Option<&'r str>,
    pub se_id: Option<&'r str>,
    pub designer_id: Option<&'r str>,
    pub product_ops_id: Option<&'r str>,
    pub notes: Option<&'r str>,
    pub reminders_enabled: bool,
    pub reminder_frequency_days: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl<'r> Onboarding<'r> {
    pub fn read(columns: &mut Columns<'r>) -> Result<Self, Failure> {
        Ok(Self {
            id: columns.text()?,
            display_id: columns.number()?,
            customer_id: columns.text()?,
            name: columns.optional_text()?,
            template_id: columns.optional_text()?,
            phase: columns.text()?,
            state: columns.text()?,
            waiting_on_customer: columns.flag()?,
            started_at: columns.optional_time()?,
            completed_at: columns.optional_time()?,
            target_launch_date: columns.optional_time()?,
            csm_id: columns.optional_text()?,
            se_id: columns.optional_text()?,
            designer_id: columns.optional_text()?,
            product_ops_id: columns.optional_text()?,
            notes: columns.optional_text()?,
            reminders_enabled: columns.flag()?,
            reminder_frequency_days: columns.number()?,
            created_at: columns.time()?,
            updated_at: columns.time()?,
        })
    }
}

/// Serializes a document.
pub(super) fn text(document: &impl Serialize) -> Result<Value, Failure> {
    let text = serde_json::to_string(document);
    text.map(Value::Text).map_err(|error| Failure::Invalid(error.to_string()))
}

/// Reads the columns of an old row in order. Errors name the column.
pub(super) struct Columns<'r> {
    row: &'r Row<'r>,
    next: usize,
}

impl<'r> Columns<'r> {
    pub fn new(row: &'r Row<'r>) -> Self {
        Self { row, next: 0 }
    }

    pub fn optional_text(&mut self) -> Result<Option<&'r str>, Failure> {
        let value = self.value()?;
        value.as_str_or_null().map_err(|_| self.column_error("text in UTF-8"))
    }

    pub fn text(&mut self) -> Result<&'r str, Failure> {
        self.optional_text()?.ok_or_else(|| self.column_error("text"))
    }

    pub fn optional_number(&mut self) -> Result<Option<i64>, Failure> {
        let value = self.value()?;
        value.as_i64_or_null().map_err(|_| self.column_error("a whole number"))
    }

    pub fn number(&mut self) -> Result<i64, Failure> {
        self.optional_number()?.ok_or_else(|| self.column_error("a whole number"))
    }

    /// Reads the value unchanged, for another column.
    pub fn copy(&mut self) -> Result<Value, Failure> {
        let value = self.value()?;
        value.try_into().map_err(|_| self.column_error("text in UTF-8"))
    }

    fn flag(&mut self) -> Result<bool, Failure> {
        self.number().map(|number| number != 0)
    }

    fn optional_time(&mut self) -> Result<Option<Timestamp>, Failure> {
        Ok(self.optional_number()?.map(Timestamp::from_micros))
    }

    fn time(&mut self) -> Result<Timestamp, Failure> {
        self.number().map(Timestamp::from_micros)
    }

    fn json<T: serde::Deserialize<'r>>(&mut self, kind: &str) -> Result<T, Failure> {
        let text = self.text()?;
        serde_json::from_str(text).map_err(|_| self.column_error(kind))
    }

    fn value(&mut self) -> Result<ValueRef<'r>, Failure> {
        let value = self.row.get_ref(self.next)?;
        self.next += 1;
        Ok(value)
    }

    /// The error if the column that was just read has the wrong type.
    fn column_error(&self, kind: &str) -> Failure {
        let statement: &rusqlite::Statement<'_> = self.row.as_ref();
        let name = statement.column_name(self.next - 1).unwrap_or("?");
        Failure::Invalid(format!("column {name} is not {kind}"))
    }
}
