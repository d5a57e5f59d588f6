//! How reads grow from 1 to 1,000 connections.

use std::time::Duration;

use strongroom::authority::Reading;

use crate::load::load;
use crate::school::School;

pub(crate) async fn run() {
    let school = School::new(1_000).await;
    let ask = school.read(Reading::Whole).await;
    let limit = school.limit(&ask).await;
    for connections in [1, 10, 100, 1_000] {
        let ours = load(&ask, connections, Duration::from_secs(4)).await;
        let theirs = load(&ask.at(&limit.location), connections, Duration::from_secs(4)).await;
        println!(
            "{connections} connections: {:.0} reads/s, {:.2} of the limit's; p50 {:.2} ms and p99 {:.2} ms, the limit's {:.2} and {:.2}",
            ours.rate,
            ours.rate / theirs.rate,
            ours.p50,
            ours.p99,
            theirs.p50,
            theirs.p99
        );
    }
    println!("resident after 1,000 connections: {} MiB", school.server.resident() >> 20);
}
