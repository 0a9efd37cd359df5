//! Trace output of prompts.

use super::{Result, say, story, write_story, written};
use burdock_llm::Scripted;
use std::{
    fmt::{Debug, Write as _},
    sync::{Arc, Mutex},
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("burdock_llm")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test(start_paused = true)]
async fn each_attempt_and_the_whole_call_are_traced() -> Result {
    let lines = Lines::default();
    let watching = tracing::subscriber::set_default(lines.clone());
    let fenced = format!("```\n{}\n```", written(&story()));
    let llm = Scripted::new([say(""), say(&fenced)]);
    write_story("a dragon", 3).retries(1).on(&llm).await?;
    drop(watching);
    let lines = lines.0.lock().unwrap().join("\n");
    assert_eq!(lines.matches("gen_ai.response.finish_reasons=complete").count(), 2, "{lines}");
    let last = lines.lines().last().unwrap_or_default();
    assert!(last.contains("prompt=\"write_story\" attempts=2 repairs="), "{lines}");
    assert!(!last.contains("repairs=0"), "{lines}");
    Ok(())
}
