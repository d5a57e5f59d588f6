//! The two ways to wait for the core: blocking a thread, and as an asyncio future.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use pyo3::IntoPyObject;
use pyo3::prelude::*;
use pyo3_async_runtimes::TaskLocals;
use pyo3_async_runtimes::generic::{self, ContextExt};
use strongroom::error::{Error, Result};
use tokio::runtime::{Builder, Runtime};

use crate::error::raise;

/// How long a signal may wait while a call blocks.
const SIGNALS: Duration = Duration::from_millis(50);
/// How long the end of the interpreter waits for work that was cancelled.
const SETTLES: Duration = Duration::from_secs(2);

/// The runtime of one process, and the way to that of its fork.
///
/// A fork copies the runtime without its threads, so the child makes its own, and the copy is never touched again.
struct Generation {
    process: u32,
    runtime: Runtime,
    /// Work that may still call into Python.
    under_way: AtomicUsize,
    child: OnceLock<Box<Self>>,
}

static FIRST: OnceLock<Box<Generation>> = OnceLock::new();

/// This process's runtime, made by the first call that needs one.
fn runtime() -> Result<&'static Runtime> {
    generation().map(|generation| &generation.runtime)
}

fn generation() -> Result<&'static Generation> {
    let process = std::process::id();
    loop {
        let free = match place(process) {
            Ok(generation) => return Ok(generation),
            Err(free) => free,
        };
        let runtime = Builder::new_multi_thread().enable_all().thread_name("strongroom").build().map_err(|error| {
            Error::unavailable("no threads could be started: raise the process's limits").caused_by(error)
        })?;
        let made = Box::new(Generation { process, runtime, under_way: AtomicUsize::new(0), child: OnceLock::new() });
        if let Err(late) = free.set(made) {
            late.runtime.shutdown_background();
        }
    }
}

/// The runtime of a process, or where it will be.
fn place(process: u32) -> std::result::Result<&'static Generation, &'static OnceLock<Box<Generation>>> {
    let mut place = &FIRST;
    while let Some(generation) = place.get() {
        if generation.process == process {
            return Ok(generation);
        }
        place = &generation.child;
    }
    Err(place)
}

/// Waits for the work with the interpreter free for other threads. A signal whose handler raises, as Ctrl-C does, drops the work.
pub(crate) fn block<T: Send>(py: Python<'_>, work: impl Future<Output = Result<T>> + Send) -> PyResult<T> {
    let runtime = runtime().map_err(raise)?;
    py.detach(|| {
        runtime.block_on(async {
            let mut work = pin!(work);
            loop {
                tokio::select! {
                    biased;
                    done = &mut work => return Ok(done),
                    () = tokio::time::sleep(SIGNALS) => attach(signals)?,
                }
            }
        })
    })
    .and_then(|done: Result<T>| done.map_err(raise))
}

/// Runs the handlers of signals that came: on the main thread, where Python runs them, and nowhere else.
fn signals(py: Python<'_>) -> PyResult<()> {
    py.check_signals()
}

/// Starts the work and answers an asyncio future. Cancelling that drops the work.
pub(crate) fn spawn<T>(
    py: Python<'_>,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> PyResult<Bound<'_, PyAny>>
where
    T: for<'py> IntoPyObject<'py> + Send + 'static,
{
    runtime().map_err(raise)?;
    generic::future_into_py::<Tokio, _, _>(py, work.map(|done| done.map_err(|error| attach(|_| raise(error)))))
}

/// Calls into Python from within the runtime, so that what it calls may block on the runtime in turn.
pub(crate) fn attach<T>(call: impl FnOnce(Python<'_>) -> T) -> T {
    tokio::task::block_in_place(|| Python::attach(call))
}

/// The event loop and the context of the running task.
pub(crate) fn locals(py: Python<'_>) -> PyResult<TaskLocals> {
    generic::get_current_locals::<Tokio>(py)
}

/// Counts work until it is dropped.
struct UnderWay(&'static Generation);

impl UnderWay {
    fn begin(generation: &'static Generation) -> Self {
        generation.under_way.fetch_add(1, Ordering::SeqCst);
        Self(generation)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Waits for what was cancelled at the end to be over: an interpreter that ends does not survive a thread that calls into it.
pub(crate) fn settle(py: Python<'_>) {
    py.detach(|| {
        let end = Instant::now() + SETTLES;
        let Ok(generation) = place(std::process::id()) else { return };
        while generation.under_way.load(Ordering::SeqCst) > 0 && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(1));
        }
    });
}

struct Tokio;

struct JoinError(tokio::task::JoinError);

impl generic::JoinError for JoinError {
    fn is_panic(&self) -> bool {
        self.0.is_panic()
    }

    fn into_panic(self) -> Box<dyn std::any::Any + Send + 'static> {
        self.0.into_panic()
    }
}

type Handle = Pin<Box<dyn Future<Output = Result<(), JoinError>> + Send>>;

/// The handle of a task, or of none when there is no runtime, of which the caller was told before.
fn join(start: impl FnOnce(&'static Runtime, UnderWay) -> tokio::task::JoinHandle<()>) -> Handle {
    match generation() {
        Ok(generation) => {
            Box::pin(start(&generation.runtime, UnderWay::begin(generation)).map(|done| done.map_err(JoinError)))
        }
        Err(_) => Box::pin(std::future::ready(Ok(()))),
    }
}

impl generic::Runtime for Tokio {
    type JoinError = JoinError;
    type JoinHandle = Handle;

    fn spawn<F: Future<Output = ()> + Send + 'static>(work: F) -> Handle {
        join(|runtime, under_way| {
            runtime.spawn(async move {
                work.await;
                drop(under_way);
            })
        })
    }

    fn spawn_blocking<F: FnOnce() + Send + 'static>(work: F) -> Handle {
        join(|runtime, under_way| {
            runtime.spawn_blocking(move || {
                work();
                drop(under_way);
            })
        })
    }
}

tokio::task_local! {
    static LOCALS: TaskLocals;
}

impl ContextExt for Tokio {
    fn scope<F, R>(locals: TaskLocals, work: F) -> Pin<Box<dyn Future<Output = R> + Send>>
    where
        F: Future<Output = R> + Send + 'static,
    {
        Box::pin(LOCALS.scope(locals, work))
    }

    fn get_task_locals() -> Option<TaskLocals> {
        LOCALS.try_with(Clone::clone).ok()
    }
}
