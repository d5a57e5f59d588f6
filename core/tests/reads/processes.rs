//! Processes that are killed, and processes beside each other. A child is this test binary again.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use strongroom::model::secret::Secret;

use crate::world::{World, open};

const TASK: &str = "STRONGROOM_READS_TASK";

/// A child that reads the item so many times, and says each time that it was answered.
fn child(world: &World, count: usize) -> Child {
    let task = [
        world.path.to_str().unwrap(),
        world.alice.expose(),
        world.vault.as_str(),
        world.item.as_str(),
        &count.to_string(),
    ];
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::a_child_reads", "--nocapture"])
        .env(TASK, task.join("\n"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_reads() {
    let Ok(task) = std::env::var(TASK) else { return };
    let parts: Vec<String> = task.lines().map(str::to_owned).collect();
    let [path, token, vault, item, count] = &parts[..] else { panic!("five lines") };
    let client = open(Path::new(path), &Secret::new(token.as_str()), Some("child")).await;
    for _ in 0..count.parse::<usize>().unwrap() {
        client.items().get(vault, item, None).await.unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "answered").unwrap();
        out.flush().unwrap();
    }
    // Not closed: a process may end as it likes.
}

fn answers(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.map_while(Result::ok).filter(|line| line == "answered")
}

fn segments(database: &Path) -> usize {
    let mut folder = PathBuf::from(database).into_os_string();
    folder.push("-reads");
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_loses_no_read_that_was_answered() {
    let world = World::new("read").await;
    let mut answered = 0;
    for round in 0..12 {
        let mut child = child(&world, 100_000);
        let mut lines = answers(&mut child);
        // Some die in their first second, before anything was folded, and some after it.
        for _ in 0..=round * 13 {
            lines.next().unwrap();
            answered += 1;
        }
        if round % 4 == 3 {
            tokio::time::sleep(Duration::from_millis(1_100)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        answered += lines.count();
        let reads = world.events(&["item.read"]).await;
        let killed = round + 1;
        // The one that was noted and not answered when its process died may be there for each of them.
        assert!((answered..=answered + killed).contains(&reads.len()), "{answered} answered, {} kept", reads.len());
    }
    let read = world.events(&["item.read"]).await.len();
    assert_eq!(segments(&world.path), 3, "those of the dead are gone");
    world.owner.audit().verify().await.unwrap();
    world.close().await;
    assert_eq!(segments(&world.path), 0);
    let again = open(&world.path, &world.owner_token, None).await;
    assert_eq!(crate::world::list(&again, &["item.read"]).await.len(), read);
    again.audit().verify().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_beside_each_other_have_chains_of_their_own() {
    let world = World::new("read").await;
    let mut children = [child(&world, 150), child(&world, 150)];
    let mut lines: Vec<_> = children.iter_mut().map(answers).collect();
    for lines in &mut lines {
        for _ in 0..20 {
            lines.next().unwrap();
        }
    }
    // Also what the others have not brought into the database yet.
    assert!(world.events(&["item.read"]).await.len() >= 40);
    world.owner.audit().verify().await.unwrap();
    for lines in lines {
        assert_eq!(lines.count(), 130);
    }
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let reads = world.events(&["item.read"]).await;
    assert_eq!(reads.len(), 300);
    assert!(reads.is_sorted_by_key(|event| event.seq));
    let sessions: std::collections::BTreeSet<_> = reads.iter().map(|event| event.session.clone()).collect();
    assert_eq!(sessions.len(), 2);
    world.owner.audit().verify().await.unwrap();
}
