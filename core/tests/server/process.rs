//! A server process over a SQLite file, and clients of it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use strongroom::authority::{Authority, SignIn, session_message};
use strongroom::client::{self, Client, ConnectOptions};
use strongroom::crypto::identity::Identity;
use strongroom::crypto::token::Token;
use strongroom::error::Result;
use strongroom::model::credential::Credential;
use strongroom::model::id::Id;
use strongroom::model::vault::VaultSpec;
use strongroom::remote::{Remote, RemoteOptions};
use strongroom::wire::Key;
use tempfile::TempDir;

/// An account in a file.
pub(crate) struct Account {
    pub(crate) folder: TempDir,
    pub(crate) database: String,
    pub(crate) owner: Credential,
}

impl Account {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("school.db").display().to_string();
        Self::at(folder, database).await
    }

    /// An account at this location; its server's log is in the folder.
    pub(crate) async fn at(folder: TempDir, database: String) -> Self {
        let owner = client::init(Some(&database), "owner@example.edu", None).await.unwrap();
        Self { folder, database, owner }
    }

    /// Serves it on a free port.
    pub(crate) fn serve(&self, options: &[&str]) -> Server {
        self.serve_at("127.0.0.1:0", options)
    }

    pub(crate) fn serve_at(&self, listen: &str, options: &[&str]) -> Server {
        self.start(program(), listen, options)
    }

    /// Serves it on a free port, in an environment that has this too.
    pub(crate) fn serve_in(&self, environment: &[(&str, &str)], options: &[&str]) -> Server {
        let mut program = program();
        program.envs(environment.iter().copied());
        self.start(program, "127.0.0.1:0", options)
    }

    fn start(&self, mut program: Command, listen: &str, options: &[&str]) -> Server {
        let log = self.folder.path().join("server.log");
        let errors = std::fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let mut child = program
            .args(["serve", "--json", "--listen", listen, "--database", &self.database])
            .args(options)
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("it does not start: {}", std::fs::read_to_string(&log).unwrap_or_default()));
        Server {
            location: told["origin"].as_str().unwrap().to_owned(),
            address: told["address"].as_str().unwrap().parse().unwrap(),
            log,
            child,
        }
    }
}

/// The program, without what the environment says to it.
pub(crate) fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_strongroom"));
    let says = |name: &str| name.starts_with("STRONGROOM_") || name.starts_with("OTEL_");
    for (name, _) in std::env::vars().filter(|(name, _)| says(name)) {
        program.env_remove(name);
    }
    program
}

/// A server process; it is killed with this.
pub(crate) struct Server {
    pub(crate) location: String,
    pub(crate) address: SocketAddr,
    log: PathBuf,
    child: Child,
}

impl Server {
    /// A client with this credential's token.
    pub(crate) async fn client(&self, kit: &Credential) -> Result<Client> {
        let options = ConnectOptions {
            location: Some(self.location.clone()),
            token: Some(kit.token.clone()),
            ..ConnectOptions::default()
        };
        client::connect(options).await
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Asks it to end.
    pub(crate) fn stop(&self) {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
    }

    /// How it ended, if it does within this time.
    pub(crate) async fn ended(&mut self, within: Duration) -> Option<ExitStatus> {
        let begun = Instant::now();
        while begun.elapsed() < within {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        None
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn vault(name: &str) -> VaultSpec {
    VaultSpec { name: name.to_owned(), ..VaultSpec::default() }
}

/// A session of this credential, as requests name it.
pub(crate) async fn bearer(server: &Server, kit: &Credential) -> String {
    let options = RemoteOptions { ca_file: None, allow_insecure: false, timeout: Duration::from_secs(20) };
    let remote = Remote::at(&server.location, options).unwrap();
    let token = Token::parse(kit.token.expose()).unwrap();
    let identity = Identity::derive(&token.seed).unwrap();
    let challenge = remote.challenge(token.principal, Id(identity.public().sign)).await.unwrap();
    let sign_in = SignIn {
        nonce: challenge.nonce,
        principal: token.principal,
        generation: challenge.generation,
        signature: identity.sign(&session_message(&challenge, token.principal)).to_vec(),
        app: None,
    };
    Key(remote.sign_in(sign_in).await.unwrap().0).to_string()
}
