//! How reads and writes grow from 1,000 items to 1,000,000 in one vault.

use std::time::{Duration, Instant};

use strongroom::authority::Reading;

use crate::load::load;
use crate::school::{School, item};

const WRITES: u32 = 200;

pub(crate) async fn run(most: usize) {
    let mut school = School::new(1_000).await;
    let few = measured(&school).await;
    let begun = Instant::now();
    school.fill(most).await;
    let rate = (most - 1_000) as f64 / begun.elapsed().as_secs_f64();
    println!("{most} items made, a thousand a call: {rate:.0}/s");
    let many = measured(&school).await;
    println!(
        "with {most} items, against 1,000: reads {:.2}, one write after another {:.2}",
        many.0 / few.0,
        many.1 / few.1
    );
}

/// Reads a second, and writes a second.
async fn measured(school: &School) -> (f64, f64) {
    let ask = school.read(Reading::Whole).await;
    load(&ask, 16, Duration::from_secs(1)).await;
    let reads = load(&ask, 16, Duration::from_secs(4)).await.rate;
    let begun = Instant::now();
    for _ in 0..WRITES {
        school.owner.items().create(&school.vault, item("Late")).await.unwrap();
    }
    (reads, f64::from(WRITES) / begun.elapsed().as_secs_f64())
}
