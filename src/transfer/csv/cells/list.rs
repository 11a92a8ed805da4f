//! Tags and labels in one cell: `vip, beta`. An item that contains a separator is in double quotes,
//! and a JSON array is accepted, too.

use serde_json::Value;

/// Characters that separate items. The first is the one that is written.
const SEPARATORS: [char; 4] = [',', ';', '\r', '\n'];

/// The list has a quote that is not closed, or text after a closing quote.
#[derive(Debug, PartialEq, Eq)]
pub struct MalformedList;

/// Writes a list.
pub fn to_text<'a>(items: impl Iterator<Item = &'a str>) -> String {
    let items: Vec<String> = items.map(write_item).collect();
    items.join(", ")
}

fn write_item(item: &str) -> String {
    let plain = !item.is_empty()
        && !item.contains(SEPARATORS)
        && !item.starts_with(['"', '['])
        && item.trim() == item;
    if plain { item.to_owned() } else { format!("\"{}\"", item.replace('"', "\"\"")) }
}

/// Reads a list as a JSON array.
///
/// # Errors
/// If quotes don't match.
pub fn from_text(text: &str) -> Result<Value, MalformedList> {
    let mut rest = text.trim();
    if rest.starts_with('[')
        && let Ok(array @ Value::Array(_)) = serde_json::from_str(rest)
    {
        return Ok(array);
    }
    let mut items: Vec<Value> = Vec::new();
    while !rest.is_empty() {
        let item;
        (item, rest) = match rest.strip_prefix('"') {
            Some(quoted) => read_quoted(quoted)?,
            None => {
                let (item, rest) = rest.split_once(SEPARATORS).unwrap_or((rest, ""));
                (item.trim().to_owned(), rest)
            }
        };
        if !item.is_empty() {
            items.push(item.into());
        }
        rest = rest.trim_start();
    }
    Ok(items.into())
}

/// Reads an item after its opening quote. Returns it with what follows the next separator.
fn read_quoted(text: &str) -> Result<(String, &str), MalformedList> {
    let mut item = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"').ok_or(MalformedList)?;
        item.push_str(part);
        match after.strip_prefix('"') {
            Some(more) => {
                item.push('"');
                rest = more;
            }
            None => {
                let (blank, next) = after.split_once(SEPARATORS).unwrap_or((after, ""));
                return if blank.trim().is_empty() { Ok((item, next)) } else { Err(MalformedList) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_are_read_as_people_write_them() {
        for (text, items) in [
            ("vip", json!(["vip"])),
            ("vip, beta", json!(["vip", "beta"])),
            ("vip;beta;", json!(["vip", "beta"])),
            (" vip ,, beta\nnew", json!(["vip", "beta", "new"])),
            ("\"a, b\" ; c", json!(["a, b", "c"])),
            ("\"say \"\"hi\"\"\"", json!(["say \"hi\""])),
            ("5\" screen, b", json!(["5\" screen", "b"])),
            ("[\"a, b\", 1]", json!(["a, b", 1])),
            ("[draft], b", json!(["[draft]", "b"])),
            ("[]", json!([])),
        ] {
            assert_eq!(from_text(text), Ok(items), "{text}");
        }
        for text in ["\"a, b", "\"a\" b", "a, \""] {
            assert_eq!(from_text(text), Err(MalformedList), "{text}");
        }
    }

    proptest! {
        #[test]
        fn lists_round_trip(items in prop::collection::vec("[a,;\"\\[\n ]{0,5}[a\"\\]]", 0..5)) {
            let text = to_text(items.iter().map(String::as_str));
            prop_assert_eq!(from_text(&text), Ok(json!(items)));
        }
    }
}
