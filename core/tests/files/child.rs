//! Children: this test binary again, which does one task and says line by line what it did.

use std::future::Future;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

const TASK: &str = "STRONGROOM_FILES_TASK";
const PATH: &str = "STRONGROOM_FILES_PATH";
const TOKEN: &str = "STRONGROOM_FILES_TOKEN";
/// What begins a line that is a child's own, among those of the test harness.
const MARK: &str = "~ ";

/// Says a line to the parent; it has left this process when this returns.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\n{MARK}{line}\n").as_bytes()).and_then(|()| out.flush()).unwrap();
}

/// A child that runs, and is killed when it is dropped.
pub(crate) struct Worker {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Worker {
    pub(crate) fn start(task: &str, path: &Path, token: &str) -> Self {
        Self::run(Command::new(std::env::current_exe().unwrap()), task, path, token)
    }

    /// As [`Worker::start`], by a command that ends in the program to run.
    pub(crate) fn run(mut command: Command, task: &str, path: &Path, token: &str) -> Self {
        command
            .args(["--exact", "child::a_child_does_its_task", "--nocapture", "--test-threads=1"])
            .env(TASK, task)
            .env(PATH, path)
            .env(TOKEN, token);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The next line that it says; none once it has ended.
    pub(crate) fn next(&mut self) -> Option<String> {
        let mut said = self.lines.by_ref().map_while(Result::ok);
        said.find_map(|line| line.strip_prefix(MARK).map(str::to_owned))
    }

    /// What it says last, having ended well.
    pub(crate) fn last(mut self) -> String {
        let mut last = None;
        while let Some(line) = self.next() {
            last = Some(line);
        }
        assert!(self.child.wait().unwrap().success());
        last.unwrap()
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
    let (path, token) = (PathBuf::from(std::env::var_os(PATH).unwrap()), std::env::var(TOKEN).unwrap());
    match task.as_str() {
        "upload" => run(crate::killed::upload(path, token)),
        "in and out" => run(crate::memory::in_and_out(path, token)),
        "fill" => run(crate::full::fill(path, token)),
        other => panic!("no task {other}"),
    }
}

fn run(task: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(task);
}
