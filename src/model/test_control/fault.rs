//! Faults that a test injects into the API.

use std::time::Duration;

use serde::{Serialize, Serializer};
use serde_json::Value;
use strum::{EnumString, IntoStaticStr, VariantNames};

use crate::model::parse::fields::{Body, FieldValue, Fields, expect_str};
use crate::model::parse::patch::Patch;
use crate::model::parse::problem::{Fault, Problem, Rule};
use crate::model::parse::schema::{JsonSchema, Schema, string};
use crate::model::parse::string_enum::StringEnum;
use crate::model::values::number::Integer;
use crate::model::values::slug::Slug;

/// The statuses that can be injected.
pub const STATUSES: [u16; 14] =
    [400, 401, 403, 404, 408, 409, 413, 415, 429, 431, 500, 502, 503, 504];

/// How many requests a fault skips or affects at most.
const MAX_REQUESTS: i64 = 1_000_000;
/// The longest delay, in milliseconds.
const MAX_DELAY: i64 = 60_000;
/// The longest `Retry-After`, in seconds.
const MAX_RETRY_AFTER: i64 = 86_400;
/// The maximum length of a code in characters.
const MAX_CODE: usize = 64;

/// A fault: which requests it affects, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewFault {
    /// The operation ID; `None` means every operation.
    pub operation: Option<String>,
    /// `None` means every workspace.
    pub workspace: Option<Slug>,
    /// How many requests pass before the fault applies.
    pub skip: u32,
    /// How many requests the fault applies to; `None` means all that follow.
    pub count: Option<u32>,
    #[serde(flatten)]
    pub effect: Effect,
}

/// What happens to a request that a fault applies to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Effect {
    #[serde(rename = "delay_ms", serialize_with = "millis")]
    pub delay: Duration,
    #[serde(flatten)]
    pub error: Option<InjectedError>,
    #[serde(rename = "drop")]
    pub cut: Option<CutPoint>,
}

/// An error response instead of the real one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InjectedError {
    /// One of [`STATUSES`].
    pub status: u16,
    /// `None` means the usual code of the status.
    pub code: Option<String>,
    /// The `Retry-After` header in seconds; `None` means the usual one of the status.
    pub retry_after: Option<u32>,
}

/// When the connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantNames)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum CutPoint {
    /// Before the request is handled: nothing changes.
    Before,
    /// After the request was handled and its change was stored.
    After,
}

impl StringEnum for CutPoint {
    const NAME: &'static str = "CutPoint";
    const DESCRIPTION: &'static str = "When the connection is cut.";
}

impl Body for NewFault {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let operation = fields.optional("operation").map(|OperationId(id)| id);
        let workspace = fields.optional("workspace");
        let skip = fields.optional::<Integer<0, MAX_REQUESTS>>("skip");
        let count = match fields.patch::<Integer<1, MAX_REQUESTS>>("count") {
            Patch::Keep => Some(1),
            Patch::Clear => None,
            Patch::Set(count) => Some(unsigned(count.get())),
        };
        let status = fields.optional("status").map(|Status(status)| status);
        let code = fields.optional("code").map(|Code(code)| code);
        let retry_after = fields.optional::<Integer<0, MAX_RETRY_AFTER>>("retry_after");
        let delay = fields.optional::<Integer<0, MAX_DELAY>>("delay_ms");
        let cut = fields.optional::<CutPoint>("drop");
        if fields.has_problems() {
            return None;
        }
        let has_effect = status.is_some() || delay.is_some() || cut.is_some();
        fields.reject_if(!has_effect && code.is_none() && retry_after.is_none(), || Problem {
            rule: Rule::MissingField,
            message: "status is required, unless there is delay_ms or drop".to_owned(),
            field: "status".to_owned(),
        });
        for (field, is_sent) in [("code", code.is_some()), ("retry_after", retry_after.is_some())] {
            fields.reject_if(is_sent && status.is_none(), || Problem {
                rule: Rule::MissingField,
                message: format!("status is required with {field}"),
                field: "status".to_owned(),
            });
        }
        fields.reject_if(status.is_some() && cut.is_some(), || Problem {
            rule: Rule::ConflictingFields,
            message: "drop can't be combined with status: a dropped connection has no response"
                .to_owned(),
            field: "drop".to_owned(),
        });
        let retry_after = retry_after.map(|seconds| unsigned(seconds.get()));
        Some(Self {
            operation,
            workspace,
            skip: skip.map_or(0, |skip| unsigned(skip.get())),
            count,
            effect: Effect {
                delay: Duration::from_millis(delay.map_or(0, |delay| unsigned(delay.get()).into())),
                error: status.map(|status| InjectedError { status, code, retry_after }),
                cut,
            },
        })
    }
}

/// The bounds of all these numbers fit.
fn unsigned(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn millis<S: Serializer>(delay: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX))
}

/// Whether the operation exists is checked by the layer that knows the operations.
struct OperationId(String);
struct Status(u16);
struct Code(String);

macro_rules! string_schema {
    ($($type:ty),+) => {
        $(impl JsonSchema for $type {
            fn schema() -> Schema {
                string().into()
            }
        })+
    };
}
string_schema!(OperationId, Status, Code);

impl FieldValue for OperationId {
    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        Ok(Self(expect_str(value)?.to_owned()))
    }
}

impl FieldValue for Status {
    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        let number = value.as_u64().ok_or_else(|| Fault::wrong_type("an integer"))?;
        let known = STATUSES.into_iter().find(|&status| u64::from(status) == number);
        let fault = || {
            let all: Vec<String> = STATUSES.iter().map(ToString::to_string).collect();
            Fault::new(Rule::InvalidEnumValue, format!("must be one of: {}", all.join(", ")))
        };
        Ok(Self(known.ok_or_else(fault)?))
    }
}

impl FieldValue for Code {
    fn from_json(value: &Value) -> Result<Self, Vec<Fault>> {
        let code = expect_str(value)?;
        let is_allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if code.is_empty() || !code.bytes().all(is_allowed) {
            let requirement = "must consist of lowercase letters, digits, and underscores";
            return Err(Fault::new(Rule::InvalidString, requirement).into());
        }
        if code.len() > MAX_CODE {
            return Err(Fault::too_long(MAX_CODE).into());
        }
        Ok(Self(code.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(body: Value) -> Result<NewFault, Vec<(String, &'static str)>> {
        let parsed = Fields::parse(body.as_object().unwrap());
        parsed.map_err(|problems: Vec<Problem>| {
            problems.into_iter().map(|one| (one.field, one.rule.into())).collect()
        })
    }

    #[test]
    fn a_fault_affects_the_next_request_unless_its_body_says_otherwise() {
        let fault = parse(json!({"status": 503})).unwrap();
        let error = InjectedError { status: 503, code: None, retry_after: None };
        let effect = Effect { delay: Duration::ZERO, error: Some(error), cut: None };
        let (operation, workspace) = (None, None);
        let expected = NewFault { operation, workspace, skip: 0, count: Some(1), effect };
        assert_eq!(fault, expected);
        assert_eq!(parse(json!({"status": 503, "count": null})).unwrap().count, None);
        let delay = parse(json!({"delay_ms": 250, "drop": "after", "skip": 2})).unwrap();
        assert_eq!((delay.skip, delay.effect.delay), (2, Duration::from_millis(250)));
        assert_eq!(delay.effect.cut, Some(CutPoint::After));
    }

    #[test]
    fn every_bad_value_is_reported_with_its_field() {
        for (body, field, rule) in [
            (json!({}), "status", "missing_field"),
            (json!({"count": 2}), "status", "missing_field"),
            (json!({"code": "x"}), "status", "missing_field"),
            (json!({"delay_ms": 1, "retry_after": 1}), "status", "missing_field"),
            (json!({"status": 200}), "status", "invalid_enum_value"),
            (json!({"status": "503"}), "status", "invalid_type"),
            (json!({"status": 503, "drop": "before"}), "drop", "conflicting_fields"),
            (json!({"drop": "during"}), "drop", "invalid_enum_value"),
            (json!({"delay_ms": 60_001}), "delay_ms", "too_big"),
            (json!({"delay_ms": -1}), "delay_ms", "too_small"),
            (json!({"status": 503, "count": 0}), "count", "too_small"),
            (json!({"status": 503, "skip": 1.5}), "skip", "invalid_type"),
            (json!({"status": 503, "retry_after": -1}), "retry_after", "too_small"),
            (json!({"status": 503, "code": "No Code"}), "code", "invalid_string"),
            (json!({"status": 503, "code": "x".repeat(65)}), "code", "too_big"),
            (json!({"status": 503, "operation": 1}), "operation", "invalid_type"),
            (json!({"status": 503, "workspace": "A B"}), "workspace", "invalid_string"),
        ] {
            assert_eq!(parse(body.clone()), Err(vec![(field.to_owned(), rule)]), "{body}");
        }
    }
}
