use serde_json::{Value, json};

use crate::model::seed::text::parse;

fn yaml(text: &str) -> Value {
    parse(text.as_bytes()).unwrap()
}

fn error(text: &str) -> String {
    parse(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn unquoted_values_are_what_yaml_1_2_says() {
    for (text, value) in [
        ("no", json!("no")),
        ("on", json!("on")),
        ("y", json!("y")),
        ("true", json!(true)),
        ("~", json!(null)),
        ("2026-06-15", json!("2026-06-15")),
        ("2026-06-15T10:00:00Z", json!("2026-06-15T10:00:00Z")),
        ("-3d", json!("-3d")),
        ("12:30", json!("12:30")),
        ("0123", json!("0123")),
        ("1_000", json!("1_000")),
        ("12", json!(12)),
        ("'12'", json!("12")),
        ("1.5", json!(1.5)),
        ("18446744073709551615", json!(18_446_744_073_709_551_615_u64)),
    ] {
        assert_eq!(yaml(&format!("a: {text}"))["a"], value, "{text}");
    }
}

#[test]
fn a_number_that_would_lose_digits_is_refused() {
    for text in ["a: 1\nb: 123456789012345678901", "a: 1\nb: 1e300"] {
        let error = error(text);
        assert!(error.contains("put it in quotes") && error.contains("line 2"), "{error}");
    }
    assert!(error("a: .inf").contains("JSON has no such number"));
}

#[test]
fn syntax_errors_have_a_line_and_no_advice_for_developers() {
    for (text, line, expected) in [
        ("a: 1\nb: [1, 2\nc: 3\n", "line ", ""),
        ("a: 1\n\tb: 2\n", "line 1", "found a tab"),
        ("a: 1\nb: 2\na: 3\n", "line 3", "the key `a` occurs twice"),
        ("a: 1\n---\nb: 2\n", "line ", "a single YAML document"),
        ("a: *nobody\n", "line 1", "an anchor that doesn't exist"),
        ("a: &a [*a]\n", "line 1", "contains the alias itself"),
        ("? [1]\n: 2\n", "line 1", ""),
        ("~: 2\n", "line 1", "a key must not be empty or null"),
    ] {
        let error = error(text);
        assert!(error.starts_with(line) && error.contains(expected), "{text}: {error}");
        assert!(!error.contains("Options") && !error.contains("Policy"), "{error}");
    }
}

#[test]
fn aliases_and_merge_keys_repeat_values() {
    let text = "a: &x {n: 1, m: 2}\nb: *x\nc: {<<: *x, n: 3}\n";
    let value = yaml(text);
    assert_eq!(value["b"], json!({"n": 1, "m": 2}));
    assert_eq!(value["c"], json!({"n": 3, "m": 2}));
}

#[test]
fn aliases_cannot_blow_up_a_file() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = format!("*a{}", level - 1);
        bomb += &format!("a{level}: &a{level} [{}]\n", vec![below; 10].join(", "));
    }
    assert!(error(&bomb).contains("the file contains too much"), "{}", error(&bomb));
    // Few values, but a lot of text.
    let text = "x".repeat(1024 * 1024);
    let many = vec!["*t"; 100].join(", ");
    let long = format!("t: &t {text}\nmany: [{many}]\n");
    assert!(error(&long).contains("the file contains too much"));
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    assert!(error(&deep).contains("the file contains too much"), "{}", error(&deep));
}

#[test]
fn a_file_has_one_encoding_and_a_largest_size() {
    assert_eq!(yaml("\u{feff}a: é"), json!({"a": "é"}));
    assert_eq!(yaml("\u{feff}{\"a\": 1}"), json!({"a": 1}));
    let latin = parse(b"a: 1\nb: M\xfcller\n").unwrap_err().to_string();
    assert_eq!(latin, "the file is not UTF-8 text: see line 2; save it as UTF-8");
    let large = " ".repeat(16 * 1024 * 1024 + 1);
    assert!(error(&large).starts_with("the file is larger than 16 MiB"));
}
