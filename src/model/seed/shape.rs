//! Which fields an object of a seed has, and how to spell them.

use crate::model::parse::fields::{Body, Fields};
use crate::model::parse::input_spec::FieldSpec;

/// The fields of one kind of object, as its parser declares them.
pub(super) struct Shape {
    /// What the object is, such as `contact`.
    pub noun: &'static str,
    pub fields: Vec<FieldSpec>,
    /// The names of other fields that it can have, which are read on their own.
    pub others: &'static [&'static str],
    /// Names that are refused with a reason instead of a suggestion.
    pub misplaced: &'static [(&'static str, &'static str)],
}

impl Shape {
    /// Returns the shape of an object that has only the fields that `B` parses.
    pub fn of<B: Body>(noun: &'static str) -> Self {
        let fields = Fields::spec::<B>().fields;
        Self { noun, fields, others: &[], misplaced: &[] }
    }

    pub fn has(&self, name: &str) -> bool {
        self.names().any(|own| own == name)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        let fields = self.fields.iter().map(|field| field.name.as_str());
        fields.chain(self.others.iter().copied())
    }

    /// Says why there is no field with this name, and which one may be meant.
    pub fn explain_unknown(&self, name: &str) -> String {
        if let Some((_, reason)) = self.misplaced.iter().find(|(own, _)| *own == name) {
            return format!("{name} {reason}");
        }
        let noun = self.noun;
        match self.nearest(name) {
            Some(own) => format!("{name} is not a field of a {noun}; did you mean {own}?"),
            None => {
                let names: Vec<&str> = self.names().collect();
                format!("{name} is not a field of a {noun}; it has {}", names.join(", "))
            }
        }
    }

    /// Returns the field that `name` is most likely a misspelling of.
    fn nearest(&self, name: &str) -> Option<&str> {
        // `createdAt` and `created-at` are the same words as `created_at`.
        let letters = |name: &str| -> String {
            name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
        };
        let wanted = letters(name);
        let limit = (wanted.chars().count() / 3).max(1);
        let rate = |own: &str| strsim::osa_distance(&letters(own), &wanted);
        let rated = self.names().map(|own| (rate(own), own));
        rated.filter(|(distance, _)| *distance <= limit).min().map(|(_, own)| own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::seed::key::SeedKey;

    #[test]
    fn a_misspelled_field_gets_a_suggestion() {
        let shape = Shape::of::<SeedKey>("key");
        for (name, expected) in [
            ("nmae", "nmae is not a field of a key; did you mean name?"),
            ("Scope", "Scope is not a field of a key; did you mean scopes?"),
            ("MODE", "MODE is not a field of a key; did you mean mode?"),
            ("colour", "colour is not a field of a key; it has name, mode, tier, scopes, key"),
        ] {
            assert_eq!(shape.explain_unknown(name), expected);
        }
    }
}
