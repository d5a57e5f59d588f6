//! The form of a case file. What it does not know is refused, so that no expectation is overlooked.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Outcome;

/// What a case may need: capabilities of a backend, backends, and a face that has every name of the API.
const NEEDS: [&str; 10] =
    ["users", "user_grants", "changes", "audit", "files", "memory", "sqlite", "postgresql", "server", "every_name"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    about: String,
    #[serde(default)]
    before: Vec<Step>,
    cases: Vec<Case>,
}

/// A file's cases.
pub(crate) struct Suite {
    pub(crate) name: String,
    /// Taken before the steps of each case.
    pub(crate) before: Vec<Step>,
    pub(crate) cases: Vec<Arc<Case>>,
}

/// What must hold, on a fresh account.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) needs: Vec<String>,
    /// Why it fails, until somebody mends that; from then on this must go.
    pub(crate) fails_yet: Option<String>,
    /// What no error message of this case may have in it.
    #[serde(default)]
    pub(crate) message_lacks: Vec<String>,
    pub(crate) steps: Vec<Step>,
}

/// One call and what it must answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    #[serde(rename = "as", default = "owner")]
    pub(crate) who: String,
    pub(crate) call: String,
    #[serde(default)]
    pub(crate) args: Map<String, Value>,
    /// The name that the answer is kept under.
    pub(crate) save: Option<String>,
    pub(crate) expect: Option<Value>,
    /// The code of the error that is expected.
    pub(crate) error: Option<String>,
    /// The error's operation, where it is not the call's name.
    pub(crate) operation: Option<Value>,
    /// The id that an `already_exists` names.
    pub(crate) error_id: Option<Value>,
    pub(crate) message_has: Option<Value>,
    #[serde(default)]
    pub(crate) message_lacks: Vec<String>,
    /// How many changes to take from a feed.
    pub(crate) take: Option<usize>,
    /// The parts of an opened file to read: offset and length.
    #[serde(default)]
    pub(crate) reads: Vec<(u64, usize)>,
}

fn owner() -> String {
    "owner".to_owned()
}

/// Every case file, in order of name.
pub(crate) fn load() -> Outcome<Vec<Arc<Suite>>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases");
    let entries = std::fs::read_dir(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| error.to_string())?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    if paths.is_empty() {
        return Err(format!("{}: there are no cases", directory.display()));
    }
    paths.iter().map(|path| read(path).map_err(|why| format!("{}: {why}", path.display()))).collect()
}

fn read(path: &Path) -> Outcome<Arc<Suite>> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let File { about, before, cases } = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    if about.trim().is_empty() || cases.is_empty() {
        return Err("it says nothing about itself, or has no cases".to_owned());
    }
    before.iter().try_for_each(check_step)?;
    let mut names = HashSet::new();
    for case in &cases {
        check(case).map_err(|why| format!("`{}`: {why}", case.name))?;
        if !names.insert(case.name.clone()) {
            return Err(format!("two cases are `{}`", case.name));
        }
    }
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Arc::new(Suite { name, before, cases: cases.into_iter().map(Arc::new).collect() }))
}

fn check(case: &Case) -> Outcome<()> {
    if case.name.trim().is_empty() || case.steps.is_empty() {
        return Err("it has no name or no steps".to_owned());
    }
    if let Some(need) = case.needs.iter().find(|need| !NEEDS.contains(&need.as_str())) {
        return Err(format!("`{need}` is nothing that a case may need"));
    }
    case.steps.iter().try_for_each(check_step)
}

fn check_step(step: &Step) -> Outcome<()> {
    let of_errors = step.operation.is_some()
        || step.error_id.is_some()
        || step.message_has.is_some()
        || !step.message_lacks.is_empty();
    if step.error.is_none() && of_errors {
        return Err(format!("a step of {} says something of an error and expects none", step.call));
    }
    if step.error.is_some() && (step.expect.is_some() || step.save.is_some()) {
        return Err(format!("a step of {} expects an error and an answer", step.call));
    }
    Ok(())
}
