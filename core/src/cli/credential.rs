//! New tokens: handed over before anything is committed, so that none is made that nobody has.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::FutureExt;

use super::failure::{Done, Failure};
use super::json;
use super::output::Output;
use super::render;
use crate::error::{Error, ErrorKind, Result};
use crate::model::credential::{Credential, Save};

/// Hands a new token over: to a new file, or to the output.
#[derive(Clone)]
pub(super) struct Keeper {
    out: Output,
    file: Option<PathBuf>,
    wrote: Arc<AtomicBool>,
}

impl Keeper {
    /// Keeps the token in `file` if there is one, and prints it otherwise.
    pub(super) fn new(out: &Output, file: Option<PathBuf>) -> Self {
        Self { out: out.clone(), file, wrote: Arc::default() }
    }

    /// What the library calls with the credential before it commits.
    pub(super) fn hook(&self) -> Save {
        let keeper = self.clone();
        Arc::new(move |credential| std::future::ready(keeper.keep(&credential)).boxed())
    }

    /// Ends the command: a file whose token surely never came to be is removed.
    pub(super) fn settle<T>(&self, made: Result<T>) -> Done {
        let (Err(error), Some(path)) = (&made, self.file.as_ref().filter(|_| self.wrote.load(Ordering::Acquire)))
        else {
            return made.map(drop).map_err(Failure::from);
        };
        if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::DeadlineExceeded) {
            let message = format!("{}; {} is kept, in case its token came to be", error.message(), path.display());
            return Err(Error::new(error.kind(), message).in_operation(error.operation()).into());
        }
        // What failed before is the thing to report.
        let _ = std::fs::remove_file(path);
        made.map(drop).map_err(Failure::from)
    }

    fn keep(&self, credential: &Credential) -> Result<()> {
        if let Some(path) = &self.file {
            write_new(path, credential.token.expose()).map_err(|error| unwritable(path, error))?;
            self.wrote.store(true, Ordering::Release);
        }
        self.print(credential).map_err(|error| {
            Error::unavailable(format!("nothing was made, because the output can't be written: {error}"))
                .caused_by(error)
        })
    }

    fn print(&self, credential: &Credential) -> io::Result<()> {
        if self.out.is_json() {
            return self.out.json(&json::credential(credential, self.file.is_none()));
        }
        let principal = json::principal(&credential.principal);
        let (who, id) = (render::line(&render::text(&principal)), credential.principal.id);
        let mut text = match &self.file {
            Some(path) => format!("The token of {who} ({id}) is in {}.\n", path.display()),
            None => format!("The token of {who} ({id}), which is shown this once:\n{}\n", credential.token.expose()),
        };
        if let Some(recovery) = &credential.recovery {
            text.push_str("\nThe recovery code, which is shown this once. Print it and keep it off line:\n");
            text.push_str(recovery.expose());
            text.push('\n');
        }
        self.out.text(&text)
    }
}

/// Writes the token to a file that was not there, which nobody else can read, and on which a power cut has no hold.
fn write_new(path: &Path, token: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let written =
        file.write_all(format!("{token}\n").as_bytes()).and_then(|()| file.sync_all()).and_then(|()| sync_parent(path));
    if written.is_err() {
        // Half a token is of no use; what failed before is the thing to report.
        let _ = std::fs::remove_file(path);
    }
    written
}

fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Elsewhere a directory can't be opened as a file.
    if cfg!(unix) { File::open(parent)?.sync_all() } else { Ok(()) }
}

fn unwritable(path: &Path, error: io::Error) -> Error {
    let why = if error.kind() == io::ErrorKind::AlreadyExists {
        "is there already, and no token file is overwritten: give another path".to_owned()
    } else {
        format!("can't be written: {error}")
    };
    Error::argument("token_file", format!("{} {why}", path.display())).caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::super::output::tests::Sink;
    use super::*;
    use crate::model::id::{Id, PrincipalId, PrincipalKind};
    use crate::model::principal::{Principal, PrincipalState};
    use crate::model::secret::Secret;
    use crate::model::time::from_millis;

    fn credential() -> Credential {
        let principal = Principal {
            id: PrincipalId { kind: PrincipalKind::User, id: Id([1; 32]) },
            kind: PrincipalKind::User,
            name: "Teacher".to_owned(),
            email: Some("teacher@example.edu".to_owned()),
            state: PrincipalState::Active,
            issued: false,
            expires_at: None,
            can_create_vaults: true,
            can_manage_users: true,
            can_manage_policy: true,
            can_read_audit: true,
            created_at: from_millis(0),
        };
        let (token, recovery) = (Secret::new("the-token"), Some(Secret::new("the-code")));
        Credential { token, recovery, principal, location: "classroom.db".to_owned() }
    }

    fn keeper(json: bool, file: Option<PathBuf>) -> (Keeper, Sink) {
        let sink = Sink::default();
        (Keeper::new(&Output::new(Box::new(sink.clone()), json, None), file), sink)
    }

    #[tokio::test]
    async fn without_a_file_the_token_is_printed_before_the_commit() {
        let (keeper, sink) = keeper(false, None);
        keeper.hook()(credential()).await.unwrap();
        assert!(sink.text().contains("\nthe-token\n") && sink.text().contains("\nthe-code\n"));
    }

    #[tokio::test]
    async fn a_token_file_is_new_private_and_the_only_place() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        for json in [false, true] {
            let (keeper, sink) = keeper(json, Some(path.clone()));
            keeper.hook()(credential()).await.unwrap();
            assert!(!sink.text().contains("the-token") && sink.text().contains("the-code"));
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "the-token\n");
            #[cfg(unix)]
            assert_eq!(
                std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions()) & 0o777,
                0o600
            );
            let error = keeper.hook()(credential()).await.unwrap_err();
            assert!(error.to_string().contains("is there already"));
            std::fs::remove_file(&path).unwrap();
        }
    }

    #[tokio::test]
    async fn the_file_of_a_token_that_never_came_to_be_goes_and_of_one_that_may_have_stays() {
        let directory = tempfile::tempdir().unwrap();
        for (error, stays) in [(Error::already_exists("no"), false), (Error::unavailable("perhaps"), true)] {
            let path = directory.path().join("token");
            let (keeper, _) = keeper(false, Some(path.clone()));
            keeper.hook()(credential()).await.unwrap();
            assert!(keeper.settle::<Credential>(Err(error)).is_err());
            assert_eq!(path.exists(), stays);
        }
    }

    #[test]
    fn a_file_that_was_there_before_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        std::fs::write(&path, "another").unwrap();
        let (keeper, _) = keeper(false, Some(path.clone()));
        assert!(keeper.keep(&credential()).is_err());
        assert!(keeper.settle::<Credential>(Err(Error::conflict("no"))).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "another");
    }
}
