//! Listening: an address, connections with their limits, and the end.

use std::convert::Infallible;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;
use url::Url;

use super::tls::Certificate;
use super::{Face, Limits};
use crate::authority::Authority;
use crate::error::{Error, Result};
use crate::wire::origin;

/// Of one HTTP/2 connection, requests at once.
const STREAMS: u32 = 256;

/// The largest head of a request.
const HEAD: u32 = 16 << 10;

/// How often an HTTP/2 connection without requests is asked whether it is there.
const PINGED: Duration = Duration::from_secs(20);

/// The pause after a connection could not be accepted, as when there are no more files.
const PAUSE: Duration = Duration::from_millis(100);

/// Where to listen, and as whom.
#[derive(Clone, Debug)]
pub struct Place {
    /// The address; port 0 is a free one.
    pub listen: SocketAddr,
    /// What clients have as their location, where that is not the address: as behind a proxy.
    pub origin: Option<String>,
    /// The files of the certificate chain and of its key, in PEM.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Allows HTTP without TLS beyond loopback.
    pub allow_insecure: bool,
}

/// A server that has its address and does not answer yet.
pub struct Listening {
    listener: TcpListener,
    certificate: Option<Arc<Certificate>>,
    origin: String,
}

impl Listening {
    /// Takes the address.
    ///
    /// # Errors
    /// `InvalidArgument` for HTTP without TLS beyond loopback, for certificates that can't be used, and where no origin follows
    /// from the address; `Unavailable` if the address is taken.
    pub async fn at(place: Place) -> Result<Self> {
        let Place { listen, origin, tls, allow_insecure } = place;
        if tls.is_none() && !listen.ip().is_loopback() && !allow_insecure {
            return Err(Error::argument(
                "listen",
                format!(
                    "{listen} is reached by other machines, and there is no certificate: give --tls-cert and --tls-key, or \
                     --allow-insecure where a proxy does TLS"
                ),
            ));
        }
        let certificate = tls.map(|(chain, key)| Certificate::load(&chain, &key)).transpose()?;
        let origin = origin.map(|origin| origin::of_server(&origin)).transpose()?;
        if origin.is_none() && (listen.ip().is_unspecified() || certificate.is_some()) {
            return Err(Error::argument(
                "origin",
                "clients sign in to an origin, and none follows from the address: give --origin https://… as clients have it",
            ));
        }
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|error| Error::unavailable(format!("{listen} can't be listened at: {error}")).caused_by(error))?;
        let bound =
            listener.local_addr().map_err(|error| Error::unavailable("no address was given").caused_by(error))?;
        let origin = match origin {
            Some(origin) => origin,
            None => origin::of_server(&format!("http://{bound}"))?,
        };
        Ok(Self { listener, certificate, origin })
    }

    /// The origin that sessions are bound to.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The address.
    pub fn address(&self) -> Result<SocketAddr> {
        self.listener.local_addr().map_err(|error| Error::unavailable("the address is gone").caused_by(error))
    }

    /// Answers until `stop` is ready, then finishes what was accepted, and closes the authority.
    pub async fn serve(
        self,
        authority: Arc<dyn Authority>,
        limits: Limits,
        stop: impl Future<Output = ()>,
    ) -> Result<()> {
        let Self { listener, certificate, origin } = self;
        let face = Face::at(Arc::clone(&authority), limits, Url::parse(&origin).ok());
        let tls = certificate.as_ref().map(Certificate::config).transpose()?.map(TlsAcceptor::from);
        let fresh = certificate.map(|certificate| tokio::spawn(certificate.keep_fresh()));
        let serving = Serving { routes: face.routes(), limits, tls };
        let graceful = GracefulShutdown::new();
        tracing::info!(origin, "listening");
        tokio::select! {
            () = accept(&listener, &face, &serving, &graceful) => (),
            () = stop => (),
        }
        drop(listener);
        tracing::info!("stopping: what was accepted is finished");
        face.stop();
        if tokio::time::timeout(limits.grace, graceful.shutdown()).await.is_err() {
            tracing::warn!("some requests were not finished in time");
        }
        if let Some(fresh) = fresh {
            fresh.abort();
        }
        authority.close().await;
        Ok(())
    }
}

#[derive(Clone)]
struct Serving {
    routes: axum::Router,
    limits: Limits,
    tls: Option<TlsAcceptor>,
}

async fn accept(listener: &TcpListener, face: &Face, serving: &Serving, graceful: &GracefulShutdown) {
    let free = Arc::new(Semaphore::new(serving.limits.connections));
    loop {
        let Ok(permit) = Arc::clone(&free).acquire_owned().await else { return };
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(?error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let (serving, watcher, counted) = (serving.clone(), graceful.watcher(), face.metrics().connection());
        tokio::spawn(async move {
            serving.connection(stream, peer.ip(), watcher).await;
            drop((permit, counted));
        });
    }
}

impl Serving {
    async fn connection(self, stream: TcpStream, peer: IpAddr, watcher: Watcher) {
        // Answers are written whole, so waiting for more only delays them.
        let _ = stream.set_nodelay(true);
        let Some(tls) = self.tls.clone() else {
            return self.http1(stream, peer, watcher).await;
        };
        let handshake = tokio::time::timeout(self.limits.header_time, tls.accept(stream)).await;
        let Ok(Ok(stream)) = handshake else { return };
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            self.http2(stream, peer, watcher).await;
        } else {
            self.http1(stream, peer, watcher).await;
        }
    }

    async fn http1(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, peer: IpAddr, watcher: Watcher) {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.header_time)
            .max_buf_size(4 * HEAD as usize)
            .serve_connection(TokioIo::new(stream), self.service(peer));
        ended(watcher.watch(connection).await);
    }

    async fn http2(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, peer: IpAddr, watcher: Watcher) {
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(HEAD)
            .keep_alive_interval(PINGED)
            .keep_alive_timeout(PINGED)
            .serve_connection(TokioIo::new(stream), self.service(peer));
        ended(watcher.watch(connection).await);
    }

    fn service(
        self,
        peer: IpAddr,
    ) -> impl hyper::service::Service<
        Request<Incoming>,
        Response = Response,
        Error = Infallible,
        Future: Future<Output = std::result::Result<Response, Infallible>> + Send,
    > + Send {
        let routes = self.routes;
        hyper::service::service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            routes.clone().oneshot(request)
        })
    }
}

fn ended(connection: std::result::Result<(), hyper::Error>) {
    if let Err(error) = connection {
        // A client that goes, or that is too slow, is no failure of the server.
        tracing::debug!(?error, "a connection ended");
    }
}
