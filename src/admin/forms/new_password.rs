//! A new password in a form, entered twice.

use super::form::{Kind, Shape};
use crate::model::parse::fields::{Body, Fields};
use crate::model::parse::problem::{Problem, Rule};
use crate::model::values::password::Password;

pub(in crate::admin) struct NewPassword(pub Password);

impl NewPassword {
    pub const SHAPE: &Shape = &[("password", Kind::Text), ("again", Kind::Text)];
}

impl Body for NewPassword {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let password: Password = fields.required("password")?;
        let confirmation: Option<Password> = fields.optional("again");
        fields.reject_if(confirmation.as_ref() != Some(&password), || Problem {
            rule: Rule::ConflictingFields,
            message: "The passwords don't match".to_owned(),
            field: "again".to_owned(),
        });
        Some(Self(password))
    }
}
