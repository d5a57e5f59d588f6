//! A server, as an authority: every call is a request, in the forms of `wire`.
//!
//! Nothing that a server answers is believed here either; that it is the one that was named, TLS proves, and the origin in
//! its challenge must be the one that was connected to.

mod exchange;
mod feed;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::Method;
use tokio::runtime::Handle;
use url::Url;

use crate::authority::{self, Authority, Challenge, Reading, ReadsFilter, Session, SignIn, Submission};
use crate::error::{Error, Result};
use crate::log::body::Recipient;
use crate::log::feed::Head;
use crate::log::operation::LogId;
use crate::log::reads::Chain;
use crate::model::id::Id;
use crate::model::role::Role;
use crate::store::{ReadRow, Receipt};
use crate::wire::calls::{Challenging, Whose, calls};
use crate::wire::{Crosses, Key, Octets, calls as requests, origin, refusal, rows, session, states, tables};
use exchange::{Asking, Body};
use feed::Feed;

/// How to reach a server.
#[derive(Clone, Debug)]
pub struct RemoteOptions {
    /// Certificates to trust besides the system's, in PEM.
    pub ca_file: Option<PathBuf>,
    /// Allows HTTP without TLS beyond loopback.
    pub allow_insecure: bool,
    /// How long an answer may make no progress, and how long a stream that was cut is tried to be resumed.
    pub timeout: Duration,
}

/// A server.
pub struct Remote {
    shared: Arc<Shared>,
    feed: Feed,
    /// Where the connection was made; what is asked outside of a runtime is asked there.
    runtime: Option<Handle>,
}

/// What a stream goes on with by itself.
struct Shared {
    asking: Asking,
    origin: String,
    /// The newest session: streams and the feed's end are asked in it.
    session: Mutex<Option<Session>>,
}

impl Remote {
    /// The server at this location; nothing is asked yet.
    ///
    /// # Errors
    /// `InvalidArgument` for what is no location of a server, for `http:` to another machine, and for a `ca_file` that can't be used.
    pub fn at(location: &str, options: RemoteOptions) -> Result<Arc<Self>> {
        let RemoteOptions { ca_file, allow_insecure, timeout } = options;
        let base = parse(location)?;
        let loopback = origin::is_loopback(&base);
        if base.scheme() == "http" && !loopback && !allow_insecure {
            return Err(Error::argument(
                "location",
                format!("`{location}` is not encrypted and leads to another machine: use https, or allow_insecure"),
            ));
        }
        let origin = origin::of(&base);
        // What stays on this machine goes through no proxy.
        let asking = Asking::to(&base, ca_file.as_deref(), timeout, !loopback)?;
        let shared = Arc::new(Shared { asking, origin, session: Mutex::default() });
        let feed = Feed::of(Arc::clone(&shared), timeout);
        Ok(Arc::new(Self { shared, feed, runtime: Handle::try_current().ok() }))
    }

    fn handle(&self) -> Option<Handle> {
        Handle::try_current().ok().or_else(|| self.runtime.clone())
    }
}

impl Shared {
    fn session(&self) -> Option<Session> {
        *self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, session: Session) {
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = Some(session);
    }

    async fn end(&self) -> Result<Head> {
        let answer: states::Head = self.asking.ask(Method::GET, "/v1/head", self.session(), Body::<()>::None).await?;
        Ok(Crosses::from_form(answer))
    }
}

/// The base of a server's paths.
fn parse(location: &str) -> Result<Url> {
    let wrong = |why: &str| {
        Error::argument("location", format!("this location {why}: use one such as https://vault.example.edu"))
    };
    let url = Url::parse(location).map_err(|error| wrong(&format!("is no URL ({error})")))?;
    if url.host().is_none() || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("has more or less than a host and a path"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("has a user or a password in it, which belong nowhere"));
    }
    Ok(url)
}

fn piece_path(vault: Id, file: Id, index: u64) -> String {
    format!("/v1/vaults/{}/files/{}/pieces/{index}", Key(vault), Key(file))
}

macro_rules! remote {
    (
        { $($(#[$about:meta])* $whole:ident $whole_path:literal $whole_tag:literal ($body:ty = $asked:ty)
            -> $told:ty = $answer:ty;)* }
        { $($(#[$doc:meta])* $name:ident $path:literal $tag:literal $request:ident($($argument:ident: $type:ty),*)
            -> $form:ty = $result:ty;)* }
    ) => {
        #[async_trait]
        impl Authority for Remote {
            fn name(&self) -> &'static str {
                "server"
            }

            async fn challenge(&self, principal: Id, key: Id) -> Result<Challenge> {
                let asked = Challenging { principal: Key(principal), key: Key(key) };
                let answer: session::Challenge =
                    self.shared.asking.ask(Method::POST, "/v1/challenges", None, Body::Json(&asked)).await?;
                let challenge: Challenge = Crosses::from_form(answer);
                if challenge.origin != self.shared.origin {
                    return Err(other_origin(&challenge.origin, &self.shared.origin));
                }
                Ok(challenge)
            }

            async fn sign_in(&self, sign_in: SignIn) -> Result<Session> {
                let asked: session::SignIn = sign_in.into_form();
                let answer: session::Session =
                    self.shared.asking.ask(Method::POST, "/v1/sessions", None, Body::Json(&asked)).await?;
                let session = Crosses::from_form(answer);
                self.shared.keep(session);
                Ok(session)
            }

            async fn whose(&self, session: Session) -> Result<Id> {
                let answer: Whose =
                    self.shared.asking.ask(Method::GET, "/v1/sessions", Some(session), Body::<()>::None).await?;
                Ok(answer.principal.0)
            }

            async fn found(&self, _: Vec<Submission>) -> Result<Vec<Receipt>> {
                Err(Error::unsupported("a server founds no account: run `strongroom init` on its database"))
            }

            async fn put_piece(&self, session: Session, vault: Id, file: Id, index: u64, piece: Bytes) -> Result<()> {
                let path = piece_path(vault, file, index);
                self.shared.asking.send(Method::PUT, &path, Some(session), Body::<()>::Octets(piece)).await.map(drop)
            }

            fn give_up(&self, session: Session, file: Id) {
                let shared = Arc::clone(&self.shared);
                // Where nothing runs any more, the upload expires.
                let Some(handle) = self.handle() else { return };
                handle.spawn(async move {
                    let path = format!("/v1/uploads/{}", Key(file));
                    let given_up = shared.asking.send(Method::DELETE, &path, Some(session), Body::<()>::None).await;
                    if let Err(error) = given_up {
                        tracing::debug!(?error, "an upload could not be given up: it expires");
                    }
                });
            }

            async fn piece(&self, session: Session, vault: Id, file: Id, index: u64) -> Result<Vec<u8>> {
                let path = piece_path(vault, file, index);
                let bytes = self.shared.asking.send(Method::GET, &path, Some(session), Body::<()>::None).await?;
                Ok(bytes.into())
            }

            fn end(&self) -> BoxFuture<'static, Result<Head>> {
                let shared = Arc::clone(&self.shared);
                let asked = async move { shared.end().await };
                // Asked now, whenever the answer is waited for.
                match self.handle() {
                    Some(handle) => {
                        let task = handle.spawn(asked);
                        Box::pin(async move {
                            task.await.unwrap_or_else(|_| Err(Error::unavailable("its runtime has ended: call again")))
                        })
                    }
                    None => Box::pin(asked),
                }
            }

            fn wait(&self, size: u64) -> BoxFuture<'static, Result<()>> {
                self.feed.wait(size)
            }

            async fn close(&self) {
                self.feed.close();
            }

            $(async fn $whole(&self, session: Session, asked: $asked) -> Result<$answer> {
                let asked: $body = asked.into_form();
                let answer: $told =
                    self.shared.asking.ask(Method::POST, $whole_path, Some(session), Body::Json(&asked)).await?;
                Ok(Crosses::from_form(answer))
            })*

            $(async fn $name(&self, session: Session, $($argument: $type),*) -> Result<$result> {
                let asked = requests::$request { $($argument: $argument.into_form(),)* };
                let answer: $form =
                    self.shared.asking.ask(Method::POST, $path, Some(session), Body::Json(&asked)).await?;
                Ok(Crosses::from_form(answer))
            })*
        }
    };
}

calls!(remote);

/// Attack 13: whoever stands between may pass on another server's challenge, and would have a session there.
fn other_origin(theirs: &str, ours: &str) -> Error {
    let theirs: String = theirs.chars().filter(|letter| !letter.is_control()).take(256).collect();
    Error::unauthenticated(format!(
        "the server at {ours} asks to sign in to {theirs}: use that as the location if it is the one you mean, or have its \
         operator start it with --origin {ours}"
    ))
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Remote({})", self.shared.origin)
    }
}
