//! The addresses: method, summary, what is sent, what comes back.

use super::{
    Addresses, Scope,
    parts::{
        Operation, answer, content, described, in_header, in_query, reference, response, text,
    },
};
use crate::schema::CURSOR;
use serde_json::{Map, Value, json};

pub(super) fn paths(scope: Scope) -> Value {
    let mut paths: Map<_, _> = of_runs().into_iter().map(in_session).collect();
    paths.extend(of_sessions().into_iter().map(in_session));
    if scope.addresses == Addresses::Chat {
        paths.extend(of_chats().into_iter().map(in_session));
    }
    paths.extend(of_server().into_iter().map(|(path, item)| (path.to_owned(), item)));
    Value::Object(paths)
}

/// The operations of an address, which names a session by its id.
fn in_session((path, mut item): (&str, Value)) -> (String, Value) {
    if path.contains("{id}") {
        item["parameters"] = json!([{ "$ref": "#/components/parameters/session" }]);
    }
    (path.to_owned(), item)
}

fn of_runs() -> Vec<(&'static str, Value)> {
    let always = json!({ "const": "*" });
    let begin = [
        &run()[..],
        &[
            in_header("if-match", &always, "The session has to exist."),
            in_header("if-none-match", &always, "The session has to be new."),
        ],
    ]
    .concat();
    let streams = |operation: Operation| {
        let streamed = response("stream");
        operation.answers("200", streamed).answers("202", accepted("The run has started.")).build()
    };
    let begins = Operation::new("Starts a run.").parameters(&begin).body("Inputs");
    let resumes = Operation::new("Continues an unfinished run.").parameters(&run());
    let stops = Operation::new("Stops the run in progress.").answers("204", described("Asked."));
    let reopens =
        Operation::new("Puts an ended session at its start.").answers("204", described("Done."));
    vec![
        ("/sessions/{id}/runs", json!({ "post": streams(begins) })),
        ("/sessions/{id}/resume", json!({ "post": streams(resumes) })),
        ("/sessions/{id}/stop", json!({ "post": stops.build() })),
        ("/sessions/{id}/reopen", json!({ "post": reopens.build() })),
    ]
}

fn run() -> [Value; 3] {
    let running = json!({ "enum": ["reject", "wait", "stop"], "default": "reject" });
    let unfinished = json!({ "enum": ["reject", "restart"], "default": "reject" });
    [
        in_query("if_running", &running, "What happens if a run is in progress."),
        in_query("if_unfinished", &unfinished, "What happens if the last run is unfinished."),
        in_query(
            "stream",
            &json!({ "type": "boolean", "default": true }),
            "Whether the answer is the events of the run.",
        ),
    ]
}

fn accepted(description: &str) -> Value {
    let mut accepted = answer(description, "Accepted");
    let cursor =
        json!({ "description": "The cursor before the run.", "schema": reference("Cursor") });
    accepted["headers"] = json!({ "burdock-cursor": cursor });
    accepted
}

fn of_sessions() -> Vec<(&'static str, Value)> {
    let lists = Operation::new("Lists sessions.").parameters(&page(1_000));
    let lists = lists.answers("200", answer("A page.", "Sessions"));
    let shows =
        Operation::new("Shows a session.").answers("200", answer("The session.", "Session"));
    let deletes = Operation::new("Removes a session.").answers("204", described("It is gone."));
    let mut forked = described("The new session.");
    let location = json!({ "description": "Its address.", "schema": text(), "required": true });
    forked["headers"] = json!({ "location": location });
    let forks = Operation::new("Makes a session with what this one was after an entry.");
    let forks = forks.body("Fork").answers("201", forked);
    vec![
        ("/sessions", json!({ "get": lists.build() })),
        ("/sessions/{id}", json!({ "get": shows.build(), "delete": deletes.build() })),
        ("/sessions/{id}/fork", json!({ "post": forks.build() })),
        ("/sessions/{id}/events", json!({ "get": follows("Follows a session.") })),
    ]
}

fn page(most: usize) -> [Value; 3] {
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": most, "default": 100 });
    [
        in_query("prefix", &text(), "Only ids that start with it."),
        in_query("after", &reference("SessionId"), "Only ids behind this one: `next` of a page."),
        in_query("limit", &limit, "How many are listed at most."),
    ]
}

fn follows(summary: &str) -> Value {
    let cursor = reference("Cursor");
    // an empty one says that nothing was seen
    let last = json!({ "type": "string", "pattern": format!("^({CURSOR})?$") });
    let parameters = [
        in_query("from", &cursor, "The last event that was seen."),
        in_query("until", &json!({ "enum": ["run"] }), "Ends the stream with the end of a run."),
        in_header("last-event-id", &last, "Counts more than `from`; browsers send it."),
    ];
    let over = described("No run is in progress, and no other one was started since the cursor.");
    let operation = Operation::new(summary).parameters(&parameters);
    operation.answers("200", response("stream")).answers("204", over).build()
}

fn of_chats() -> Vec<(&'static str, Value)> {
    let lists = Operation::new("Lists chats by their titles.").parameters(&page(100));
    let lists = lists.answers("200", answer("A page.", "Chats"));
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": 500, "default": 50 });
    let before = json!({ "type": "integer", "minimum": 0 });
    let messages = [
        in_query("before", &before, "Only messages before this index: `first` of a page."),
        in_query("limit", &limit, "How many are shown at most."),
    ];
    let shows = Operation::new("Shows the newest messages, or those before them.");
    let shows = shows.parameters(&messages).answers("200", answer("A page.", "Chat"));
    let says =
        Operation::new("Starts a run that answers a prompt, or starts an unfinished one again.");
    let says = says.body("Prompt").answers("202", answer("The run has started.", "Accepted"));
    vec![
        ("/chats", json!({ "get": lists.build() })),
        ("/sessions/{id}/chat", json!({ "get": shows.build(), "post": says.build() })),
        ("/sessions/{id}/chat/events", json!({ "get": follows("Follows a chat.") })),
    ]
}

fn of_server() -> Vec<(&'static str, Value)> {
    let plain = |summary: &str, media: &str, schema: &Value| {
        let found = content("As it is now.", media, schema);
        json!({ "get": Operation::new(summary).answers("200", found).build() })
    };
    let open = |summary: &str| {
        let mut item = plain(summary, "text/plain", &text());
        // also where the other addresses ask for a token
        item["get"]["security"] = json!([]);
        item
    };
    let any = json!({ "type": "object" });
    vec![
        ("/graph", plain("Shows the graph.", "application/json", &any)),
        ("/graph.mmd", plain("Shows the graph for Mermaid.", "text/plain", &text())),
        ("/graph.dot", plain("Shows the graph for Graphviz.", "text/plain", &text())),
        ("/openapi.json", plain("Shows this document.", "application/json", &any)),
        ("/health", open("Tells that the process serves requests.")),
        ("/ready", open("Tells whether the log answers.")),
    ]
}
