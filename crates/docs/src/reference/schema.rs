//! Resolves the references and `allOf` of schemas.

use super::document::{Document, Schema, Types};
use super::error::Error;
use super::phrases;

/// Returns the name of the component that a schema refers to.
pub fn component_name(schema: &Schema) -> Option<&str> {
    schema.reference.as_deref()?.rsplit('/').next()
}

/// Resolves references and `allOf`. Keywords next to a reference take precedence.
pub fn resolve(document: &Document, schema: &Schema) -> Result<Schema, Error> {
    let mut resolved = match &schema.reference {
        Some(reference) => resolve(document, document.find(reference)?)?,
        None => Schema::default(),
    };
    for part in &schema.all_of {
        resolved.merge(&resolve(document, part)?);
    }
    resolved.merge(schema);
    // `anyOf` of a schema and null is that schema made nullable.
    let others: Vec<&Schema> = schema.alternatives().filter(|part| !part.is_null()).collect();
    if let [only] = others.as_slice() {
        let description = resolved.description.take();
        let mut only = resolve(document, only)?;
        let mut types: Vec<String> = only.types().map(str::to_owned).collect();
        types.push("null".to_owned());
        only.types = Some(Types::Several(types));
        only.description = description.or(only.description);
        only.default = resolved.default.or(only.default);
        return Ok(only);
    }
    Ok(resolved)
}

impl Schema {
    /// Overwrites keywords with those that another schema has.
    fn merge(&mut self, other: &Self) {
        macro_rules! overwrite {
            (option $($field:ident),*; list $($list:ident),*) => {
                $(if other.$field.is_some() { self.$field.clone_from(&other.$field); })*
                $(if !other.$list.is_empty() { self.$list.clone_from(&other.$list); })*
            };
        }
        overwrite!(
            option description, types, format, r#const, default, minimum, maximum, min_length,
                max_length, max_items, items;
            list r#enum, properties, required, one_of, any_of
        );
    }

    pub fn alternatives(&self) -> impl Iterator<Item = &Self> {
        self.one_of.iter().chain(&self.any_of)
    }

    pub fn types(&self) -> impl Iterator<Item = &str> {
        let types: &[String] = match &self.types {
            None => &[],
            Some(Types::One(one)) => std::slice::from_ref(one),
            Some(Types::Several(several)) => several,
        };
        types.iter().map(String::as_str)
    }

    /// The allowed values, if `const` or `enum` lists them.
    pub fn choices(&self) -> Vec<String> {
        match &self.r#const {
            Some(only) => vec![phrases::value_text(only)],
            None => self
                .r#enum
                .iter()
                .filter(|choice| !choice.is_null())
                .map(phrases::value_text)
                .collect(),
        }
    }

    fn is_null(&self) -> bool {
        self.types().eq(["null"])
    }
}
