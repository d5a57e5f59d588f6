//! Watchers that wait: what one costs the server.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use reqwest::Client;
use reqwest::header::AUTHORIZATION;
use strongroom::authority::Reading;

use crate::school::{School, item};

pub(crate) async fn run(count: usize) {
    let school = School::new(1).await;
    let bearer = school.read(Reading::Whole).await.bearer;
    let url = format!("{}/v1/changes/stream", school.server.location);
    let client = Client::builder().no_proxy().http1_only().build().unwrap();
    let before = school.server.resident();
    let mut streams = Vec::with_capacity(count);
    while streams.len() < count {
        let some = (0..200.min(count - streams.len())).map(|_| {
            let request = client.get(&url).header(AUTHORIZATION, format!("Bearer {bearer}"));
            async move {
                let answer = request.send().await.unwrap();
                assert!(answer.status().is_success(), "{}", answer.status());
                let mut events = answer.bytes_stream();
                // The head at the beginning.
                events.next().await.unwrap().unwrap();
                events
            }
        });
        let opened: Vec<_> = some.collect::<FuturesUnordered<_>>().collect().await;
        streams.extend(opened);
    }
    let each = school.server.resident().saturating_sub(before) as f64 / count as f64 / 1024.0;
    let cpu = used(school.server.child.id());
    tokio::time::sleep(Duration::from_secs(10)).await;
    let idle = (used(school.server.child.id()) - cpu) / 10.0;
    let begun = Instant::now();
    school.owner.items().create(&school.vault, item("News")).await.unwrap();
    let mut told: FuturesUnordered<_> = streams.iter_mut().map(|stream| stream.next()).collect();
    while let Some(event) = told.next().await {
        event.unwrap().unwrap();
    }
    println!(
        "{count} idle watchers: {each:.1} KiB of the server's memory each, {:.1} % of a core; a change reaches all within {:.0} ms of the call",
        idle * 100.0,
        begun.elapsed().as_secs_f64() * 1000.0
    );
}

/// Processor time of a process, in seconds.
fn used(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let after = stat.rsplit_once(')').unwrap().1;
    let ticks: u64 = after.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    // Linux counts hundredths of a second here, whatever the kernel's own clock.
    ticks as f64 / 100.0
}
