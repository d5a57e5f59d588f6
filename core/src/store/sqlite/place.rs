//! The database's file and the files beside it.
//!
//! Nothing here may open the database file once this process has a connection: closing any handle of a file drops all
//! POSIX locks that the process has on it, SQLite's too.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::fault;
use crate::error::{Error, Result};

/// A file beside the database.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// For writing, readable by its owner alone, as SQLite then makes its own files beside the database too.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes an empty file for the database unless something is there.
pub(super) fn create(path: &Path) -> Result<()> {
    match private().create_new(true).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(fault::file("the database file could not be made", error)),
    }
}

/// Refuses a path where there is nothing.
pub(super) fn exists(path: &Path) -> Result<()> {
    match std::fs::metadata(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(Error::not_found(format!("there is no database at {}: make one with `init`", path.display())))
        }
        Err(error) => Err(fault::file("the database file could not be found", error)),
    }
}

/// Refuses a folder on another machine, whose locks and shared memory SQLite cannot build on.
#[cfg(target_os = "linux")]
pub(super) fn local(path: &Path) -> Result<()> {
    // From linux/magic.h and the file systems' own headers: NFS, SMB, SMB2, CIFS, AFS, Coda, NCP, Ceph, Lustre. Not
    // 9P, which sandboxes use for a machine's own disk.
    const REMOTE: [u64; 9] =
        [0x6969, 0x517b, 0xfe53_4d42, 0xff53_4d42, 0x5346_414f, 0x7375_7245, 0x564c, 0x00c3_6400, 0x0bd0_0bd3];
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // A folder that does not answer is refused by what comes next, with a better reason.
    let Ok(found) = rustix::fs::statfs(folder) else { return Ok(()) };
    // The type is signed on some machines and of 32 bits on others; all magic numbers have 32.
    #[allow(clippy::cast_sign_loss, clippy::unnecessary_cast, reason = "the type differs between machines")]
    let kind = found.f_type as u64 & 0xffff_ffff;
    if REMOTE.contains(&kind) {
        return Err(Error::unsupported(
            "the database is on a network file system, which cannot keep it safe: use a local disk, or the server",
        ));
    }
    Ok(())
}

/// Refuses nothing: what is remote is told on Linux alone.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on Linux")]
pub(super) fn local(_: &Path) -> Result<()> {
    Ok(())
}
