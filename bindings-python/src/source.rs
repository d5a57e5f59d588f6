//! Where a file's content comes from.

use bytes::Bytes;
use futures_util::stream::try_unfold;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyByteArray, PyBytes, PyIterator, PyMemoryView, PySlice, PyString};
use pyo3_async_runtimes::{TaskLocals, into_future_with_locals};
use strongroom::error::{Error, Result};
use strongroom::model::file::Source;

use crate::callback::on_loop;
use crate::error::carry;
use crate::ops::Face;
use crate::runtime::{attach, locals};

/// Asked of a file object at a time.
const BLOCK: usize = 1 << 20;

/// Bytes, a path, a binary file object, or an iterable of bytes; asyncio's twin also takes what is read by awaiting.
pub(crate) fn source(face: Face, object: &Bound<'_, PyAny>) -> Result<Source> {
    if object.is_instance_of::<PyString>() {
        return Err(Error::argument(
            "source",
            "a str may be meant as a path or as a text: give pathlib.Path(…), or text.encode()",
        ));
    }
    if let Ok(bytes) = object.cast::<PyBytes>() {
        return Ok(Source::Bytes(shared(bytes)));
    }
    let has = |name| object.hasattr(name).map_err(carry);
    if has("__fspath__")? {
        return object.extract().map(Source::Path).map_err(carry);
    }
    let locals = match face {
        Face::Blocking => None,
        Face::Asyncio => Some(locals(object.py()).map_err(carry)?),
    };
    let pieces = if let Some(view) = view(object)? {
        Pieces::View(view, 0)
    } else if has("read")? {
        Pieces::Reader(object.clone().unbind(), locals)
    } else if has("__aiter__")? {
        let Some(locals) = locals else {
            return Err(Error::argument("source", "an async iterable needs AsyncClient: give bytes, a path or a file"));
        };
        Pieces::Awaited(object.call_method0("__aiter__").map_err(carry)?.unbind(), locals)
    } else if let Ok(iterator) = object.try_iter() {
        Pieces::Iterator(iterator.unbind())
    } else {
        return Err(Error::argument(
            "source",
            "this is no content: give bytes, pathlib.Path(…), a binary file, or an iterable of bytes",
        ));
    };
    Ok(Source::Stream(Box::pin(try_unfold(pieces, |mut pieces| async move {
        Ok(pieces.next().await?.map(|piece| (piece, pieces)))
    }))))
}

/// What is read a piece at a time.
enum Pieces {
    /// Copied a piece at a time, so that a large buffer holds up nobody who waits for the interpreter.
    View(Py<PyAny>, usize),
    Reader(Py<PyAny>, Option<TaskLocals>),
    Iterator(Py<PyIterator>),
    Awaited(Py<PyAny>, TaskLocals),
}

impl Pieces {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        match self {
            Self::View(view, at) => {
                let piece = attach(|py| {
                    let piece = view.bind(py).get_item(PySlice::new(py, ends(*at), ends(*at + BLOCK), 1))?;
                    piece.call_method0("tobytes")?.cast::<PyBytes>().map(shared).map_err(PyErr::from)
                });
                *at += BLOCK;
                piece.map(|piece| (!piece.is_empty()).then_some(piece)).map_err(carry)
            }
            Self::Reader(reader, locals) => {
                let answer = attach(|py| reader.call_method1(py, "read", (BLOCK,))).map_err(carry)?;
                let piece = match locals {
                    Some(locals) => awaited(answer, locals).await?,
                    None => answer,
                };
                let piece = attach(|py| piece_of(piece.bind(py)))?;
                Ok((!piece.is_empty()).then_some(piece))
            }
            Self::Iterator(iterator) => attach(|py| {
                let mut iterator = iterator.bind(py).clone();
                iterator.next().map(|piece| piece_of(&piece.map_err(carry)?)).transpose()
            }),
            Self::Awaited(iterator, locals) => {
                let piece =
                    on_loop(locals, "step", |py| Ok((iterator.clone_ref(py),).into_pyobject(py)?.unbind())).await?;
                attach(|py| {
                    let piece = piece.bind(py);
                    if piece.is_none() { Ok(None) } else { piece_of(piece).map(Some) }
                })
            }
        }
    }
}

/// What an async file object's `read` comes to.
async fn awaited(answer: Py<PyAny>, locals: &TaskLocals) -> Result<Py<PyAny>> {
    let coroutine = attach(|py| {
        let answer = answer.bind(py);
        if answer.hasattr("__await__")? { into_future_with_locals(locals, answer.clone()).map(Some) } else { Ok(None) }
    });
    match coroutine.map_err(carry)? {
        Some(coming) => coming.await.map_err(carry),
        None => Ok(answer),
    }
}

fn piece_of(object: &Bound<'_, PyAny>) -> Result<Bytes> {
    if let Ok(bytes) = object.cast::<PyBytes>() {
        return Ok(shared(bytes));
    }
    let bytes = view(object)?.map(|view| view.bind(object.py()).call_method0("tobytes")).transpose().map_err(carry)?;
    let bytes = bytes.ok_or_else(|| {
        Error::argument("source", "a piece of it is not bytes: open the file in binary mode, or encode the text")
    })?;
    bytes.cast::<PyBytes>().map(shared).map_err(|error| carry(error.into()))
}

/// The bytes, which nobody can change, without a copy.
fn shared(bytes: &Bound<'_, PyBytes>) -> Bytes {
    Bytes::from_owner(PyBackedBytes::from(bytes.clone()))
}

/// A flat view of a bytearray or a memoryview.
fn view(object: &Bound<'_, PyAny>) -> Result<Option<Py<PyAny>>> {
    let flat = || -> PyResult<Bound<'_, PyAny>> {
        let view = PyMemoryView::from(object)?;
        let one = if view.getattr("c_contiguous")?.is_truthy()? {
            view.into_any()
        } else {
            PyMemoryView::from(&view.call_method0("tobytes")?)?.into_any()
        };
        one.call_method1("cast", ("B",))
    };
    if object.is_instance_of::<PyByteArray>() || object.is_instance_of::<PyMemoryView>() {
        return flat().map(|view| Some(view.unbind())).map_err(carry);
    }
    Ok(None)
}

fn ends(at: usize) -> isize {
    isize::try_from(at).unwrap_or(isize::MAX)
}
