//! So many connections that ask the same thing again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, Method};

/// A request.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) bearer: String,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
}

impl Ask {
    /// The same, asked of another place.
    pub(crate) fn at(&self, location: &str) -> Self {
        let path = self.url.splitn(4, '/').nth(3).unwrap();
        Self { url: format!("{location}/{path}"), ..self.clone() }
    }

    pub(crate) async fn once(&self, client: &Client) -> Vec<u8> {
        let request = client.request(self.method.clone(), &self.url).header(CONTENT_TYPE, self.content_type);
        let request = request.header(AUTHORIZATION, format!("Bearer {}", self.bearer)).body(self.body.clone());
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{}: {}", self.url, answer.status());
        answer.bytes().await.unwrap().into()
    }
}

/// What a load came to.
pub(crate) struct Came {
    /// Answers a second.
    pub(crate) rate: f64,
    pub(crate) p50: f64,
    /// In milliseconds.
    pub(crate) p99: f64,
}

/// Asks on so many connections for so long. HTTP/1.1, so that each request has its connection to itself.
pub(crate) async fn load(ask: &Ask, connections: usize, time: Duration) -> Came {
    let client = Client::builder().no_proxy().http1_only().pool_max_idle_per_host(connections).build().unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..connections)
        .map(|_| {
            let (ask, client, stop) = (ask.clone(), client.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                ask.once(&client).await;
                let mut took = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let begun = Instant::now();
                    ask.once(&client).await;
                    took.push(begun.elapsed());
                }
                took
            })
        })
        .collect();
    let begun = Instant::now();
    tokio::time::sleep(time).await;
    stop.store(true, Ordering::Relaxed);
    let mut all: Vec<Duration> = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    let time = begun.elapsed();
    all.sort_unstable();
    let at = |share: f64| all[((all.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    Came { rate: all.len() as f64 / time.as_secs_f64(), p50: at(0.5), p99: at(0.99) }
}

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
