//! An S3 server on loopback, over a folder.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Names the folder that has the buckets as folders.
pub(crate) const ROOT: &str = "STRONGROOM_TEST_S3_ROOT";
pub(crate) const BUCKET: &str = "school";
pub(crate) const SECRET: &str = "a-secret-key-of-the-tests";
/// The piece of every file that takes its time, and how long.
pub(crate) const SLOW: u64 = 7;
pub(crate) const SLOWLY: Duration = Duration::from_millis(700);

/// A server that runs as long as this lives.
pub(crate) struct Serving {
    root: TempDir,
    address: SocketAddr,
    _runtime: Runtime,
}

impl Serving {
    pub(crate) fn start() -> Self {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join(BUCKET)).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut builder = S3ServiceBuilder::new(FileSystem::new(root.path()).unwrap());
        builder.set_auth(SimpleAuth::from_single("school", SECRET));
        let service = builder.build();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            loop {
                let Ok((socket, _)) = listener.accept().await else { continue };
                let service = service.clone();
                let answering = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                    let service = service.clone();
                    async move {
                        if request.method() == hyper::Method::PUT && request.uri().path().contains(&format!("/{SLOW}/"))
                        {
                            tokio::time::sleep(SLOWLY).await;
                        }
                        let answer = service.call(request.map(s3s::Body::from)).await;
                        Ok::<_, Infallible>(
                            answer.unwrap_or_else(|error| panic!("the S3 server of the tests: {error:?}")),
                        )
                    }
                });
                tokio::spawn(async move {
                    let connection = auto::Builder::new(TokioExecutor::new());
                    // Fails where the client hangs up.
                    let _ = connection.serve_connection(TokioIo::new(socket), answering).await;
                });
            }
        });
        Self { root, address, _runtime: runtime }
    }

    /// Runs this program again, with the keys in its environment.
    pub(crate) fn run_beside(&self) -> ExitCode {
        let status = Command::new(std::env::current_exe().unwrap())
            .args(std::env::args_os().skip(1))
            .env(ROOT, self.root.path())
            .env("AWS_ENDPOINT_URL", format!("http://{}", self.address))
            .env("AWS_ALLOW_HTTP", "true")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "school")
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
            .status()
            .unwrap();
        if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// The folder that has what is below a prefix.
pub(crate) fn folder(prefix: &str) -> PathBuf {
    PathBuf::from(std::env::var_os(ROOT).unwrap()).join(BUCKET).join(prefix)
}
