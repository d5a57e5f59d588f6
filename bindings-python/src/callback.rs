//! Callables of the user's that the core calls while it works.

use std::future::Future;
use std::sync::{Arc, Mutex};

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use pyo3_async_runtimes::{TaskLocals, into_future_with_locals};
use strongroom::error::{Error, Result};
use strongroom::model::credential::Save;
use strongroom::model::file::Progress;
use tokio::sync::Notify;

use crate::args::host;
use crate::error::carry;
use crate::ops::Face;
use crate::records::credential::Credential;
use crate::runtime::{attach, locals};

fn callable(name: &str, object: &Bound<'_, PyAny>) -> Result<Arc<Py<PyAny>>> {
    if object.is_callable() {
        Ok(Arc::new(object.clone().unbind()))
    } else {
        Err(Error::argument(name, "it can't be called: give a function"))
    }
}

/// Whoever keeps a new credential. What it raises stops the operation and reaches the caller as it is.
///
/// The blocking twin calls it on the calling thread, the asyncio twin on the event loop, where it may be a coroutine function.
pub(crate) fn save(face: Face, save: Option<&Bound<'_, PyAny>>) -> Result<Option<Save>> {
    let Some(object) = save else { return Ok(None) };
    let save = callable("save", object)?;
    Ok(Some(match face {
        Face::Blocking => Arc::new(move |credential| {
            let save = Arc::clone(&save);
            Box::pin(async move { attach(|py| keep(save.bind(py), credential.into())) })
        }),
        Face::Asyncio => {
            let locals = locals(object.py()).map_err(carry)?;
            Arc::new(move |credential| {
                let (save, locals) = (Arc::clone(&save), locals.clone());
                Box::pin(async move {
                    let arguments = |py: Python<'_>| {
                        Ok((save.clone_ref(py), Credential::from(credential)).into_pyobject(py)?.unbind())
                    };
                    on_loop(&locals, "call", arguments).await.map(drop)
                })
            })
        }
    }))
}

fn keep(save: &Bound<'_, PyAny>, credential: Credential) -> Result<()> {
    let answer = save.call1((credential,)).map_err(carry)?;
    if answer.hasattr("__await__").map_err(carry)? {
        // A coroutine that is never awaited warns, unless it is closed.
        if let Ok(Some(close)) = answer.getattr_opt("close") {
            close.call0().map_err(carry)?;
        }
        return Err(Error::argument("save", "it is a coroutine function: use AsyncClient, or a plain function"));
    }
    Ok(())
}

/// Runs a coroutine function of `strongroom._aio` on the event loop.
pub(crate) async fn on_loop(
    locals: &TaskLocals,
    function: &str,
    arguments: impl FnOnce(Python<'_>) -> PyResult<Py<PyTuple>>,
) -> Result<Py<PyAny>> {
    let started = attach(|py| {
        let coroutine = host(py, "_aio", function)?.call1(arguments(py)?)?;
        into_future_with_locals(locals, coroutine)
    });
    started.map_err(carry)?.await.map_err(carry)
}

/// What a progress callable raised, and the word that it did.
#[derive(Default)]
struct Raised {
    error: Mutex<Option<PyErr>>,
    told: Notify,
}

impl Raised {
    fn take(&self) -> Option<PyErr> {
        self.error.lock().ok().and_then(|mut error| error.take())
    }
}

/// Runs `work` with a callable that is told how far it is. What the callable raises drops the work and is raised.
///
/// Both twins call it on whichever thread does the work.
pub(crate) fn with_progress<T, W: Future<Output = Result<T>>, M: FnOnce(Option<Progress>) -> W>(
    progress: Option<&Bound<'_, PyAny>>,
    work: M,
) -> Result<impl Future<Output = Result<T>> + use<T, W, M>> {
    let raised = Arc::new(Raised::default());
    let progress = match progress {
        None => None,
        Some(object) => {
            let (told, raised) = (callable("progress", object)?, Arc::clone(&raised));
            let progress: Progress = Arc::new(move |done| {
                if let Err(error) = attach(|py| told.call1(py, (done,)).map(drop)) {
                    if let Ok(mut kept) = raised.error.lock() {
                        kept.get_or_insert(error);
                    }
                    raised.told.notify_one();
                }
            });
            Some(progress)
        }
    };
    let work = work(progress);
    Ok(async move {
        let done = tokio::select! {
            biased;
            () = raised.told.notified() => None,
            done = work => Some(done),
        };
        match (raised.take(), done) {
            (None, Some(done)) => done,
            (Some(error), _) => Err(carry(error)),
            (None, None) => Err(Error::invalid_argument("progress: it raised an exception")),
        }
    })
}
