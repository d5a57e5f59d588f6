//! Values of case files: names of what was saved, and the forms that stand for bytes, long texts and instants.

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{Duration, SecondsFormat, Utc};
use data_encoding::HEXLOWER;
use serde_json::{Map, Value, json};

use crate::Outcome;

/// The value with every `$name.path` replaced by what was saved, and every form by what it stands for.
pub(crate) fn resolve(value: &Value, saved: &Map<String, Value>) -> Outcome<Value> {
    match value {
        Value::String(text) => substitute(text, saved),
        Value::Array(list) => {
            list.iter().map(|value| resolve(value, saved)).collect::<Outcome<Vec<_>>>().map(Value::Array)
        }
        Value::Object(object) => match form(object, saved)? {
            Some(value) => Ok(value),
            None => resolve_object(object, saved).map(Value::Object),
        },
        other => Ok(other.clone()),
    }
}

/// The same for the members of an object, and for its keys.
pub(crate) fn resolve_object(object: &Map<String, Value>, saved: &Map<String, Value>) -> Outcome<Map<String, Value>> {
    let mut resolved = Map::new();
    for (key, value) in object {
        let key = match substitute(key, saved) {
            Ok(Value::String(key)) if key_is_name(key.as_str(), object) => key,
            _ => key.clone(),
        };
        resolved.insert(key, resolve(value, saved)?);
    }
    Ok(resolved)
}

/// Whether a key was replaced by an id; the operators of expectations stay as they are.
fn key_is_name(key: &str, object: &Map<String, Value>) -> bool {
    !object.contains_key(key)
}

fn substitute(text: &str, saved: &Map<String, Value>) -> Outcome<Value> {
    let mut parts = text.split('$');
    let mut made = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(part.len());
        let (path, rest) = part.split_at(end);
        let (path, dots) = path.split_at(path.trim_end_matches('.').len());
        let value = find(path, saved).ok_or_else(|| format!("nothing was saved as `{path}`"))?;
        if text.len() == path.len() + 1 {
            return Ok(value.clone());
        }
        made.push_str(value.as_str().ok_or_else(|| format!("`{path}` is no text"))?);
        made.push_str(dots);
        made.push_str(rest);
    }
    Ok(Value::String(made))
}

fn find<'a>(path: &str, saved: &'a Map<String, Value>) -> Option<&'a Value> {
    let mut steps = path.split('.');
    let first = saved.get(steps.next()?)?;
    steps.try_fold(first, |value, step| match value {
        Value::Array(list) => list.get(step.parse::<usize>().ok()?),
        other => other.get(step),
    })
}

fn form(object: &Map<String, Value>, saved: &Map<String, Value>) -> Outcome<Option<Value>> {
    let Some((key, value)) = object.iter().next().filter(|_| object.len() == 1) else { return Ok(None) };
    Ok(Some(match key.as_str() {
        "$in" => json!(instant(text_of(value)?)?),
        "$text" => json!(repeated(value)?),
        "$list" => {
            let mut list = Vec::new();
            for number in 1..=times(value)? {
                list.push(resolve(&numbered(value.get("of").unwrap_or(&Value::Null), number), saved)?);
            }
            Value::Array(list)
        }
        _ => return Ok(None),
    }))
}

/// The value with each `#` in its texts replaced by the number.
fn numbered(value: &Value, number: usize) -> Value {
    match value {
        Value::String(text) => json!(text.replace('#', &number.to_string())),
        Value::Array(list) => list.iter().map(|value| numbered(value, number)).collect(),
        Value::Object(object) => {
            Value::Object(object.iter().map(|(key, value)| (key.clone(), numbered(value, number))).collect())
        }
        other => other.clone(),
    }
}

fn times(value: &Value) -> Outcome<usize> {
    let times = value.get("times").and_then(Value::as_u64).ok_or("`times` is missing")?;
    usize::try_from(times).map_err(|error| error.to_string())
}

fn repeated(value: &Value) -> Outcome<String> {
    Ok(value.get("repeat").and_then(Value::as_str).ok_or("`repeat` is missing")?.repeat(times(value)?))
}

fn text_of(value: &Value) -> Outcome<&str> {
    value.as_str().ok_or_else(|| format!("{value} is no text"))
}

/// The bytes that `$utf8` or `$bytes` stands for; `None` for other values.
pub(crate) fn bytes(value: &Value) -> Outcome<Option<Vec<u8>>> {
    let Some(object) = value.as_object().filter(|object| object.len() == 1) else { return Ok(None) };
    if let Some(text) = object.get("$utf8") {
        return text_of(text).map(|text| Some(text.as_bytes().to_vec()));
    }
    object.get("$bytes").map(|form| repeated(form).map(String::into_bytes)).transpose()
}

/// Bytes as an answer shows them.
pub(crate) fn shown(bytes: &[u8]) -> Value {
    json!({ "$sha256": HEXLOWER.encode(digest(&SHA256, bytes).as_ref()), "size": bytes.len() })
}

/// The instant so far from now, to the millisecond.
pub(crate) fn instant(distance: &str) -> Outcome<String> {
    let wrong = || format!("`{distance}` is no distance in time: one is `+1h`");
    let amount = distance.get(..distance.len().saturating_sub(1)).ok_or_else(wrong)?;
    let amount: i64 = amount.parse().map_err(|_| wrong())?;
    let distance = match distance.chars().last() {
        Some('s') => Duration::seconds(amount),
        Some('m') => Duration::minutes(amount),
        Some('h') => Duration::hours(amount),
        Some('d') => Duration::days(amount),
        _ => return Err(wrong()),
    };
    Ok((Utc::now() + distance).to_rfc3339_opts(SecondsFormat::Millis, true))
}
