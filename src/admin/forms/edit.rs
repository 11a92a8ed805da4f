//! Edit forms, with conflict detection. A form carries the values that it was loaded with, in
//! hidden fields. Only fields that were edited are saved. If someone else has changed one of them
//! since, the form is shown again instead of overwriting that change.

use serde::Serialize;

use super::field::{self, Field, Values};
use super::form::{Form, Kind, Shape};
use super::money::parse_amount;
use crate::model::parse::fields::Body;
use crate::model::parse::problem::{Problem, Rule};

/// The prefix of the hidden fields with the loaded values.
const LOADED_PREFIX: &str = "was-";

/// Returns a form for editing a resource, including the hidden fields with the loaded values.
pub(in crate::admin) fn form(fields: &[Field], resource: &impl Serialize) -> Form {
    with_loaded_values(field::values(fields, resource))
}

fn with_loaded_values(values: Values) -> Form {
    let mut form = Form::default();
    for (name, value) in values {
        form.set(&format!("{LOADED_PREFIX}{name}"), value.clone());
        form.set(name, value);
    }
    form
}

/// The edited fields of a submitted form.
pub(in crate::admin) struct Changes {
    form: Form,
    shape: Vec<(&'static str, Kind)>,
}

impl Changes {
    /// Compares the submitted values with the loaded ones. A field that was not submitted counts as
    /// unchanged, unless it consists of checkboxes, which browsers omit when they are not checked.
    pub fn new(form: &Form, shape: &Shape) -> Self {
        let changed = |(name, kind): &&(&'static str, Kind)| {
            let loaded = form.value(&format!("{LOADED_PREFIX}{name}"));
            let is_submitted = form.has_field(name) || matches!(kind, Kind::Flag | Kind::Checked);
            is_submitted && !is_same_text(*kind, form.value(name), loaded)
        };
        let shape = shape.iter().filter(changed).copied().collect();
        Self { form: form.clone(), shape }
    }

    /// Parses the edited fields as the body of a PATCH. Returns `None` if nothing was edited.
    pub fn parse<B: Body>(&self) -> Result<Option<B>, Vec<Problem>> {
        self.form.parse_patch(&self.shape)
    }

    /// Returns the form with a problem for every edited field that someone else has changed to
    /// another value since it was loaded, or `None` if there are no conflicts. Submitting that form
    /// again overwrites their changes.
    pub fn conflicts(&self, now: &Values) -> Option<Form> {
        let mut form = self.form.clone();
        let mut problems = Vec::new();
        for (name, kind) in &self.shape {
            let Some((_, now)) = now.iter().find(|(field, _)| field == name) else { continue };
            let loaded = format!("{LOADED_PREFIX}{name}");
            if is_same_text(*kind, now, form.value(&loaded))
                || is_same_text(*kind, now, form.value(name))
            {
                continue;
            }
            problems.push(Problem {
                rule: Rule::ConflictingFields,
                message: match now.as_str() {
                    "" => "Someone else cleared this in the meantime. Save again to overwrite it"
                        .to_owned(),
                    now => format!(
                        "Someone else changed this to “{now}” in the meantime. Save again to \
                         overwrite it"
                    ),
                },
                field: (*name).to_owned(),
            });
            form.set(&loaded, now.clone());
        }
        (!problems.is_empty()).then(|| form.with_problems(problems))
    }
}

/// Whether two texts are the same amount, or differ only in what a browser changes on its own: it
/// normalizes line breaks, and removes them from single-line inputs.
fn is_same_text(kind: Kind, a: &str, b: &str) -> bool {
    if let Kind::Money(currency) = kind
        && let (Ok(a), Ok(b)) = (parse_amount(a, currency), parse_amount(b, currency))
    {
        return a == b;
    }
    let plain = |text: &str| match kind {
        Kind::Area | Kind::List | Kind::Json => {
            text.replace("\r\n", "\n").replace('\r', "\n").trim().to_owned()
        }
        _ => text.replace(['\r', '\n'], "").trim().to_owned(),
    };
    plain(a) == plain(b)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::contact::{ContactPatch, NewContact};
    use crate::model::parse::fields::Fields;
    use crate::model::values::currency::Currency;
    use crate::model::values::id::{DisplayId, Id};
    use crate::model::values::time::Timestamp;

    const SHAPE: &Shape = &[
        ("name", Kind::Text),
        ("title", Kind::Nullable),
        ("is_primary", Kind::Flag),
        ("labels", Kind::List),
    ];

    fn values(name: &str, title: &str, is_primary: &str, labels: &str) -> Values {
        let values = [name, title, is_primary, labels].map(str::to_owned);
        SHAPE.iter().map(|(name, _)| *name).zip(values).collect()
    }

    fn edited(fields: &[(&str, &str)]) -> Changes {
        let mut form = with_loaded_values(values("Maya", "COO", "true", "a\nb"));
        for (name, value) in fields {
            form.set(name, (*value).to_owned());
        }
        Changes::new(&form, SHAPE)
    }

    /// Applies the changes to a contact.
    fn patched(changes: &Changes) -> Value {
        let body =
            json!({"name": "Old", "email": "a@b.example", "title": "old", "labels": ["old"]});
        let new: NewContact = Fields::parse(body.as_object().unwrap()).unwrap();
        let at = Timestamp::from_micros(0);
        let mut contact = new.create(Id::generate(), DisplayId(1), Id::generate(), at);
        changes.parse::<ContactPatch>().unwrap().unwrap().apply(&mut contact);
        let all = serde_json::to_value(contact).unwrap();
        SHAPE.iter().map(|(name, _)| ((*name).to_owned(), all[*name].clone())).collect()
    }

    #[test]
    fn only_edited_fields_are_changed() {
        let same = edited(&[("name", " Maya"), ("labels", "a\r\nb\r\n")]);
        assert!(same.parse::<ContactPatch>().unwrap().is_none());
        let after = patched(&edited(&[("title", "")]));
        assert_eq!(
            after,
            json!({"name": "Old", "title": null, "is_primary": false, "labels": ["old"]})
        );
    }

    #[test]
    fn line_breaks_matter_only_in_multi_line_fields() {
        assert!(is_same_text(Kind::Area, "a\r\nb\n", "a\nb"));
        assert!(!is_same_text(Kind::Area, "a\n\nb", "a\nb"));
        assert!(!is_same_text(Kind::Area, "a\nb", "ab"));
        assert!(is_same_text(Kind::Nullable, "a\nb", "ab"));
    }

    #[test]
    fn amounts_are_the_same_however_they_are_typed() {
        let is_same = |a, b| is_same_text(Kind::Money(Currency::DEFAULT), a, b);
        assert!(is_same("1234.50", "$1,234.5") && is_same("", "") && is_same("x", "x"));
        assert!(!is_same("", "0.00") && !is_same("12.34", "1234"));
    }

    #[test]
    fn a_form_with_a_single_field_changes_only_that() {
        let changes = Changes::new(&Form::from_values([("is_primary", "true".to_owned())]), SHAPE);
        let after = json!({"name": "Old", "title": "old", "is_primary": true, "labels": ["old"]});
        assert_eq!(patched(&changes), after);
    }

    #[test]
    fn conflicting_changes_are_reported_and_can_be_overwritten() {
        let changes = edited(&[("title", "CEO"), ("name", "Maya B")]);
        assert!(changes.conflicts(&values("Maya", "COO", "", "c")).is_none());
        assert!(changes.conflicts(&values("Maya B", "COO", "true", "")).is_none());
        let now = values("Maya", "", "true", "a\nb");
        let again = changes.conflicts(&now).unwrap();
        let error = "Someone else cleared this in the meantime. Save again to overwrite it.";
        assert_eq!(again.error("title").as_deref(), Some(error));
        assert_eq!((again.error("name"), again.value("title")), (None, "CEO"));
        assert!(Changes::new(&again, SHAPE).conflicts(&now).is_none());
    }
}
