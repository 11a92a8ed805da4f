//! Compares schemas with parsers on generated values: the schema of a type must allow exactly what
//! its parser accepts, and the type must declare exactly the problems that it reports.

#![allow(clippy::unwrap_used, reason = "a test that can't continue has failed")]

use jsonschema::Validator;
use pivotal_server::model::customer::CustomerStatus;
use pivotal_server::model::onboarding::{Phase, State};
use pivotal_server::model::parse::fields::FieldValue;
use pivotal_server::model::parse::problem::Fault;
use pivotal_server::model::parse::schema::{Component, JsonSchema, Schema};
use pivotal_server::model::values::domain::Domain;
use pivotal_server::model::values::email::Email;
use pivotal_server::model::values::external_id::ExternalId;
use pivotal_server::model::values::id::BodyRef;
use pivotal_server::model::values::invisible::is_invisible;
use pivotal_server::model::values::labels::Labels;
use pivotal_server::model::values::metadata::Metadata;
use pivotal_server::model::values::number::{Amount, Days};
use pivotal_server::model::values::slug::Slug;
use pivotal_server::model::values::text::{Label, Line, Name, Notes, Plan};
use pivotal_server::model::values::time::Timestamp;
use proptest::prelude::*;
use proptest::string::string_regex;
use serde::Serialize;
use serde_json::{Value, json};

fn validator(schema: Schema) -> Validator {
    let mut root = serde_json::to_value(schema).unwrap();
    let status = serde_json::to_value(CustomerStatus::component()).unwrap();
    root["components"] = json!({"schemas": {CustomerStatus::NAME: status}});
    jsonschema::draft202012::options().should_validate_formats(true).build(&root).unwrap()
}

/// Checks that schema and parser agree on a value. Strings are trimmed, and some are lowercased: a
/// value that is changed may be accepted although the schema doesn't allow it.
fn assert_agree<T: FieldValue + Serialize>(accepted: &Validator, shown: &Validator, value: &Value) {
    let allowed = accepted.is_valid(value);
    match T::from_json(value) {
        Ok(parsed) => {
            let kept = serde_json::to_value(parsed).unwrap();
            assert!(
                shown.is_valid(&kept),
                "{value} becomes {kept}, which responses must not contain"
            );
            assert!(allowed || kept != *value, "{value} is accepted but not allowed");
        }
        // Patterns only cover the first 65,536 characters.
        Err(_) if contains_text(value, |c| c > '\u{ffff}' && is_invisible(c)) => {}
        Err(faults) => {
            assert!(!allowed, "{value} is allowed but refused: {faults:?}");
            for fault in faults {
                assert!(is_declared::<T>(&fault), "{value}: {fault:?} is not declared");
            }
        }
    }
}

/// Whether the type declares the problem, at any position in a list. Problems with characters that
/// no text may contain are not declared.
fn is_declared<T: FieldValue>(fault: &Fault) -> bool {
    let mut declared = T::possible_faults().into_iter();
    declared.any(|known| (known.rule, &known.requirement) == (fault.rule, &fault.requirement))
        || fault.requirement.starts_with("must not contain")
}

/// Whether a string, or any string in a list, contains a character of this kind.
fn contains_text(value: &Value, kind: fn(char) -> bool) -> bool {
    match value {
        Value::String(text) => text.contains(kind),
        Value::Array(items) => items.iter().any(|item| contains_text(item, kind)),
        _ => false,
    }
}

/// Checks many generated values.
fn check<T: FieldValue + Serialize>(values: impl Strategy<Value = Value>) {
    let (accepted, shown) = (validator(T::input_schema()), validator(T::schema()));
    let config = ProptestConfig { cases: 500, failure_persistence: None, ..Default::default() };
    proptest!(config, |(value in values)| {
        assert_agree::<T>(&accepted, &shown, &value);
    });
}

/// Text assembled from parts that parsers treat specially.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "b",
        "Z",
        "7",
        "-",
        "--",
        ".",
        "..",
        "@",
        "_",
        "+",
        "'",
        "\"",
        ":",
        "/",
        " ",
        "  ",
        "\t",
        "\n",
        "\r\n",
        "\0",
        "\u{1c}",
        "\u{7f}",
        "\u{85}",
        "\u{a0}",
        "\u{1680}",
        "\u{ad}",
        "·",
        "\u{200b}",
        "\u{200c}",
        "\u{fe0f}",
        "\u{e0001}",
        "xn--",
        "ن",
        "\u{2028}",
        "\u{3000}",
        "\u{feff}",
        "é",
        "ß",
        "İ",
        "Σ",
        "山",
        "😀",
        "\u{e000}",
        "\u{ffff}",
        "\u{10ffff}",
        "example",
        "aurora.example",
    ]);
    let lengths = prop::sample::select(vec![60usize, 62, 63, 64, 65, 99, 100, 101, 253, 254, 255]);
    let long = (lengths, prop::sample::select(vec!["a", "é", "😀", "a.", "a-", " "]));
    let part = prop_oneof![
        9 => piece.prop_map(str::to_owned),
        1 => long.prop_map(|(length, letter)| letter.repeat(length)),
    ];
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

/// Text that matches a pattern.
fn matching(pattern: &str) -> impl Strategy<Value = String> + use<> {
    string_regex(pattern.trim_start_matches('^').trim_end_matches('$')).unwrap()
}

/// Strings for a type whose schema is a pattern.
fn texts<T: FieldValue>() -> impl Strategy<Value = Value> {
    let schema = serde_json::to_value(T::input_schema()).unwrap();
    let pattern = schema["pattern"].as_str().unwrap().to_owned();
    prop_oneof![matching(&pattern), ".{0,70}", pieces()].prop_map(Value::from)
}

#[test]
fn schema_and_parser_agree_on_free_text() {
    check::<Name>(texts::<Name>());
    check::<Line>(texts::<Line>());
    check::<Plan>(texts::<Plan>());
    check::<Label>(texts::<Label>());
    check::<ExternalId>(texts::<ExternalId>());
    for length in [9_999, 10_000, 10_001] {
        let (accepted, shown) = (validator(Notes::input_schema()), validator(Notes::schema()));
        for letter in ["x", "é", "😀"] {
            assert_agree::<Notes>(&accepted, &shown, &json!(letter.repeat(length)));
        }
    }
}

#[test]
fn schema_and_parser_agree_on_slugs() {
    check::<Slug>(texts::<Slug>());
}

#[test]
fn schema_and_parser_agree_on_host_names() {
    check::<Domain>(texts::<Domain>());
}

#[test]
fn schema_and_parser_agree_on_emails() {
    check::<Email>(texts::<Email>());
    let joined = (pieces(), pieces()).prop_map(|(local, host)| json!(format!("{local}@{host}")));
    check::<Email>(joined);
}

#[test]
fn schema_and_parser_agree_on_every_character() {
    fn all<T: FieldValue + Serialize>(around: (&str, &str)) {
        let (accepted, shown) = (validator(T::input_schema()), validator(T::schema()));
        // Beyond the first 65,536 characters, only invisible ones are refused, so a sample is
        // enough.
        let rare = ('\u{10000}'..=char::MAX).step_by(97);
        for letter in ('\0'..='\u{ffff}').chain(rare) {
            assert_agree::<T>(
                &accepted,
                &shown,
                &json!(format!("{}{letter}{}", around.0, around.1)),
            );
        }
    }
    all::<Name>(("", ""));
    all::<Label>((" ", "\u{feff}"));
    all::<ExternalId>(("", ""));
    all::<ExternalId>(("a", "b"));
    all::<Slug>(("a", "b"));
    all::<Domain>(("", ""));
    all::<Domain>(("a", "b.example"));
    all::<Email>(("", "@aurora.example"));
    all::<Email>(("maya@", ".example"));
}

#[test]
fn schema_and_parser_agree_on_times() {
    let date = (0u32..=10_000, 0u32..=13, 0u32..=32)
        .prop_map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}"));
    let time = (0u32..=24, 0u32..=60, 0u32..=60, prop::option::of("[0-9]{0,12}"));
    let time = time.prop_map(|(hour, minute, second, fraction)| {
        let fraction = fraction.map(|digits| format!(".{digits}")).unwrap_or_default();
        format!("{hour:02}:{minute:02}:{second:02}{fraction}")
    });
    let offset = prop_oneof![
        Just("Z".to_owned()),
        Just("z".to_owned()),
        Just(String::new()),
        (prop::sample::select(vec!["+", "-"]), 0u32..=24, 0u32..=60)
            .prop_map(|(sign, hours, minutes)| format!("{sign}{hours:02}:{minutes:02}")),
    ];
    let between = prop::sample::select(vec!["T", "t", " ", "_", ""]);
    let moments = (date.clone(), between, time, offset)
        .prop_map(|(date, between, time, offset)| format!("{date}{between}{time}{offset}"));
    let all = prop_oneof![date, moments, pieces()].prop_map(Value::from);

    let (accepted, shown) = (validator(Timestamp::input_schema()), validator(Timestamp::schema()));
    let config = ProptestConfig { cases: 5000, failure_persistence: None, ..Default::default() };
    proptest!(config, |(value in all)| {
        let allowed = accepted.is_valid(&value);
        match Timestamp::from_json(&value) {
            Ok(time) => {
                prop_assert!(shown.is_valid(&serde_json::to_value(time).unwrap()));
                // RFC 3339 allows a space instead of the T, the format of JSON Schema doesn't.
                let has_space = value.as_str().is_some_and(|text| text.trim().contains(' '));
                prop_assert!(allowed || has_space, "{value} is accepted but not allowed");
            }
            Err(_) => {
                // An offset can move the first and the last hours out of the range of years.
                let at_an_end = value.as_str().is_some_and(|text| {
                    text.trim().starts_with("0001-01-01") || text.trim().starts_with("9999-12-31")
                });
                prop_assert!(!allowed || at_an_end, "{value} is allowed but refused");
            }
        }
    });
}

#[test]
fn schema_and_parser_agree_on_numbers() {
    let numbers = || {
        let near =
            prop::sample::select(vec![0i64, 1, 365, 9_007_199_254_740_991, i64::MAX, i64::MIN]);
        prop_oneof![
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            (near, -2i64..=2).prop_map(|(n, more)| json!(n.saturating_add(more))),
            (0i64..400).prop_map(|n| serde_json::from_str(&format!("{n}.0")).unwrap()),
            (0i64..400).prop_map(|n| serde_json::from_str(&format!("{n}.5")).unwrap()),
        ]
    };
    // A whole number can be written with a zero fraction, and is returned without it.
    fn both<T: FieldValue>(values: impl Strategy<Value = Value>) {
        let accepted = validator(T::input_schema());
        let config =
            ProptestConfig { cases: 1000, failure_persistence: None, ..Default::default() };
        proptest!(config, |(value in values)| {
            prop_assert_eq!(T::from_json(&value).is_ok(), accepted.is_valid(&value), "{}", value);
        });
    }
    both::<Amount>(numbers());
    both::<Days>(numbers());
    // Leaves out a character that patterns can't express.
    let texts = pieces().prop_map(|text| text.replace('\u{e0001}', "")).prop_map(Value::from);
    both::<BodyRef<()>>(prop_oneof![numbers(), texts]);
}

#[test]
fn schema_and_parser_agree_on_lists_and_enums() {
    let item = prop_oneof![
        8 => pieces().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    check::<Labels>(prop::collection::vec(item, 0..60).prop_map(Value::from));
    check::<Labels>(prop::collection::vec("[a-c]{1,2}", 0..60).prop_map(Value::from));
    let names = prop::sample::select(vec!["onboarding", "active", "at_risk", "Active", "", "gone"]);
    check::<CustomerStatus>(names.prop_map(Value::from));
}

#[test]
fn values_of_other_types_are_refused() {
    fn refuse<T: FieldValue>(is_of: fn(&Value) -> bool) {
        let accepted = validator(T::input_schema());
        let wrong =
            [json!(null), json!(true), json!(7), json!("x"), json!([]), json!({}), json!(1.5)];
        for value in wrong.into_iter().filter(|value| !is_of(value)) {
            assert!(T::from_json(&value).is_err() && !accepted.is_valid(&value), "{value}");
        }
    }
    refuse::<Name>(Value::is_string);
    refuse::<ExternalId>(Value::is_string);
    refuse::<Slug>(Value::is_string);
    refuse::<Domain>(Value::is_string);
    refuse::<Email>(Value::is_string);
    refuse::<Timestamp>(|_| false);
    refuse::<CustomerStatus>(|_| false);
    refuse::<Amount>(Value::is_u64);
    refuse::<bool>(Value::is_boolean);
    refuse::<Labels>(Value::is_array);
    refuse::<Metadata>(Value::is_object);
}

#[test]
fn every_declared_problem_is_reported() {
    fn report<T: FieldValue>(wrong: &[Value]) {
        let reported: Vec<Fault> =
            wrong.iter().flat_map(|value| T::from_json(value).err().unwrap()).collect();
        assert_eq!(reported, T::possible_faults());
    }
    let long = |length: usize| json!("x".repeat(length));
    report::<Name>(&[json!(7), long(256), json!("")]);
    report::<Line>(&[json!(7), long(256)]);
    report::<ExternalId>(&[json!(7), long(256)]);
    report::<Slug>(&[json!(7), json!(""), long(101), json!("two words")]);
    report::<Domain>(&[json!(7), long(254), json!("two words")]);
    report::<Email>(&[json!(7), long(255), json!("two words")]);
    report::<Timestamp>(&[json!(7), json!("soon")]);
    report::<Amount>(&[json!("7"), json!(-1), json!(u64::MAX)]);
    report::<Days>(&[json!("7"), json!(0), json!(366)]);
    report::<bool>(&[json!(7)]);
    let deep = (0..16).fold(json!({}), |inner, _| json!({"a": inner}));
    report::<Metadata>(&[json!(7), deep, json!({"a": "x".repeat(16 << 10)})]);
    report::<Labels>(&[
        json!(7),
        json!(vec!["x"; 51]),
        json!([7]),
        json!(["x".repeat(65)]),
        json!([""]),
    ]);
    report::<CustomerStatus>(&[json!(7), json!("gone")]);
    report::<Phase>(&[json!(7), json!("gone")]);
    report::<State>(&[json!(7), json!("gone")]);
    report::<BodyRef<()>>(&[json!("")]);
}
