//! The shared behaviour cases of `tests/cases`, each a test of its own on every backend of this process and through servers.
//!
//! `STRONGROOM_TEST_BACKEND=memory`, `sqlite`, `postgresql`, `server` or `server_on_postgresql` runs them on that one alone.

mod args;
mod calls;
mod case;
mod feeds;
mod matching;
mod place;
#[allow(clippy::unwrap_used, reason = "a case that has no database fails")]
#[path = "../../../tests/postgresql.rs"]
mod postgresql;
mod values;
mod world;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};

use case::{Case, Suite};
use place::Backend;

/// Why a case failed, or is none.
type Outcome<T> = Result<T, String>;

fn main() -> Result<ExitCode, String> {
    let arguments = Arguments::from_args();
    let suites = case::load()?;
    let mut trials = Vec::new();
    for backend in Backend::chosen()? {
        for suite in &suites {
            for case in &suite.cases {
                let name = format!("{}::{}::{}", backend.name(), suite.name, case.name);
                let skipped = !backend.has(&case.needs);
                let (suite, case) = (Arc::clone(suite), Arc::clone(case));
                let trial = Trial::test(name, move || run(backend, &suite, &case).map_err(Failed::from));
                trials.push(trial.with_ignored_flag(skipped));
            }
        }
    }
    Ok(libtest_mimic::run(&arguments, trials).exit_code())
}

fn run(backend: Backend, suite: &Suite, case: &Case) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    match (runtime.block_on(take(backend, suite, case)), &case.fails_yet) {
        (outcome, None) => outcome,
        (Err(_), Some(_)) => Ok(()),
        (Ok(()), Some(why)) => Err(format!("it holds now, and says that it does not: {why}")),
    }
}

async fn take(backend: Backend, suite: &Suite, case: &Case) -> Outcome<()> {
    let mut world = world::World::new(backend).await?;
    for (part, steps) in [("before", &suite.before), ("step", &case.steps)] {
        for (number, step) in steps.iter().enumerate() {
            let done = world.take(step, &case.message_lacks).await;
            done.map_err(|why| format!("{part} {} ({} as {}): {why}", number + 1, step.call, step.who))?;
        }
    }
    world.end().await;
    Ok(())
}
