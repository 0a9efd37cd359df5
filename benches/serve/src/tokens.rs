//! Tokens per second, and the time to the first one.

use crate::{by_hand, client, graph};
use futures_util::future::join_all;
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

const REPETITIONS: usize = 7;

/// The number of tokens in one measurement, over all sessions.
const TOKENS: u64 = 100_000;

/// The number of sessions that are started in one measurement.
const STARTS: u32 = 2_000;

/// Compares both servers with these numbers of sessions.
pub async fn compare(sessions: &[u64]) {
    let candidates = [
        ("hand-written endpoint", client::serve(by_hand::router()).await),
        ("burdock", client::serve(graph::server().router()).await),
    ];
    println!(
        "{:<10} {:<24} {:>10} {:>8} {:>16}",
        "sessions", "", "tokens/s", "ratio", "first token, ms"
    );
    for &sessions in sessions {
        let mut rates = candidates.map(|_| Vec::new());
        let mut firsts = candidates.map(|_| Vec::new());
        for repetition in 0..REPETITIONS {
            for (index, (_, address)) in candidates.iter().enumerate() {
                let (rate, first) = measure(*address, sessions, repetition).await;
                rates[index].push(rate);
                firsts[index].push(first.as_secs_f64() * 1e3);
            }
        }
        let rates = rates.map(median);
        for (index, (name, _)) in candidates.iter().enumerate() {
            println!(
                "{sessions:<10} {name:<24} {:>10.0} {:>8.2} {:>16.2}",
                rates[index],
                rates[index] / rates[0],
                median(firsts[index].clone())
            );
        }
    }
}

/// Compares the cost of a short run in a new session, one after the other.
pub async fn compare_starts() {
    let candidates = [
        ("hand-written endpoint", client::serve(by_hand::router()).await),
        ("burdock", client::serve(graph::server().router()).await),
    ];
    let mut times = candidates.map(|_| Vec::new());
    for repetition in 0..REPETITIONS {
        for (index, (_, address)) in candidates.iter().enumerate() {
            let start = Instant::now();
            for session in 0..STARTS {
                let stream = client::connect(*address).await;
                client::ask(stream, &format!("b{repetition}-{session}"), 1).await;
            }
            times[index].push(start.elapsed().as_secs_f64() * 1e6 / f64::from(STARTS));
        }
    }
    println!("\na connection, a session and a run of one token, us");
    for (index, (name, _)) in candidates.iter().enumerate() {
        println!("{name:<40} {:>8.1}", median(times[index].clone()));
    }
}

/// Requests all sessions at once, each on a connection that is already open: a thousand new connections at once
/// would overflow the kernel's queue, and its retry after a second would be measured.
/// Returns tokens per second and the median time to the first one.
async fn measure(address: SocketAddr, sessions: u64, repetition: usize) -> (f64, Duration) {
    let streams = join_all((0..sessions).map(|_| client::connect(address))).await;
    let start = Instant::now();
    let asked = (0_u64..).zip(streams).map(|(session, stream)| {
        let id = format!("s{sessions}-{repetition}-{session}");
        tokio::spawn(async move { client::ask(stream, &id, TOKENS / sessions).await })
    });
    let mut firsts: Vec<Duration> = join_all(asked).await.into_iter().map(Result::unwrap).collect();
    let rate = TOKENS as f64 / start.elapsed().as_secs_f64();
    firsts.sort();
    (rate, firsts[firsts.len() / 2])
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
