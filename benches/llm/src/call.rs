//! The cost of calling a prompt, beside a hand-written request: everything except the model.

use burdock_llm::{Answer, Chunk, End, Model, Partial, Reason, Request, Usage, prompt};
use futures::{executor::block_on, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

#[derive(Debug, Serialize, Deserialize, JsonSchema, Partial)]
struct Story {
    title: String,
    chapters: Vec<Chapter>,
    rating: f64,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema, Partial)]
struct Chapter {
    title: String,
    text: String,
    pages: u32,
    tags: Vec<String>,
    finished: bool,
}

/// Write a short story about {subject}.
#[prompt]
async fn write_story(subject: &str) -> Story;

/// A model that returns the same text each time, in small chunks.
#[derive(Debug)]
struct Recorded(Vec<String>);

impl Model for Recorded {
    fn chat(&self, request: Request) -> Answer {
        black_box(request);
        let chunks: Vec<_> = self.0.iter().cloned().map(|text| Ok(Chunk::Delta(text))).collect();
        let end = End { reason: Reason::Complete, usage: Usage::default() };
        Answer::new(stream::iter(chunks.into_iter().chain([Ok(Chunk::End(end))])))
    }

    fn accepts_schema(&self, _schema: &burdock_llm::ResponseSchema) -> bool {
        true
    }
}

/// Calls the model once.
type Call = fn(&Recorded);

/// Measures an answer that consists of these chunks.
pub(crate) fn compare(name: &str, chunks: &[&str], rounds: usize) {
    let model = Recorded(chunks.iter().map(|chunk| (*chunk).to_owned()).collect());
    let candidates: [(&str, Call); 3] = [
        ("by hand, the whole", by_hand),
        ("#[prompt], awaited", awaited),
        ("#[prompt], streamed", streamed),
    ];
    let mut least = [Duration::MAX; 3];
    for _ in 0..rounds {
        for ((_, call), least) in candidates.iter().zip(&mut least) {
            let start = Instant::now();
            call(&model);
            *least = start.elapsed().min(*least);
        }
    }
    println!("\n{:<36} {:>12}", format!("a call, {name}"), "us");
    for ((name, _), time) in candidates.iter().zip(least) {
        println!("{name:<36} {:>12.1}", time.as_secs_f64() * 1e6);
    }
}

fn by_hand(model: &Recorded) {
    let request = Request::prompt(format!("Write a short story about {}.", "a dragon"));
    let whole = block_on(model.chat(request).whole()).unwrap();
    black_box(serde_json::from_str::<Story>(&whole.text).unwrap());
}

fn awaited(model: &Recorded) {
    black_box(block_on(write_story("a dragon").on(model).into_future()).unwrap());
}

fn streamed(model: &Recorded) {
    block_on(async {
        let mut answer = write_story("a dragon").on(model).stream();
        while let Some(change) = answer.next().await {
            black_box(change.unwrap());
        }
        black_box(answer.finish().await.unwrap());
    });
}
