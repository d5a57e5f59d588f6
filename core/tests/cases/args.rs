//! The arguments of a call, by the API's names. What a call does not take is refused afterwards.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use strongroom::error::Error;
use strongroom::model::field::{Field, FieldType};
use strongroom::model::file::{NewFile, Source};
use strongroom::model::secret::Secret;

use crate::{Outcome, values};

/// Why a call gave no answer.
pub(crate) enum Trouble {
    /// It was refused.
    Refused(Error),
    /// The case is wrong.
    Case(String),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<String> for Trouble {
    fn from(why: String) -> Self {
        Self::Case(why)
    }
}

/// Arguments that were not taken yet.
pub(crate) struct Args(pub(crate) Map<String, Value>);

impl Args {
    /// An argument; `null` is as good as none.
    pub(crate) fn value(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    fn read<T>(&mut self, name: &str, read: impl FnOnce(&Value) -> Option<T>) -> Outcome<Option<T>> {
        let Some(value) = self.value(name) else { return Ok(None) };
        read(&value).map(Some).ok_or_else(|| format!("the argument {name} can't be {value}"))
    }

    pub(crate) fn text(&mut self, name: &str) -> Outcome<String> {
        self.maybe_text(name)?.ok_or_else(|| format!("the argument {name} is missing"))
    }

    pub(crate) fn maybe_text(&mut self, name: &str) -> Outcome<Option<String>> {
        self.read(name, text)
    }

    pub(crate) fn flag(&mut self, name: &str) -> Outcome<bool> {
        self.maybe_flag(name).map(Option::unwrap_or_default)
    }

    pub(crate) fn maybe_flag(&mut self, name: &str) -> Outcome<Option<bool>> {
        self.read(name, Value::as_bool)
    }

    pub(crate) fn number(&mut self, name: &str) -> Outcome<Option<u64>> {
        self.read(name, Value::as_u64)
    }

    pub(crate) fn seconds(&mut self, name: &str) -> Outcome<Option<std::time::Duration>> {
        self.read(name, Value::as_f64).map(|seconds| seconds.map(std::time::Duration::from_secs_f64))
    }

    pub(crate) fn time(&mut self, name: &str) -> Outcome<Option<DateTime<Utc>>> {
        self.read(name, |value| DateTime::parse_from_rfc3339(value.as_str()?).ok().map(|at| at.to_utc()))
    }

    pub(crate) fn texts(&mut self, name: &str) -> Outcome<Option<Vec<String>>> {
        self.read(name, |value| value.as_array()?.iter().map(text).collect())
    }

    /// A map of roles, by whom or by vault.
    pub(crate) fn roles(&mut self, name: &str) -> Outcome<Vec<(String, String)>> {
        let pair = |(key, role): (&String, &Value)| Some((key.clone(), text(role)?));
        self.read(name, |value| value.as_object()?.iter().map(pair).collect()).map(Option::unwrap_or_default)
    }

    pub(crate) fn fields(&mut self, name: &str) -> Result<Vec<Field>, Trouble> {
        let Some(value) = self.value(name) else { return Ok(Vec::new()) };
        let list = value.as_array().ok_or_else(|| format!("the argument {name} is no list"))?;
        list.iter().map(field).collect()
    }

    pub(crate) fn bytes(&mut self, name: &str) -> Outcome<Vec<u8>> {
        let value = self.value(name).ok_or_else(|| format!("the argument {name} is missing"))?;
        values::bytes(&value)?.ok_or_else(|| format!("the argument {name} is no content"))
    }

    /// Files as pairs of a name and a content.
    pub(crate) fn files(&mut self, name: &str) -> Outcome<Vec<NewFile>> {
        let Some(value) = self.value(name) else { return Ok(Vec::new()) };
        let list = value.as_array().ok_or_else(|| format!("the argument {name} is no list"))?;
        list.iter().map(file).collect()
    }

    /// Several sets of arguments.
    pub(crate) fn rows(&mut self, name: &str) -> Outcome<Vec<Args>> {
        let row = |value: &Value| value.as_object().cloned().map(Args);
        self.read(name, |value| value.as_array()?.iter().map(row).collect()).map(Option::unwrap_or_default)
    }

    /// Refuses what the call did not take.
    pub(crate) fn finish(self) -> Outcome<()> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(format!("the call takes no argument {name}")),
        }
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn field(value: &Value) -> Result<Field, Trouble> {
    let object = value.as_object().cloned().ok_or_else(|| format!("{value} is no field"))?;
    let mut args = Args(object);
    let field_type = args.maybe_text("type")?.map_or(Ok(FieldType::Text), |name| name.parse())?;
    let field = Field {
        label: args.text("label")?,
        value: Secret::new(args.text("value")?),
        field_type,
        section: args.maybe_text("section")?,
    };
    args.finish()?;
    Ok(field)
}

fn file(value: &Value) -> Outcome<NewFile> {
    let (name, content) = match value.as_array().map(Vec::as_slice) {
        Some([name, content]) => (text(name), values::bytes(content)?),
        _ => (None, None),
    };
    match (name, content) {
        (Some(name), Some(content)) => Ok(new_file(name, content)),
        _ => Err(format!("{value} is no pair of a name and a content")),
    }
}

/// A file from memory, all else by default.
pub(crate) fn new_file(name: String, content: Vec<u8>) -> NewFile {
    let source = Source::Bytes(content.into());
    NewFile { name, source, content_type: None, replace: None, progress: None, idempotency_key: None }
}
