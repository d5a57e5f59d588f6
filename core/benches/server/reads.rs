//! Reads a second, against a route of axum that answers with the same bytes from memory.

use std::time::Duration;

use strongroom::authority::Reading;

use crate::load::{load, median};
use crate::school::School;

const ROUNDS: usize = 5;
const CONNECTIONS: usize = 64;
const TIME: Duration = Duration::from_secs(3);

pub(crate) async fn run() {
    let school = School::new(1_000).await;
    for (what, reading) in [("an item, noted in the audit", Reading::Whole), ("an item's overview", Reading::Summary)] {
        let ask = school.read(reading).await;
        let limit = school.limit(&ask).await;
        let asked_of_limit = ask.at(&limit.location);
        let (mut ratios, mut rates) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let ours = load(&ask, CONNECTIONS, TIME).await.rate;
            let theirs = load(&asked_of_limit, CONNECTIONS, TIME).await.rate;
            ratios.push(ours / theirs);
            rates.push(ours);
        }
        let (ratio, rate) = (median(ratios), median(rates));
        println!("read {what}: {rate:.0}/s on {CONNECTIONS} connections, {ratio:.2} of the same bytes from memory");
    }
}
