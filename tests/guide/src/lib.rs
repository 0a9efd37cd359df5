//! Tests of the guide: its code blocks compile, and the output on its pages is that of its programs. This is a
//! separate package from `tests/`, because the programs need stores, models and a server.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "helpers of tests"
)]

use burdock::{
    Runtime,
    prelude::*,
    runtime::{Sleep, TokioRuntime},
};
use serde::{Deserialize, Serialize};
use std::{
    env, fs,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// The Rust blocks of the guide.
#[cfg(doctest)]
pub mod docs {
    #[doc = include_str!("../../../docs/log.md")]
    pub struct Log;

    #[doc = include_str!("../../../docs/resume.md")]
    pub struct Resume;

    #[doc = include_str!("../../../docs/stores.md")]
    pub struct Stores;

    #[doc = include_str!("../../../docs/llm.md")]
    pub struct Llm;

    #[doc = include_str!("../../../docs/functions.md")]
    pub struct Functions;

    #[doc = include_str!("../../../docs/tools.md")]
    pub struct Tools;

    #[doc = include_str!("../../../docs/serve.md")]
    pub struct Serve;

    #[doc = include_str!("../../../docs/recorded-tests.md")]
    pub struct RecordedTests;

    #[doc = include_str!("../../../docs/sub-graphs.md")]
    pub struct SubGraphs;

    #[doc = include_str!("../../../docs/coming-from-burr.md")]
    pub struct ComingFromBurr;

    #[doc = include_str!("../../../docs/coming-from-langgraph.md")]
    pub struct ComingFromLangGraph;
}

/// The state of the guide's chat.
#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Talk {
    pub messages: Vector<String>,
}

/// Replies to a prompt.
#[streaming_action(state = Talk, reads(messages), writes(messages), yields(String))]
async fn reply(talk: Reads<'_>, #[input] prompt: String) -> Result<Writes> {
    let reply = format!("{prompt} to you");
    yield_!(reply.clone());
    let mut messages = talk.messages.clone();
    messages.push_back(prompt);
    messages.push_back(reply);
    Ok(Writes { messages })
}

graph! {
    /// The chat of the guide, as in docs/log.md.
    pub Chat(Talk) {
        inputs { prompt: String }
        yields String;
        nodes { reply }
        start reply;
        reply -> pause;
    }
}

/// The words of a language model's answer, in the programs that need no model.
pub fn query_llm(model: &str, prompt: &str) -> [String; 2] {
    [format!("{model}: "), prompt.to_owned()]
}

/// Checks that the block after `<!-- name -->` in a page of the guide contains this text.
///
/// `BLESS=1 cargo test -p burdock-guide -- --test-threads=1` updates the blocks.
#[track_caller]
pub fn prints(page: &str, name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    let old = fs::read_to_string(&path).unwrap();
    let mark = format!("<!-- {name} -->\n```");
    let Some((before, rest)) = old.split_once(&mark) else { panic!("docs/{page} has no `{name}`") };
    let (language, rest) = rest.split_once('\n').unwrap();
    let (block, after) = rest.split_once("```").unwrap();
    if env::var_os("BLESS").is_some() {
        let text = text.trim_end();
        fs::write(&path, format!("{before}{mark}{language}\n{text}\n```{after}")).unwrap();
    } else {
        assert_eq!(block.trim_end(), text.trim_end(), "docs/{page}: `{name}` is out of date");
    }
}

/// The text of an error and of its sources.
pub fn with_sources(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", with_sources(source)),
        None => error.to_string(),
    }
}

/// A runtime whose clock advances by 50 µs at each call of `now`, so that entries are the same in each run.
#[derive(Default)]
pub struct Noon(AtomicU64);

impl Runtime for Noon {
    fn now(&self) -> Duration {
        Duration::from_micros(50 * self.0.fetch_add(1, Ordering::Relaxed))
    }

    fn wall(&self) -> Duration {
        // 2026-01-01 12:00:00 UTC
        Duration::from_hours(490_908)
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        TokioRuntime.sleep(duration)
    }

    fn spawn_blocking(&self, job: Box<dyn FnOnce() + Send>) {
        TokioRuntime.spawn_blocking(job);
    }

    fn random(&self) -> u64 {
        7
    }
}
