//! The columns of a CSV file: one table for each type, in the order in which they are exported.

use strum::{EnumString, IntoStaticStr, VariantNames};

use crate::model::transfer::Summary;

/// What the rows of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum CsvType {
    Customers,
    Contacts,
}

/// A column that has a meaning.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub content: Content,
    /// Other names that files use for it, best first, in any case, and with or without spaces and
    /// punctuation.
    pub aliases: &'static [&'static str],
}

/// What the cells of a column contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The ID or display ID of the contact's customer.
    CustomerId,
    /// The slug of the contact's customer.
    CustomerSlug,
    /// Half of a name. Not exported.
    FirstName,
    LastName,
    /// A field of the row.
    Field(Format),
}

/// How the value of a field is written in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Time,
    /// A host name, or a URL that contains it.
    Host,
    Choice,
    Number,
    Boolean,
    List,
    Json,
}

use Content::{CustomerId, CustomerSlug, Field, FirstName, LastName};
use Format::{Boolean, Choice, Host, Json, List, Number, Text, Time};

const fn column(name: &'static str, content: Content, aliases: &'static [&'static str]) -> Column {
    Column { name, content, aliases }
}

const CUSTOMERS: [Column; 18] = [
    column("id", Field(Text), &[]),
    column("display_id", Field(Number), &[]),
    column(
        "name",
        Field(Text),
        &[
            "Company Name",
            "Customer Name",
            "Account Name",
            "Company",
            "Customer",
            "Account",
            "Organization Name",
            "Organization",
            "Organisation",
            "Client Name",
            "Client",
        ],
    ),
    column("slug", Field(Text), &["Customer Slug", "Company Slug"]),
    column(
        "domain",
        Field(Host),
        &["Domain Name", "Company Domain Name", "Company Domain", "Website", "Website URL", "URL"],
    ),
    column("status", Field(Choice), &["Customer Status", "Account Status"]),
    column("plan", Field(Text), &["Plan Name", "Subscription Plan", "Subscription"]),
    column("mrr", Field(Number), &["MRR Cents", "MRR in Cents"]),
    column("monthly_orders", Field(Number), &["Orders per Month"]),
    column("hubspot_company_id", Field(Text), &["HubSpot Company", "HubSpot ID"]),
    column("hubspot_deal_id", Field(Text), &["HubSpot Deal"]),
    column("stripe_customer_id", Field(Text), &["Stripe Customer", "Stripe ID"]),
    column("intercom_company_id", Field(Text), &["Intercom Company", "Intercom ID"]),
    column("slack_channel_id", Field(Text), &[]),
    column("tags", Field(List), &["Tag", "Labels", "Label"]),
    column("metadata", Field(Json), &[]),
    column("created_at", Field(Time), &[]),
    column("updated_at", Field(Time), &[]),
];

const CONTACTS: [Column; 13] = [
    column("id", Field(Text), &[]),
    column("display_id", Field(Number), &[]),
    column("customer_id", CustomerId, &["Customer Display ID"]),
    column("customer_slug", CustomerSlug, &["Customer", "Company Slug"]),
    column("name", Field(Text), &["Full Name", "Contact Name", "Contact", "Person"]),
    column("email", Field(Text), &["Email Address", "Mail", "Work Email", "Contact Email"]),
    column("title", Field(Text), &["Job Title", "Position", "Role"]),
    column("is_primary", Field(Boolean), &["Primary", "Primary Contact", "Main Contact"]),
    column("labels", Field(List), &["Label", "Tags", "Tag"]),
    column("created_at", Field(Time), &[]),
    column("updated_at", Field(Time), &[]),
    column("first_name", FirstName, &["Given Name", "Forename"]),
    column("last_name", LastName, &["Surname", "Family Name"]),
];

impl CsvType {
    /// Returns every column that a file of this type can have.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::Customers => &CUSTOMERS,
            Self::Contacts => &CONTACTS,
        }
    }

    /// Returns the columns of an export.
    pub fn exported(self) -> impl Iterator<Item = &'static Column> {
        let is_half = |column: &&Column| matches!(column.content, FirstName | LastName);
        self.columns().iter().filter(move |column| !is_half(column))
    }

    /// Counts the rows that could not be read as rows of this type, since a file has no others.
    #[must_use]
    pub fn attribute(self, mut summary: Summary) -> Summary {
        let counts = match self {
            Self::Customers => &mut summary.customers,
            Self::Contacts => &mut summary.contacts,
        };
        counts.rejected += std::mem::take(&mut summary.unreadable);
        summary
    }

    /// Returns the column with this exact name.
    pub fn column(self, name: &str) -> Option<&'static Column> {
        self.columns().iter().find(|column| column.name == name)
    }

    /// Returns the rank of a header as the name of a column, 0 for the best, or `None` if it isn't
    /// one of its names.
    pub fn rank(header: &str, column: &Column) -> Option<usize> {
        if header.trim() == column.name {
            return Some(0);
        }
        let header = key(header);
        let mut names = std::iter::once(&column.name).chain(column.aliases);
        names.position(|name| key(name) == header).map(|position| position + 1)
    }
}

/// Returns whether a header is the name of any column.
pub fn is_known(header: &str) -> bool {
    let mut columns = CUSTOMERS.iter().chain(&CONTACTS);
    columns.any(|column| CsvType::rank(header, column).is_some())
}

/// Returns what is compared of the name of a column: its letters and digits, in lowercase.
fn key(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::model::contact::Contact;
    use crate::model::customer::Customer;
    use crate::model::parse::fields::{Body, Fields};
    use crate::model::parse::schema::Component;
    use crate::model::transfer::{ContactRow, CustomerRow};

    /// The fields that the parser of a row reads, except for the one of deleted rows.
    fn fields<B: Body>() -> Vec<String> {
        let names = Fields::spec::<B>().fields.into_iter().map(|field| field.name);
        names.filter(|name| name != "deleted_at").collect()
    }

    fn columns(of: CsvType) -> Vec<&'static str> {
        let is_field = |column: &&Column| matches!(column.content, Field(_));
        of.columns().iter().filter(is_field).map(|column| column.name).collect()
    }

    fn properties<C: Component>() -> Vec<String> {
        let names = C::component().properties.keys().cloned().collect::<Vec<_>>();
        names.into_iter().filter(|name| name != "object").collect()
    }

    #[test]
    fn every_field_of_a_row_is_a_column() {
        assert_eq!(columns(CsvType::Customers), fields::<CustomerRow>());
        assert_eq!(columns(CsvType::Contacts), fields::<ContactRow>());
    }

    #[test]
    fn every_property_of_a_resource_is_exported() {
        let exported = |of: CsvType| of.exported().map(|column| column.name).collect::<Vec<_>>();
        assert_eq!(exported(CsvType::Customers), properties::<Customer>());
        let contact = exported(CsvType::Contacts);
        let own: Vec<_> = contact.into_iter().filter(|&name| name != "customer_slug").collect();
        assert_eq!(own, properties::<Contact>());
    }

    #[test]
    fn no_name_belongs_to_two_columns() {
        for csv_type in [CsvType::Customers, CsvType::Contacts] {
            let mut owners = HashMap::new();
            for column in csv_type.columns() {
                for name in std::iter::once(&column.name).chain(column.aliases) {
                    assert_eq!(owners.insert(key(name), column.name), None, "{name}");
                }
            }
        }
    }

    #[test]
    fn headers_match_in_any_spelling() {
        let rank = |header| CsvType::rank(header, CsvType::Customers.column("name").unwrap());
        assert_eq!(rank("name"), Some(0));
        assert_eq!(rank("Name "), Some(1));
        for header in ["Company Name", "company_name", "COMPANY-NAME", "companyName"] {
            assert_eq!(rank(header), Some(2), "{header}");
        }
        assert_eq!(rank("Names"), None);
        assert!(is_known("E-mail"));
    }

    /// What the documentation says about the cells of a column.
    fn description(content: Content) -> &'static str {
        match content {
            CustomerId => "the ID or display ID of a customer",
            CustomerSlug => "the slug of a customer",
            FirstName | LastName => "half of the name",
            Field(format) => match format {
                Text => "text",
                Host => "host name or URL",
                Choice => "one of the statuses",
                Number => "number",
                Boolean => "yes or no",
                List => "list",
                Json => "JSON object",
                Time => "time",
            },
        }
    }

    fn documented<B: Body>(of: CsvType) -> String {
        let spec = Fields::spec::<B>();
        let required: Vec<&str> =
            spec.fields.iter().filter(|field| field.required).map(|field| &*field.name).collect();
        let row = |column: &Column| {
            let bold = if required.contains(&column.name) { "**" } else { "" };
            let aliases = column.aliases.join(", ");
            let aliases = if aliases.is_empty() { "—" } else { &aliases };
            let what = description(column.content);
            format!("| {bold}`{}`{bold} | {aliases} | {what} |\n", column.name)
        };
        of.columns().iter().map(row).collect()
    }

    #[test]
    fn the_documentation_lists_every_column() {
        let page = include_str!("../../../docs/guides/csv.md");
        for table in [
            documented::<CustomerRow>(CsvType::Customers),
            documented::<ContactRow>(CsvType::Contacts),
        ] {
            assert!(page.contains(&table), "docs/guides/csv.md must contain:\n{table}");
        }
    }
}
