//! The paths: methods, summaries, request bodies and responses.

use super::{
    RouteSet, Scope,
    parts::{
        Operation, content, described, in_header, in_query, json_response, reference, response,
        text,
    },
};
use crate::schema::CURSOR;
use serde_json::{Map, Value, json};

pub(super) fn paths(scope: Scope) -> Value {
    let mut paths: Map<_, _> = run_paths().into_iter().map(in_session).collect();
    paths.extend(session_paths().into_iter().map(in_session));
    if scope.routes == RouteSet::Chat {
        paths.extend(chat_paths().into_iter().map(in_session));
    }
    paths.extend(server_paths().into_iter().map(|(path, item)| (path.to_owned(), item)));
    Value::Object(paths)
}

/// Adds the parameter for the id of a session to a path that has one.
fn in_session((path, mut item): (&str, Value)) -> (String, Value) {
    if path.contains("{id}") {
        item["parameters"] = json!([{ "$ref": "#/components/parameters/session" }]);
    }
    (path.to_owned(), item)
}

fn run_paths() -> Vec<(&'static str, Value)> {
    let always = json!({ "const": "*" });
    let parameters = [
        &run_parameters()[..],
        &[
            in_header("if-match", &always, "Requires that the session exists."),
            in_header("if-none-match", &always, "Requires that the session is new."),
        ],
    ]
    .concat();
    let streams = |operation: Operation| {
        let streamed = response("stream");
        operation
            .responds("200", streamed)
            .responds("202", accepted("The run has started."))
            .build()
    };
    let start = Operation::new("Starts a run.").parameters(&parameters).body("Inputs");
    let resume = Operation::new("Resumes an unfinished run.").parameters(&run_parameters());
    let stop = Operation::new("Stops the run in progress.")
        .responds("204", described("The run was asked to stop."));
    let reopen = Operation::new("Reopens a session that has ended.")
        .responds("204", described("The session is at its start."));
    vec![
        ("/sessions/{id}/runs", json!({ "post": streams(start) })),
        ("/sessions/{id}/resume", json!({ "post": streams(resume) })),
        ("/sessions/{id}/stop", json!({ "post": stop.build() })),
        ("/sessions/{id}/reopen", json!({ "post": reopen.build() })),
    ]
}

fn run_parameters() -> [Value; 3] {
    let running = json!({ "enum": ["reject", "wait", "stop"], "default": "reject" });
    let unfinished = json!({ "enum": ["reject", "restart"], "default": "reject" });
    [
        in_query("if_running", &running, "The behavior if a run is in progress."),
        in_query("if_unfinished", &unfinished, "The behavior if the last run is unfinished."),
        in_query(
            "stream",
            &json!({ "type": "boolean", "default": true }),
            "Whether the response is the event stream of the run.",
        ),
    ]
}

fn accepted(description: &str) -> Value {
    let mut accepted = json_response(description, "Accepted");
    let cursor =
        json!({ "description": "The cursor before the run.", "schema": reference("Cursor") });
    accepted["headers"] = json!({ "burdock-cursor": cursor });
    accepted
}

fn session_paths() -> Vec<(&'static str, Value)> {
    let list = Operation::new("Lists sessions.").parameters(&page(1_000));
    let list = list.responds("200", json_response("A page.", "Sessions"));
    let show = Operation::new("Returns a session.")
        .responds("200", json_response("The session.", "Session"));
    let delete =
        Operation::new("Deletes a session.").responds("204", described("The session was deleted."));
    let mut forked = described("The new session.");
    let location = json!({ "description": "Its path.", "schema": text(), "required": true });
    forked["headers"] = json!({ "location": location });
    let fork = Operation::new("Creates a session that starts as a copy of this one at an entry.");
    let fork = fork.body("Fork").responds("201", forked);
    vec![
        ("/sessions", json!({ "get": list.build() })),
        ("/sessions/{id}", json!({ "get": show.build(), "delete": delete.build() })),
        ("/sessions/{id}/fork", json!({ "post": fork.build() })),
        ("/sessions/{id}/events", json!({ "get": follow("Follows a session.") })),
    ]
}

fn page(most: usize) -> [Value; 3] {
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": most, "default": 100 });
    [
        // ids that start with `~` are those of children
        in_query(
            "prefix",
            &json!({ "type": "string", "pattern": "^([^~]|$)" }),
            "Only ids with this prefix.",
        ),
        in_query(
            "after",
            &reference("SessionId"),
            "Only ids after this one: the `next` of a page.",
        ),
        in_query("limit", &limit, "The maximum number of entries in the page."),
    ]
}

fn follow(summary: &str) -> Value {
    let cursor = reference("Cursor");
    // an empty id stands for the start of the session
    let last = json!({ "type": "string", "pattern": format!("^({CURSOR})?$") });
    let parameters = [
        in_query("from", &cursor, "The cursor of the last event that was received."),
        in_query("until", &json!({ "enum": ["run"] }), "Ends the stream with the end of a run."),
        in_header("last-event-id", &last, "Takes precedence over `from`; browsers send it."),
    ];
    let over = described("No run is in progress, and none was started after the cursor.");
    let operation = Operation::new(summary).parameters(&parameters);
    operation.responds("200", response("stream")).responds("204", over).build()
}

fn chat_paths() -> Vec<(&'static str, Value)> {
    let list = Operation::new("Lists chats with their titles.").parameters(&page(100));
    let list = list.responds("200", json_response("A page.", "Chats"));
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": 500, "default": 50 });
    let before = json!({ "type": "integer", "minimum": 0 });
    let messages = [
        in_query("before", &before, "Only messages before this index: `first` of a page."),
        in_query("limit", &limit, "The maximum number of messages in the page."),
    ];
    let show = Operation::new("Returns the newest messages, or those before an index.");
    let show = show.parameters(&messages).responds("200", json_response("A page.", "Chat"));
    let start =
        Operation::new("Starts a run that answers a prompt, or restarts an unfinished one.");
    let start =
        start.body("Prompt").responds("202", json_response("The run has started.", "Accepted"));
    vec![
        ("/chats", json!({ "get": list.build() })),
        ("/sessions/{id}/chat", json!({ "get": show.build(), "post": start.build() })),
        ("/sessions/{id}/chat/events", json!({ "get": follow("Follows a chat.") })),
    ]
}

fn server_paths() -> Vec<(&'static str, Value)> {
    let plain = |summary: &str, media: &str, schema: &Value| {
        let found = content("The current content.", media, schema);
        json!({ "get": Operation::new(summary).responds("200", found).build() })
    };
    let open = |summary: &str| {
        let mut item = plain(summary, "text/plain", &text());
        // even if the other paths require a token
        item["get"]["security"] = json!([]);
        item
    };
    let any = json!({ "type": "object" });
    vec![
        ("/graph", plain("Returns the graph as JSON.", "application/json", &any)),
        ("/graph.mmd", plain("Returns the graph for Mermaid.", "text/plain", &text())),
        ("/graph.dot", plain("Returns the graph for Graphviz.", "text/plain", &text())),
        ("/openapi.json", plain("Returns this document.", "application/json", &any)),
        ("/health", open("Returns `ok` while the process serves requests.")),
        ("/ready", open("Returns `ok` if the log answers.")),
    ]
}
