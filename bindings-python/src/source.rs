//! Where a file's content comes from.

use futures_util::stream::try_unfold;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyIterator, PyMemoryView, PyString};
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
    if let Some(bytes) = bytes(object)? {
        return Ok(Source::Bytes(bytes));
    }
    let has = |name| object.hasattr(name).map_err(carry);
    if has("__fspath__")? {
        return object.extract().map(Source::Path).map_err(carry);
    }
    let locals = match face {
        Face::Blocking => None,
        Face::Asyncio => Some(locals(object.py()).map_err(carry)?),
    };
    let pieces = if has("read")? {
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
    Ok(Source::Stream(Box::pin(try_unfold(pieces, |pieces| async move {
        Ok(pieces.next().await?.map(|piece| (piece, pieces)))
    }))))
}

/// What is read a piece at a time.
enum Pieces {
    Reader(Py<PyAny>, Option<TaskLocals>),
    Iterator(Py<PyIterator>),
    Awaited(Py<PyAny>, TaskLocals),
}

impl Pieces {
    async fn next(&self) -> Result<Option<Vec<u8>>> {
        match self {
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

fn piece_of(object: &Bound<'_, PyAny>) -> Result<Vec<u8>> {
    bytes(object)?.ok_or_else(|| {
        Error::argument("source", "a piece of it is not bytes: open the file in binary mode, or encode the text")
    })
}

/// The bytes of a bytes-like object.
fn bytes(object: &Bound<'_, PyAny>) -> Result<Option<Vec<u8>>> {
    if let Ok(bytes) = object.cast::<PyBytes>() {
        return Ok(Some(bytes.as_bytes().to_vec()));
    }
    if let Ok(bytes) = object.cast::<PyByteArray>() {
        return Ok(Some(bytes.to_vec()));
    }
    if object.is_instance_of::<PyMemoryView>() {
        let bytes = object.call_method0("tobytes").and_then(|bytes| bytes.extract());
        return bytes.map(Some).map_err(carry);
    }
    Ok(None)
}
