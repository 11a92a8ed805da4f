//! Which column of a file is which field.

use super::columns::{Column, CsvType};
use super::error::CsvError;

/// The name of the column that a file of rejected rows has in addition.
pub const ERROR_COLUMN: &str = "error";

/// A choice of the user: what a column is, or that it is ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub header: String,
    /// The name of the field, or `None` to ignore the column.
    pub field: Option<String>,
}

impl Choice {
    /// Parses `Header=field` or `Header=`.
    pub fn parse(text: &str) -> Option<Self> {
        // Headers can contain equals signs, fields can't.
        let (header, field) = text.rsplit_once('=')?;
        let field = field.trim();
        let field = (!field.is_empty()).then(|| field.to_owned());
        (!header.trim().is_empty()).then(|| Self { header: header.trim().to_owned(), field })
    }
}

/// What each column of a file is.
#[derive(Clone, Debug)]
pub struct Mapping {
    pub csv_type: CsvType,
    pub columns: Vec<MappedColumn>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedColumn {
    pub header: String,
    pub target: Target,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Field(&'static Column),
    /// The user said so, or the column has no name.
    Ignored,
    /// The reasons in a file of rejected rows.
    Error,
    /// No field has this name.
    Unknown,
    /// Another column fits the field with this name better.
    Duplicate(&'static str),
}

impl Mapping {
    /// Finds out what the columns are, and, unless `csv_type` says so, what the rows are.
    ///
    /// # Errors
    /// If a choice doesn't match, a required column is missing, two columns fit a field equally
    /// well, or the type is ambiguous.
    pub fn new(
        headers: &[String],
        csv_type: Option<CsvType>,
        choices: &[Choice],
    ) -> Result<Self, CsvError> {
        let choices = resolve_choices(headers, choices)?;
        match csv_type {
            Some(csv_type) => Self::for_type(headers, csv_type, &choices)?.checked(),
            None => detect(headers, &choices),
        }
    }

    fn for_type(
        headers: &[String],
        csv_type: CsvType,
        choices: &[Option<Option<&str>>],
    ) -> Result<Self, CsvError> {
        let mut columns = Vec::new();
        for (header, choice) in headers.iter().zip(choices) {
            let target = match choice {
                Some(None) => Target::Ignored,
                Some(Some(field)) => Target::Field(csv_type.column(field).ok_or_else(|| {
                    CsvError::UnknownField { field: (*field).to_owned(), csv_type }
                })?),
                None if header.trim().is_empty() => Target::Ignored,
                None if header.trim() == ERROR_COLUMN => Target::Error,
                None => Target::Unknown,
            };
            columns.push(MappedColumn { header: header.clone(), target });
        }
        for column in csv_type.columns() {
            assign(column, &mut columns)?;
        }
        Ok(Self { csv_type, columns })
    }

    /// Returns the position of a column.
    pub fn position(&self, name: &str) -> Option<usize> {
        let is_it = |column: &MappedColumn| matches!(column.target, Target::Field(field) if field.name == name);
        self.columns.iter().position(is_it)
    }

    /// Returns the headers of columns that nobody asked to ignore.
    pub fn unused(&self) -> impl Iterator<Item = &str> {
        let is_unused = |column: &&MappedColumn| {
            matches!(column.target, Target::Unknown | Target::Duplicate(_))
        };
        self.columns.iter().filter(is_unused).map(|column| column.header.as_str())
    }

    /// Returns the required columns that are missing.
    fn missing(&self) -> Vec<&'static str> {
        let has = |name| self.position(name).is_some();
        let mut missing = Vec::new();
        match self.csv_type {
            CsvType::Customers => missing.extend((!has("name")).then_some("name")),
            CsvType::Contacts => {
                let has_customer = has("customer_id") || has("customer_slug");
                missing.extend((!has_customer).then_some("customer_slug"));
                let has_name = has("name") || has("first_name") || has("last_name");
                missing.extend((!has_name).then_some("name"));
                missing.extend((!has("email")).then_some("email"));
            }
        }
        missing
    }

    fn checked(self) -> Result<Self, CsvError> {
        let missing = self.missing();
        if missing.is_empty() {
            return Ok(self);
        }
        let headers = self.columns.into_iter().map(|column| column.header).collect();
        Err(CsvError::MissingColumns { missing, csv_type: self.csv_type, headers })
    }

    fn matched(&self) -> usize {
        self.columns.iter().filter(|column| matches!(column.target, Target::Field(_))).count()
    }
}

/// Matches the user's choices with the headers. Returns one for each header. Several choices for
/// the same header are for the columns of that name, from left to right.
fn resolve_choices<'c>(
    headers: &[String],
    choices: &'c [Choice],
) -> Result<Vec<Option<Option<&'c str>>>, CsvError> {
    let mut resolved = vec![None; headers.len()];
    for choice in choices {
        let exact = |header: &String| header.trim() == choice.header;
        let lenient =
            |header: &String| header.trim().to_lowercase() == choice.header.to_lowercase();
        let free = (0..headers.len()).filter(|&index| resolved[index].is_none());
        let position = free
            .clone()
            .find(|&index| exact(&headers[index]))
            .or_else(|| free.clone().find(|&index| lenient(&headers[index])))
            .ok_or_else(|| CsvError::UnknownHeader {
                header: choice.header.clone(),
                headers: headers.to_vec(),
            })?;
        resolved[position] = Some(choice.field.as_deref());
    }
    Ok(resolved)
}

/// Gives a field the column whose header fits best, unless the user has chosen one.
fn assign(column: &'static Column, columns: &mut [MappedColumn]) -> Result<(), CsvError> {
    let mut chosen = columns.iter().filter(|mapped| mapped.target == Target::Field(column));
    let ambiguous = |first: &MappedColumn, second: &MappedColumn| CsvError::TwoColumns {
        field: column.name,
        first: first.header.clone(),
        second: second.header.clone(),
    };
    let is_chosen = match (chosen.next(), chosen.next()) {
        (Some(first), Some(second)) => return Err(ambiguous(first, second)),
        (first, _) => first.is_some(),
    };
    let mut candidates: Vec<(usize, usize)> = columns
        .iter()
        .enumerate()
        .filter(|(_, mapped)| mapped.target == Target::Unknown)
        .filter_map(|(index, mapped)| Some((CsvType::rank(&mapped.header, column)?, index)))
        .collect();
    candidates.sort_unstable();
    if !is_chosen {
        if let [(first_rank, first), (second_rank, second), ..] = candidates[..]
            && first_rank == second_rank
        {
            return Err(ambiguous(&columns[first], &columns[second]));
        }
        if let Some(&(_, best)) = candidates.first() {
            columns[best].target = Target::Field(column);
            candidates.remove(0);
        }
    }
    for (_, other) in candidates {
        columns[other].target = Target::Duplicate(column.name);
    }
    Ok(())
}

/// Finds the type that the header can only mean. A wrong guess would create people as companies.
fn detect(headers: &[String], choices: &[Option<Option<&str>>]) -> Result<Mapping, CsvError> {
    let mapping = |csv_type| Mapping::for_type(headers, csv_type, choices);
    let complete = |mapping: &Result<Mapping, CsvError>| {
        mapping.as_ref().is_ok_and(|m| m.missing().is_empty())
    };
    let (customers, contacts) = (mapping(CsvType::Customers), mapping(CsvType::Contacts));
    let matched =
        |mapping: &Result<Mapping, CsvError>| mapping.as_ref().map_or(0, Mapping::matched);
    if complete(&contacts) && matched(&contacts) > matched(&customers) {
        return contacts;
    }
    let has_email = contacts.as_ref().is_ok_and(|contacts| contacts.position("email").is_some());
    let only_customers_have = |column: &MappedColumn| matches!(column.target, Target::Field(field) if CsvType::Contacts.column(field.name).is_none());
    if complete(&customers) {
        let customers = customers?;
        if !has_email || customers.columns.iter().any(only_customers_have) {
            return Ok(customers);
        }
        return Err(CsvError::AmbiguousType { headers: headers.to_vec() });
    }
    // An error that doesn't depend on the type is better than asking for it.
    match (customers, contacts) {
        (Err(error @ CsvError::TwoColumns { .. }), Err(CsvError::TwoColumns { .. })) => Err(error),
        _ => Err(CsvError::AmbiguousType { headers: headers.to_vec() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(headers: &[&str], choices: &[&str]) -> Result<Mapping, CsvError> {
        let headers: Vec<String> = headers.iter().map(|&header| header.to_owned()).collect();
        let choices: Vec<Choice> =
            choices.iter().map(|choice| Choice::parse(choice).unwrap()).collect();
        Mapping::new(&headers, None, &choices)
    }

    fn targets(mapping: &Mapping) -> Vec<&str> {
        let name = |column: &MappedColumn| match column.target {
            Target::Field(field) => field.name,
            Target::Ignored => "-",
            Target::Error => "error",
            Target::Unknown => "?",
            Target::Duplicate(_) => "twice",
        };
        mapping.columns.iter().map(name).collect()
    }

    #[test]
    fn headers_are_matched_with_fields() {
        let found = mapping(&["Company Name", "Website", "Phone", "", "error"], &[]).unwrap();
        assert_eq!(found.csv_type, CsvType::Customers);
        assert_eq!(targets(&found), ["name", "domain", "?", "-", "error"]);
        assert_eq!(found.unused().collect::<Vec<_>>(), ["Phone"]);

        let found = mapping(&["E-mail", "First Name", "Last Name", "Customer"], &[]).unwrap();
        assert_eq!(found.csv_type, CsvType::Contacts);
        assert_eq!(targets(&found), ["email", "first_name", "last_name", "customer_slug"]);
    }

    #[test]
    fn the_best_header_wins() {
        let found = mapping(&["Company", "name", "Account Name", "slug"], &[]).unwrap();
        assert_eq!(targets(&found), ["twice", "name", "twice", "slug"]);
        let error = mapping(&["Name", "NAME"], &[]).unwrap_err();
        assert!(matches!(error, CsvError::TwoColumns { field: "name", .. }), "{error}");
    }

    #[test]
    fn a_choice_beats_the_name() {
        let found = mapping(&["Name", "Firma", "Slug"], &["firma=name", "Slug="]).unwrap();
        assert_eq!(targets(&found), ["twice", "name", "-"]);
        let found = mapping(&["Name", "a=b"], &["a=b=plan"]).unwrap();
        assert_eq!(targets(&found), ["name", "plan"]);
        let found = mapping(&["Name", "Name"], &["Name=", "Name=name"]).unwrap();
        assert_eq!(targets(&found), ["-", "name"]);
        let error = mapping(&["Name"], &["Firm=name"]).unwrap_err();
        assert!(matches!(error, CsvError::UnknownHeader { .. }), "{error}");
        let error = mapping(&["a", "b"], &["a=name", "b=name"]).unwrap_err();
        assert!(matches!(error, CsvError::TwoColumns { .. }), "{error}");
    }

    #[test]
    fn the_type_is_only_detected_if_it_is_clear() {
        let found = |headers: &[&str]| mapping(headers, &[]).map(|mapping| mapping.csv_type).ok();
        assert_eq!(found(&["name"]), Some(CsvType::Customers));
        assert_eq!(found(&["id", "name", "slug", "email"]), Some(CsvType::Customers));
        assert_eq!(found(&["customer_id", "name", "email"]), Some(CsvType::Contacts));
        assert_eq!(found(&["name", "email"]), None);
        assert_eq!(found(&["foo", "bar"]), None);
        for csv_type in [CsvType::Customers, CsvType::Contacts] {
            let headers: Vec<&str> = csv_type.exported().map(|column| column.name).collect();
            assert_eq!(found(&headers), Some(csv_type));
        }
    }

    #[test]
    fn required_columns_must_be_there() {
        let headers = ["name".to_owned(), "email".to_owned()];
        let error = Mapping::new(&headers, Some(CsvType::Contacts), &[]).unwrap_err();
        let CsvError::MissingColumns { missing, .. } = error else { panic!("{error}") };
        assert_eq!(missing, ["customer_slug"]);
    }
}
