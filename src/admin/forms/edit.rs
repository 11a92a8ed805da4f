//! Forms that change a resource while somebody else may change it too. Such a form carries the values
//! that it was loaded with: only fields that were edited are sent, and a property that somebody else
//! changed first is shown instead of overwritten.

use serde::Serialize;

use super::field::{self, Field, Values};
use super::form::{Form, Kind, Shape};
use crate::model::parse::fields::Body;
use crate::model::parse::problem::{Problem, Rule};

/// The prefix of the hidden field with the value that a field was loaded with.
const LOADED_PREFIX: &str = "was-";

/// A form that shows the properties of a resource and remembers them.
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

/// What a person changed in a form.
pub(in crate::admin) struct Changes {
    form: Form,
    shape: Vec<(&'static str, Kind)>,
}

impl Changes {
    /// Compares what was typed with what the form was loaded with. A field that the form does not
    /// have changes nothing.
    pub fn new(form: &Form, shape: &Shape) -> Self {
        let changed = |(name, kind): &&(&'static str, Kind)| {
            let was = form.value(&format!("{LOADED_PREFIX}{name}"));
            let there = form.has_field(name) || matches!(kind, Kind::Flag | Kind::Chosen);
            there && !is_same_text(*kind, form.value(name), was)
        };
        let shape = shape.iter().filter(changed).copied().collect();
        Self { form: form.clone(), shape }
    }

    /// Parses what was changed as the body of a PATCH; nothing when nothing was.
    pub fn parse<B: Body>(&self) -> Result<Option<B>, Vec<Problem>> {
        self.form.parse_patch(&self.shape)
    }

    /// The form with what was meanwhile changed to something else, to be shown again; nothing when
    /// there is none of it. What is sent again after that is meant.
    pub fn conflicts(&self, now: &Values) -> Option<Form> {
        let mut form = self.form.clone();
        let mut problems = Vec::new();
        for (name, kind) in &self.shape {
            let Some((_, now)) = now.iter().find(|(field, _)| field == name) else { continue };
            let was = format!("{LOADED_PREFIX}{name}");
            if is_same_text(*kind, now, form.value(&was))
                || is_same_text(*kind, now, form.value(name))
            {
                continue;
            }
            let shown = if now.is_empty() { "nothing".to_owned() } else { format!("“{now}”") };
            problems.push(Problem {
                rule: Rule::ConflictingFields,
                message: format!(
                    "Somebody else changed this to {shown} meanwhile. Save again to replace that"
                ),
                field: (*name).to_owned(),
            });
            form.set(&was, now.clone());
        }
        (!problems.is_empty()).then(|| form.with_problems(problems))
    }
}

/// Whether a browser may have made one text from the other: it ends lines in its own way, and a
/// field of one line has no line ends.
fn is_same_text(kind: Kind, a: &str, b: &str) -> bool {
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

    fn typed(fields: &[(&str, &str)]) -> Changes {
        let mut form = with_loaded_values(values("Maya", "COO", "true", "a\nb"));
        for (name, value) in fields {
            form.set(name, (*value).to_owned());
        }
        Changes::new(&form, SHAPE)
    }

    /// Applies the changes to a contact with old values.
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
    fn only_what_was_typed_anew_is_changed() {
        let same = typed(&[("name", " Maya"), ("labels", "a\r\nb\r\n")]);
        assert!(same.parse::<ContactPatch>().unwrap().is_none());
        let after = patched(&typed(&[("title", "")]));
        assert_eq!(
            after,
            json!({"name": "Old", "title": null, "is_primary": false, "labels": ["old"]})
        );
    }

    #[test]
    fn line_breaks_count_where_there_can_be_some() {
        assert!(is_same_text(Kind::Area, "a\r\nb\n", "a\nb"));
        assert!(!is_same_text(Kind::Area, "a\n\nb", "a\nb"));
        assert!(!is_same_text(Kind::Area, "a\nb", "ab"));
        assert!(is_same_text(Kind::Nullable, "a\nb", "ab"));
    }

    #[test]
    fn a_form_with_one_field_changes_that() {
        let changes = Changes::new(&Form::from_values([("is_primary", "true".to_owned())]), SHAPE);
        let after = json!({"name": "Old", "title": "old", "is_primary": true, "labels": ["old"]});
        assert_eq!(patched(&changes), after);
    }

    #[test]
    fn what_two_changed_at_once_is_told_of_and_can_be_sent_again() {
        let changes = typed(&[("title", "CEO"), ("name", "Maya B")]);
        assert!(changes.conflicts(&values("Maya", "COO", "", "c")).is_none());
        assert!(changes.conflicts(&values("Maya B", "COO", "true", "")).is_none());
        let now = values("Maya", "", "true", "a\nb");
        let again = changes.conflicts(&now).unwrap();
        let said = "Somebody else changed this to nothing meanwhile. Save again to replace that.";
        assert_eq!(again.error("title").as_deref(), Some(said));
        assert_eq!((again.error("name"), again.value("title")), (None, "CEO"));
        assert!(Changes::new(&again, SHAPE).conflicts(&now).is_none());
    }
}
