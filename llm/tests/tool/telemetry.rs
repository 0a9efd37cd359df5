//! Spans of calls.

use super::{call, run};
use burdock::ActionError;
use burdock_llm::{tool, tools};
use serde_json::json;
use std::{
    fmt::{Debug, Write as _},
    sync::{Arc, Mutex},
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

/// The fields of each span.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<Line>>>);

#[derive(Default)]
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("burdock_llm") && metadata.is_span()
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = Line(format!("{}: ", span.metadata().name()));
        span.record(&mut line);
        let mut spans = self.0.lock().unwrap();
        spans.push(line);
        Id::from_u64(spans.len() as u64)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        values.record(&mut self.0.lock().unwrap()[usize::try_from(id.into_u64()).unwrap() - 1]);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Opens a door.
#[tool]
async fn open(secret: String) -> burdock::Result<String> {
    if secret == "sesame" { Ok(secret) } else { Err(ActionError::msg("it stays closed")) }
}

#[tokio::test(start_paused = true)]
async fn each_call_has_a_span_without_its_arguments() {
    let spans = Spans::default();
    let watching = tracing::subscriber::set_default(spans.clone());
    let calls = [
        call("1", "open", json!({ "secret": "sesame" })),
        call("2", "open", json!({ "secret": "barley" })),
        call("3", "shut", json!({})),
    ];
    run(&tools![open], calls).await;
    drop(watching);
    let fields = |name: &str, id: u8| {
        format!(
            "execute_tool: otel.name=\"execute_tool {name}\" gen_ai.operation.name=\"execute_tool\" \
             gen_ai.tool.name=\"{name}\" gen_ai.tool.call.id=\"{id}\" "
        )
    };
    let expected = [
        fields("open", 1),
        fields("open", 2) + "error.type=\"failed\" ",
        fields("shut", 3) + "error.type=\"unknown\" ",
    ];
    let found: Vec<String> =
        spans.0.lock().unwrap().iter().map(|Line(line)| line.clone()).collect();
    assert_eq!(found, expected);
}
