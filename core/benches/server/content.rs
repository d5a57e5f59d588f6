//! The content of files, in and out.

use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use strongroom::model::file::{NewFile, Source};

use crate::load::{load, median};
use crate::school::{School, item};

const LENGTH: usize = 256 << 20;
const PIECE: usize = 1 << 20;
const CONNECTIONS: usize = 8;

pub(crate) async fn run() {
    let school = School::new(1).await;
    let made = school.owner.items().create(&school.vault, item("Film")).await.unwrap().id.to_string();
    let content = vec![7; LENGTH];
    let (mut up, mut down, mut bare, mut file) = (Vec::new(), Vec::new(), Vec::new(), None);
    for _ in 0..3 {
        let new = NewFile {
            name: "film.mov".to_owned(),
            source: Source::Bytes(content.clone().into()),
            content_type: None,
            replace: None,
            progress: None,
            idempotency_key: None,
        };
        let begun = Instant::now();
        let attached = school.owner.files().attach(&school.vault, &made, new).await.unwrap();
        up.push(begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        let read = school.owner.files().read(&school.vault, &made, &attached.id.to_string()).await.unwrap();
        down.push(begun.elapsed().as_secs_f64());
        assert_eq!(read.len(), LENGTH);
        file = Some(attached.id.0);
    }
    let ask = school.piece(file.unwrap(), 3).await;
    let limit = school.limit(&ask).await;
    let put = crate::load::Ask { method: Method::PUT, body: vec![7; PIECE], ..ask.at(&limit.location) };
    let client = Client::builder().no_proxy().build().unwrap();
    for _ in 0..3 {
        // As our own client does: three at a time.
        let begun = Instant::now();
        let one = async |first: usize| {
            for _ in (first..LENGTH / PIECE).step_by(3) {
                put.once(&client).await;
            }
        };
        tokio::join!(one(0), one(1), one(2));
        bare.push(begun.elapsed().as_secs_f64());
    }
    let mib = |seconds: f64| LENGTH as f64 / f64::from(1 << 20) / seconds;
    let (up, down, bare) = (median(up), median(down), median(bare));
    println!(
        "a file of {} MiB: sealed and up {:.0} MiB/s, {:.2} of bare bodies to axum; down and opened {:.0} MiB/s",
        LENGTH >> 20,
        mib(up),
        bare / up,
        mib(down)
    );
    let (mut ratios, mut rates) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let ours = load(&ask, CONNECTIONS, Duration::from_secs(3)).await.rate;
        ratios.push(ours / load(&ask.at(&limit.location), CONNECTIONS, Duration::from_secs(3)).await.rate);
        rates.push(ours);
    }
    println!(
        "a sealed piece of 1 MiB: {:.0}/s on {CONNECTIONS} connections, {:.2} of the same bytes from memory",
        median(rates),
        median(ratios)
    );
}
