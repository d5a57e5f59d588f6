//! `client.files`.

use std::path::PathBuf;

use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use strongroom::client::files as core;
use strongroom::model::file::NewFile;

use crate::args::{CallOptions, Options, options, whole};
use crate::ops::ops;
use crate::promise::Promise;
use crate::record::Shown;
use crate::records::file::File;
use crate::reply::Progress;
use crate::source::Source;

options! {
    /// What `files.attach` takes by name.
    #[derive(Default)]
    AttachFile {
        ;
        /// Its media type; `application/octet-stream` by default.
        content_type: String,
        /// The id of the file whose place it takes in the same operation.
        replace: String,
        /// Called with the bytes done so far, after each MiB.
        progress: Progress,
        /// Makes a repeat answer what the first call did.
        idempotency_key: String,
    }
}

options! {
    /// What `files.download` takes by name.
    DownloadFile {
        /// Where to write it: a path.
        to: String,
        ;
        /// Called with the bytes done so far, after each MiB.
        progress: Progress,
    }
}

ops! {
    /// Files of the vaults the caller is in.
    core::Files as "files." => Files;

    /// Seals a file and attaches it to an item, which thereby has a new version. Needs `write`.
    ///
    /// `name`: 1 to 1,024 bytes, no path. `source`: bytes, `{ path }`, a stream or an (async) iterable of bytes; a string is
    /// refused, so that a text is never taken for a path. It is read once, a few MiB ahead of what is stored; the file of a
    /// path must stay as it is meanwhile. What fails or is cancelled leaves nothing.
    attach(vault: String, item: String, name: String, source: Source; options: Option<Options<AttachFile>>) -> Promise<File>
    |core| {
        let AttachFile { content_type, replace, progress, idempotency_key } = options;
        let Source(source) = source;
        let file = NewFile { name, source, content_type, replace, progress: progress.map(Into::into), idempotency_key };
        async move { core.attach(&vault, &item, file).await }
    }

    /// Answers the whole content, checked.
    read(vault: String, item: String, file: String; options: Option<CallOptions>) -> Promise<Buffer> |core| {
        async move { core.read(&vault, &item, &file).await }
    }

    /// Writes the content to a path, which appears whole or not at all.
    ///
    /// It is a new file that only its owner may read (mode 0600); a file or a link that is there is replaced, not written to.
    download(vault: String, item: String, file: String; options: Options<DownloadFile>) -> Promise<()> |core| {
        let DownloadFile { to, progress } = options;
        let (to, progress) = (PathBuf::from(to), progress.map(Into::into));
        async move { core.download(&vault, &item, &file, &to, progress).await }
    }

    /// Opens the content for reading at any place. Only the pieces that are touched are fetched and checked.
    (ts_return_type = "Promise<OpenedFile>")
    open(vault: String, item: String, file: String; options: Option<CallOptions>) -> Promise<FileReader> |core| {
        async move { core.open(&vault, &item, &file).await }
    }

    /// Takes a file off an item; its content is erased. Needs `write`.
    detach(vault: String, item: String, file: String; options: Option<CallOptions>) -> Promise<()> |core| {
        async move { core.detach(&vault, &item, &file).await }
    }
}

ops! {
    /// What an `OpenedFile` of JavaScript reads from.
    core::FileReader as "files.open." => FileReader;

    /// The bytes from `offset` on: at most `length`, none at the end.
    (skip_typescript)
    read_at(offset: f64, length: f64; options: Option<CallOptions>) -> Promise<Buffer> |core| {
        let offset = whole("offset", Some(offset))?.unwrap_or_default();
        let length = whole("length", Some(length))?.unwrap_or_default();
        async move { core.read_at(offset, length).await }
    }
}

#[napi]
impl FileReader {
    #[napi(getter, skip_typescript)]
    pub fn file(&self) -> File {
        self.0.file().clone().shown()
    }
}

impl Shown<FileReader> for core::FileReader {
    fn shown(self) -> FileReader {
        FileReader(self)
    }
}
