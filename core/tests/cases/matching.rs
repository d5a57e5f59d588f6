//! Whether an answer is what a case expects.

use serde_json::{Map, Value};

use crate::{Outcome, values};

/// Refuses an answer that does not match, and says where.
pub(crate) fn check(expected: &Value, found: &Value) -> Outcome<()> {
    matches(expected, found, "the answer")
}

fn matches(expected: &Value, found: &Value, place: &str) -> Outcome<()> {
    if let Some(bytes) = values::bytes(expected)? {
        return matches(&values::shown(&bytes), found, place);
    }
    match (expected, found) {
        (Value::Object(object), _) if is_operator(object) => {
            object.iter().try_for_each(|(name, value)| operator(name, value, found, place))
        }
        (Value::Object(expected), Value::Object(found)) => {
            expected.iter().try_for_each(|(key, value)| member(value, found.get(key), &format!("{place}.{key}")))
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            let mut pairs = expected.iter().zip(found).enumerate();
            pairs.try_for_each(|(index, (expected, found))| matches(expected, found, &format!("{place}[{index}]")))
        }
        _ if expected == found => Ok(()),
        _ => Err(format!("{place} is {found}, not {expected}")),
    }
}

fn member(expected: &Value, found: Option<&Value>, place: &str) -> Outcome<()> {
    let absent = expected.get("$absent").is_some();
    match found {
        None if absent => Ok(()),
        None => Err(format!("{place} is missing")),
        Some(found) if absent => Err(format!("{place} is there: {found}")),
        Some(found) => matches(expected, found, place),
    }
}

/// `$sha256` is a member of what stands for bytes, and no operator.
fn is_operator(object: &Map<String, Value>) -> bool {
    object.keys().any(|key| key.starts_with('$') && key != "$sha256")
}

fn operator(name: &str, value: &Value, found: &Value, place: &str) -> Outcome<()> {
    let holds = match name {
        "$any" => is_a(value.as_str().unwrap_or_default(), found)?,
        "$contains" => match (value, found) {
            (Value::String(part), Value::String(whole)) => whole.contains(part),
            (part, Value::Array(list)) => list.iter().any(|found| matches(part, found, place).is_ok()),
            _ => false,
        },
        "$length" => {
            let length = found.as_array().map(Vec::len).or_else(|| found.as_str().map(str::len));
            length.is_some_and(|length| value.as_u64() == Some(length as u64))
        }
        "$not" => matches(value, found, place).is_err(),
        "$prefix" => match (value, found) {
            (Value::String(start), Value::String(whole)) => whole.starts_with(start),
            _ => false,
        },
        other => return Err(format!("`{other}` is no operator")),
    };
    if holds { Ok(()) } else { Err(format!("{place} is {found}, and not {name} {value}")) }
}

fn is_a(kind: &str, found: &Value) -> Outcome<bool> {
    Ok(match kind {
        "string" => found.is_string(),
        "number" => found.is_number(),
        "bool" => found.is_boolean(),
        "array" => found.is_array(),
        "object" => found.is_object(),
        "time" => found.as_str().is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok()),
        other => return Err(format!("`{other}` is no kind of value")),
    })
}
