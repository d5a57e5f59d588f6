//! `client.files`.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use strongroom::client::files as core;
use strongroom::model::file::NewFile;

use crate::args::{Nothing, host};
use crate::callback::with_progress;
use crate::ops::{Face, ops};
use crate::records::file::File;
use crate::runtime::{block, spawn};

ops! {
    /// Files of the vaults the caller is in.
    core::Files as "files." => Files, AsyncFiles;

    /// Seals a file and attaches it to an item, which thereby has a new version. Needs `write`.
    ///
    /// `name`: 1 to 1,024 bytes, no path. `source`: bytes, a pathlib.Path, a binary file object, or an iterable of
    /// bytes (an async one with AsyncClient); a str is refused, so that a text is never taken for a path. It is read once, a few
    /// MiB ahead of what is stored; the file of a path must stay as it is meanwhile. What fails or is cancelled leaves nothing.
    /// `content_type`: `application/octet-stream` by default. `replace`: the id of the file whose place it takes in the same
    /// operation. `progress`: called with the bytes done so far, after each MiB, on the thread that does the work.
    /// A repeat of an `idempotency_key` answers the file of the first call, and raises InvalidArgument if the content or another
    /// argument is another.
    ///
    /// >>> vault = client.vaults.create("Alice")
    /// >>> item = client.items.create(vault.id, title="Homework 1", category="document")
    /// >>> client.files.attach(vault.id, item.id, "essay.txt", b"Once upon a time").size
    /// 16
    call attach(vault, item, name, source, *, content_type=None, replace=None, progress=None, idempotency_key=None)[
        vault: String,
        item: String,
        name: String,
        source: &Bound<'_, PyAny>,
        content_type: Option<String>,
        replace: Option<String>,
        progress: Option<&Bound<'_, PyAny>>,
        idempotency_key: Option<String>,
    ] -> File |core, face| {
        let source = crate::source::source(face, source)?;
        with_progress(progress, |progress| async move {
            let file = NewFile { name, source, content_type, replace, progress, idempotency_key };
            core.attach(&vault, &item, file).await
        })?
    }

    /// Answers the whole content as bytes, checked.
    call read(vault, item, file)[vault: String, item: String, file: String] -> Content |core| {
        async move { core.read(&vault, &item, &file).await }
    }

    /// Writes the content to a path, which appears whole or not at all.
    ///
    /// It is a new file that only its owner may read (mode 0600); a file or a link that is there is replaced, not written to.
    /// `progress`: called with the bytes done so far, after each MiB, on the thread that does the work.
    call download(vault, item, file, *, to, progress=None)[
        vault: String, item: String, file: String, to: PathBuf, progress: Option<&Bound<'_, PyAny>>,
    ] -> Nothing |core| {
        with_progress(progress, |progress| async move { core.download(&vault, &item, &file, &to, progress).await })?
    }

    /// Opens the content for reading at any place, as a seekable binary file object.
    ///
    /// Only the pieces that are touched are fetched and checked. With AsyncClient it answers an AsyncFile, whose `read` is awaited.
    call open(vault, item, file)[vault: String, item: String, file: String] -> Opened |core, face| {
        async move { core.open(&vault, &item, &file).await.map(|reader| Opened(reader, face)) }
    }

    /// Takes a file off an item; its content is erased. Needs `write`.
    call detach(vault, item, file)[vault: String, item: String, file: String] -> Nothing |core| {
        async move { core.detach(&vault, &item, &file).await }
    }
}

/// Bytes that become Python's once there is an interpreter.
pub(crate) struct Content(Vec<u8>);

impl From<Vec<u8>> for Content {
    fn from(content: Vec<u8>) -> Self {
        Self(content)
    }
}

impl<'py> IntoPyObject<'py> for Content {
    type Target = PyBytes;
    type Output = Bound<'py, PyBytes>;
    type Error = std::convert::Infallible;

    fn into_pyobject(self, py: Python<'py>) -> Result<Self::Output, Self::Error> {
        Ok(PyBytes::new(py, &self.0))
    }
}

/// An opened file, which becomes the file object that fits the twin.
pub(crate) struct Opened(core::FileReader, Face);

impl<'py> IntoPyObject<'py> for Opened {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        let function = if self.1 == Face::Blocking { "open" } else { "open_async" };
        host(py, "_files", function)?.call1((FileReader(self.0),))
    }
}

/// What file objects read from.
#[pyclass(frozen, module = "strongroom._native")]
pub(crate) struct FileReader(core::FileReader);

#[pymethods]
impl FileReader {
    /// The file.
    #[getter]
    fn file(&self) -> File {
        self.0.file().clone().into()
    }

    /// The bytes from `offset` on: at most `length`, none at the end.
    fn read_at(&self, py: Python<'_>, offset: u64, length: usize) -> PyResult<Content> {
        block(py, self.0.read_at(offset, length)).map(Content)
    }

    /// The same as an asyncio future.
    fn read_at_async<'py>(&self, py: Python<'py>, offset: u64, length: usize) -> PyResult<Bound<'py, PyAny>> {
        let reader = self.0.clone();
        spawn(py, async move { reader.read_at(offset, length).await.map(Content) })
    }
}
