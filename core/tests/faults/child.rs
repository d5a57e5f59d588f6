//! Children: this test binary again, which does one task and says line by line what it did.

use std::future::Future;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

const TASK: &str = "STRONGROOM_FAULTS_TASK";
const PATH: &str = "STRONGROOM_FAULTS_PATH";
const TOKEN: &str = "STRONGROOM_FAULTS_TOKEN";
const ARGUMENT: &str = "STRONGROOM_FAULTS_ARGUMENT";
/// What begins a line that is a child's own, among those of the test harness.
const MARK: &str = "~ ";
/// How long a child may be silent: far more than it needs on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// What a child was told.
pub(crate) struct Told {
    pub(crate) path: PathBuf,
    pub(crate) token: String,
    pub(crate) argument: String,
}

/// Says a line to the parent; it has left this process when this returns.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\n{MARK}{line}\n").as_bytes()).and_then(|()| out.flush()).unwrap();
}

/// A child that runs.
pub(crate) struct Worker {
    pub(crate) child: Child,
    said: Receiver<String>,
}

impl Worker {
    pub(crate) fn command(task: &str, path: &Path, token: &str, argument: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "child::a_child_does_its_task", "--nocapture", "--test-threads=1"])
            .env(TASK, task)
            .env(PATH, path)
            .env(TOKEN, token)
            .env(ARGUMENT, argument);
        command
    }

    pub(crate) fn start(task: &str, path: &Path, token: &str, argument: &str) -> Self {
        Self::run(Self::command(task, path, token, argument))
    }

    pub(crate) fn run(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let (tell, said) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            // A line that its death cut off is none.
            while lines.read_line(&mut line).is_ok_and(|length| length > 0) {
                if let Some(said) = line.strip_prefix(MARK).and_then(|line| line.strip_suffix('\n')) {
                    // Fails once nobody listens any more.
                    let _ = tell.send(said.to_owned());
                }
                line.clear();
            }
        });
        Self { child, said }
    }

    /// The next line that it says; none once it has ended and all was read.
    pub(crate) fn next(&mut self) -> Option<String> {
        match self.said.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("a child said nothing for {PATIENCE:?}"),
        }
    }

    /// All that it says until it ends, and how it ended.
    pub(crate) fn rest(mut self) -> (Vec<String>, ExitStatus) {
        let said = std::iter::from_fn(|| self.next()).collect();
        (said, self.child.wait().unwrap())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Fails if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Does what the environment says; in the parent, nothing.
#[test]
fn a_child_does_its_task() {
    let Ok(task) = std::env::var(TASK) else { return };
    let told = Told {
        path: std::env::var_os(PATH).map(PathBuf::from).unwrap(),
        token: std::env::var(TOKEN).unwrap(),
        argument: std::env::var(ARGUMENT).unwrap(),
    };
    match task.as_str() {
        "write" => run(crate::crowd::write(told)),
        "watch" => run(crate::crowd::watch(told)),
        "put until refused" => run(crate::moved::put_until_refused(told)),
        "kill write" => run(crate::kills::write(told)),
        "kill upload" => run(crate::kills::upload(told)),
        "kill watch" => run(crate::kills::follow(told)),
        "make" => run(crate::kills::make(told)),
        #[cfg(target_os = "linux")]
        "rest" => run(crate::forks::rest(told)),
        "approve" => run(crate::approvals::approve(told)),
        "rotate" => run(crate::rotations::rotate(told)),
        "clock" => run(crate::clock::write(told)),
        "connect and write" => run(crate::disk::connect_and_write(told)),
        other => panic!("no task {other}"),
    }
}

fn run(task: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(task);
}
