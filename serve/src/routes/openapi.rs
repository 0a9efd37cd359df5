//! What can be asked, for programs that generate clients: `OpenAPI` 3.1.
//!
//! Inputs, items and public fields have the types that the program wrote down for them. Those that
//! are JSON's own are described, and those that the server was given a schema for; of another one only
//! the name is known, so that it stands as the title of a schema that takes anything. An integer that may
//! lie beyond ±(2^53 − 1) may be a string of its digits, as `json` writes it.

use crate::{
    event::public_fields,
    hub::Hub,
    json::{Json, MAX_SAFE},
};
use axum::extract::State;
use burdock::Graph;
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// The schemas of the program's own types, by the names that they are declared with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schemas(Arc<BTreeMap<String, Value>>);

impl Schemas {
    pub(crate) fn insert(&mut self, name: impl Into<String>, mut schema: Value) {
        let name: String = name.into().split_whitespace().collect();
        // a schema that stands alone refers to its parts from its own top
        widen(&mut schema);
        rebase(&mut schema, &format!("#/components/schemas/{}", component(&name)));
        if let Value::Object(schema) = &mut schema {
            schema.remove("$schema");
        }
        Arc::make_mut(&mut self.0).insert(name, schema);
    }

    /// A Rust type as JSON has it, as far as it is known.
    fn of(&self, ty: &str) -> Value {
        let ty: String = ty.split_whitespace().collect();
        if self.0.contains_key(&ty) {
            return reference(&component(&ty));
        }
        let inner = |name: &str| {
            let rest = ty.rsplit("::").next().unwrap_or(&ty);
            let rest = if ty.contains('<') { &ty } else { rest };
            let inner = rest.strip_prefix(name)?.strip_prefix('<')?.strip_suffix('>')?;
            Some(self.of(inner))
        };
        if let Some(items) = inner("Vec").or_else(|| inner("Vector")) {
            return json!({ "type": "array", "items": items });
        }
        if let Some(inner) = inner("Option").or_else(|| inner("Slot")) {
            return json!({ "anyOf": [inner, { "type": "null" }] });
        }
        match ty.as_str() {
            "String" | "&str" | "char" => json!({ "type": "string" }),
            "bool" => json!({ "type": "boolean" }),
            "f32" | "f64" => json!({ "type": "number" }),
            "u8" | "u16" | "u32" => json!({ "type": "integer", "minimum": 0 }),
            "i8" | "i16" | "i32" => json!({ "type": "integer" }),
            "u64" | "usize" => {
                json!({ "type": ["integer", "string"], "minimum": 0, "pattern": DIGITS })
            }
            "i64" | "isize" => json!({ "type": ["integer", "string"], "pattern": DIGITS }),
            _ => json!({ "title": ty }),
        }
    }
}

/// An integer as a string.
const DIGITS: &str = "^-?[0-9]+$";

/// Lets integers that may lie beyond ±(2^53 − 1) be strings as well.
fn widen(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if is_wide(fields) {
                match fields.get_mut("type") {
                    Some(Value::Array(types)) => types.push("string".into()),
                    _ => drop(fields.insert("type".into(), json!(["integer", "string"]))),
                }
                fields.insert("pattern".into(), DIGITS.into());
            }
            for (_, value) in fields.iter_mut().filter(|(name, _)| !holds_values(name)) {
                widen(value);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(widen),
        _ => {}
    }
}

/// Whether a schema takes integers that JavaScript would round, and no strings.
fn is_wide(schema: &Map<String, Value>) -> bool {
    let takes = |name: &str| match schema.get("type") {
        Some(Value::String(ty)) => ty == name,
        Some(Value::Array(types)) => types.iter().any(|ty| ty == name),
        _ => false,
    };
    let narrow = ["int8", "uint8", "int16", "uint16", "int32", "uint32"];
    let format = schema.get("format").and_then(Value::as_str);
    let safe = |bound: &str| {
        let bound = schema.get(bound).and_then(Value::as_i64);
        bound.is_some_and(|bound| bound.unsigned_abs() <= MAX_SAFE)
    };
    let is_narrow = format.is_some_and(|format| narrow.contains(&format))
        || (safe("minimum") && safe("maximum"))
        || ["const", "enum"].iter().any(|word| schema.contains_key(*word));
    takes("integer") && !takes("string") && !is_narrow
}

/// Whether this word of a schema has values, which are no schemas.
fn holds_values(word: &str) -> bool {
    ["const", "default", "enum", "examples"].contains(&word)
}

/// The name of a type's schema, apart from those of this document.
fn component(ty: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let escaped = |char| if plain(char) { char.into() } else { format!("-{:x}-", u32::from(char)) };
    format!("types.{}", ty.chars().map(escaped).collect::<String>())
}

/// Has references to parts of a schema lead to where it stands now.
fn rebase(schema: &mut Value, to: &str) {
    match schema {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(place) if name == "$ref" => {
                        if let Some(part) = place.strip_prefix('#') {
                            *place = format!("{to}{part}");
                        }
                    }
                    _ if holds_values(name) => {}
                    value => rebase(value, to),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| rebase(value, to)),
        _ => {}
    }
}

/// `GET /openapi.json`
pub(super) async fn document<G: Graph>(State(hub): State<Arc<Hub<G>>>) -> Json<Value> {
    Json(describe::<G>(&hub.schemas))
}

fn describe<G: Graph>(types: &Schemas) -> Value {
    let topology = G::TOPOLOGY;
    json!({
        "openapi": "3.1.0",
        "info": { "title": topology.name, "description": topology.docs, "version": "1" },
        "paths": paths(),
        "components": {
            "parameters": {
                "session": in_path("id", "The session."),
            },
            "responses": {
                "problem": {
                    "description": "What went wrong.",
                    "content": { "application/problem+json": { "schema": reference("Problem") } },
                },
                "stream": {
                    "description": "Events; each `data:` is one `Event`, each `id:` a cursor.",
                    // `OpenAPI` 3.1 has no word for the items of a stream
                    "content": { "text/event-stream": {
                        "schema": { "type": "string" },
                        "x-item-schema": reference("Event"),
                    } },
                },
            },
            "schemas": schemas::<G>(types),
        },
    })
}

/// The addresses: method, summary, what is sent, what comes back.
fn paths() -> Value {
    let run = json!([
        in_query("if_running", &json!({ "enum": ["reject", "wait", "stop"] })),
        in_query("if_unfinished", &json!({ "enum": ["reject", "restart"] })),
        in_query("stream", &json!({ "type": "boolean", "default": true })),
    ]);
    let begun = json!({ "200": response("stream"), "202": content("Run begun.", "Accepted") });
    let none = |text| json!({ "204": { "description": text } });
    let shown = |text, name| json!({ "200": content(text, name) });
    let page = json!([
        in_query("prefix", &json!({ "type": "string" })),
        in_query("after", &json!({ "type": "string" })),
        in_query("limit", &json!({ "type": "integer", "minimum": 1, "maximum": 1000 })),
    ]);
    let place = json!([
        in_query("from", &reference("Cursor")),
        in_query("until", &json!({ "enum": ["run"] })),
        { "in": "header", "name": "last-event-id", "schema": reference("Cursor") },
    ]);
    let events = json!({
        "200": response("stream"),
        "204": { "description": "The run is over or was interrupted, and no other one was begun since." },
    });
    json!({
        "/sessions": { "get": operation("Lists sessions.", &page, None, &shown("A page.", "Sessions")) },
        "/sessions/{id}": of_session(json!({
            "get": operation("Shows a session.", &json!([]), None, &shown("The session.", "Session")),
            "delete": operation("Removes a session.", &json!([]), None, &none("It is gone.")),
        })),
        "/sessions/{id}/runs": of_session(json!({
            "post": operation("Begins a run.", &run, Some("Inputs"), &begun),
        })),
        "/sessions/{id}/resume": of_session(json!({
            "post": operation("Goes on with an unfinished run.", &run, None, &begun),
        })),
        "/sessions/{id}/stop": of_session(json!({
            "post": operation("Stops the run that is under way.", &json!([]), None, &none("Asked.")),
        })),
        "/sessions/{id}/reopen": of_session(json!({
            "post": operation("Puts an ended session at its start.", &json!([]), None, &none("Done.")),
        })),
        "/sessions/{id}/fork": of_session(json!({
            "post": operation(
                "Begins a session with what this one was.",
                &json!([]),
                Some("Fork"),
                &json!({ "201": { "description": "The new session is at `location`." } }),
            ),
        })),
        "/sessions/{id}/events": of_session(json!({
            "get": operation("Follows a session from a place on.", &place, None, &events),
        })),
    })
}

fn schemas<G: Graph>(types: &Schemas) -> Value {
    let topology = G::TOPOLOGY;
    let inputs = topology.inputs.iter().map(|input| (input.name, types.of(input.ty)));
    let needed: Vec<_> =
        topology.inputs.iter().filter(|input| !input.optional).map(|input| input.name).collect();
    let state = public_fields::<G>().map(|field| (field.key, types.of(field.ty)));
    let nodes: Vec<_> = topology.nodes.iter().map(|node| node.name).collect();
    let text = json!({ "type": "string" });
    let integer = json!({ "type": "integer", "minimum": 0 });
    let mut schemas = json!({
        "Inputs": {
            "type": "object",
            "properties": inputs.map(named).collect::<Map<_, _>>(),
            "required": needed,
            "additionalProperties": false,
        },
        "Item": topology.yields.map_or(json!({ "not": {} }), |ty| types.of(ty)),
        "State": { "type": "object", "properties": state.map(named).collect::<Map<_, _>>() },
        "Node": { "enum": nodes },
        "Cursor": { "type": "string", "pattern": "^[0-9]+\\.[0-9]+$" },
        "Next": { "oneOf": [
            object(&json!({ "node": reference("Node") }), &["node"]),
            object(&json!({ "pause": reference("Node") }), &["pause"]),
            { "const": "end" },
        ] },
        "Position": { "oneOf": [
            object(&json!({ "at": { "enum": ["rest", "unfinished"] }, "node": text }), &["at", "node"]),
            object(&json!({ "at": { "const": "ended" } }), &["at"]),
        ] },
        "Session": object(
            &json!({
                "session": text, "cursor": reference("Cursor"), "position": reference("Position"),
                "step": integer, "run": integer, "running": { "type": "boolean" },
                "created": integer, "updated": integer, "state": reference("State"),
            }),
            &["session", "cursor", "position", "step", "run", "running", "created", "updated", "state"],
        ),
        "Sessions": object(
            &json!({
                "sessions": { "type": "array", "items": object(
                    &json!({
                        "session": text, "created": integer, "updated": integer,
                        "running": { "type": "boolean" },
                    }),
                    &["session", "created", "updated", "running"],
                ) },
                "next": text,
            }),
            &["sessions"],
        ),
        "Accepted": object(
            &json!({ "session": text, "cursor": reference("Cursor") }),
            &["session", "cursor"],
        ),
        "Fork": object(&json!({ "session": text, "at": reference("Cursor") }), &["session"]),
        "Problem": object(
            &json!({
                "type": text, "title": text, "status": integer, "code": text, "detail": text,
                "first": text,
            }),
            &["type", "title", "status", "code", "detail"],
        ),
        "Event": { "oneOf": events() },
    });
    for (ty, schema) in &*types.0 {
        schemas[component(ty)] = schema.clone();
    }
    schemas
}

/// One schema for each type of event.
fn events() -> Vec<Value> {
    let node = || ("node", reference("Node"));
    let text = |name| (name, json!({ "type": "string" }));
    let number = |name| (name, json!({ "type": "integer", "minimum": 0 }));
    let next = || ("next", reference("Next"));
    let patches = ("patches", json!({ "type": "object" }));
    let at = number("at");
    let event = |kind: &str, fields: &[(&str, Value)], optional: &[(&str, Value)]| {
        let mut properties = Map::from_iter([("type".to_owned(), json!({ "const": kind }))]);
        properties.extend(fields.iter().chain(optional).cloned().map(named));
        let required: Vec<_> =
            ["type"].into_iter().chain(fields.iter().map(|(name, _)| *name)).collect();
        object(&Value::Object(properties), &required)
    };
    let stepped = |kind, more: &[(&'static str, Value)], optional: &[(&str, Value)]| {
        let fields = [&[number("step"), node(), at.clone()], more].concat();
        event(kind, &fields, optional)
    };
    let placed = |kind| event(kind, &[node(), at.clone()], &[]);
    vec![
        event("run_started", &[number("run"), node(), at.clone()], &[text("prompt")]),
        placed("run_resumed"),
        stepped("step_started", &[], &[]),
        stepped("item", &[number("attempt")], &[("item", reference("Item")), text("text")]),
        stepped("items_superseded", &[number("items")], &[]),
        stepped("attempt_failed", &[text("error"), number("retry_in")], &[]),
        stepped("step_failed", &[text("error")], &[next()]),
        stepped("step_committed", &[number("attempt"), next()], &[patches]),
        placed("run_paused"),
        event("run_ended", std::slice::from_ref(&at), &[]),
        placed("run_halted"),
        placed("run_stopped"),
        placed("run_cancelled"),
        event("run_failed", &[node(), text("error"), at.clone()], &[]),
        placed("session_reopened"),
        event("rewound", &[], &[("to", reference("Cursor"))]),
        event("error", &[text("code"), text("detail")], &[]),
    ]
}

fn named<N: Into<String>>((name, value): (N, Value)) -> (String, Value) {
    (name.into(), value)
}

fn object(properties: &Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn response(name: &str) -> Value {
    json!({ "$ref": format!("#/components/responses/{name}") })
}

fn content(text: &str, name: &str) -> Value {
    json!({ "description": text, "content": { "application/json": { "schema": reference(name) } } })
}

fn in_query(name: &str, schema: &Value) -> Value {
    json!({ "in": "query", "name": name, "schema": schema })
}

fn in_path(name: &str, text: &str) -> Value {
    json!({
        "in": "path", "name": name, "required": true, "description": text,
        "schema": { "type": "string" },
    })
}

/// An address that names a session.
fn of_session(mut operations: Value) -> Value {
    operations["parameters"] = json!([{ "$ref": "#/components/parameters/session" }]);
    operations
}

fn operation(summary: &str, parameters: &Value, body: Option<&str>, responses: &Value) -> Value {
    let mut operation =
        json!({ "summary": summary, "parameters": parameters, "responses": responses });
    operation["responses"]["default"] = response("problem");
    if let Some(body) = body {
        operation["requestBody"] = json!({
            "required": true, "content": { "application/json": { "schema": reference(body) } },
        });
    }
    operation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_json_are_described_and_others_named() {
        for (ty, expected) in [
            ("String", json!({ "type": "string" })),
            (
                "Option < u8 >",
                json!({ "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "null" }] }),
            ),
            ("Vector<bool>", json!({ "type": "array", "items": { "type": "boolean" } })),
            (
                "u64",
                json!({ "type": ["integer", "string"], "minimum": 0, "pattern": "^-?[0-9]+$" }),
            ),
            (
                "Vec<i64>",
                json!({
                    "type": "array",
                    "items": { "type": ["integer", "string"], "pattern": "^-?[0-9]+$" },
                }),
            ),
            ("Mode", json!({ "title": "Mode" })),
        ] {
            assert_eq!(Schemas::default().of(ty), expected, "{ty}");
        }
    }

    #[test]
    fn integers_of_given_schemas_may_be_strings_unless_they_are_small() {
        let wide = json!(["integer", "string"]);
        let digits = json!("^-?[0-9]+$");
        for (given, expected) in [
            (
                json!({ "type": "integer", "format": "uint64", "minimum": 0 }),
                json!({ "type": wide, "format": "uint64", "minimum": 0, "pattern": digits }),
            ),
            (
                json!({ "properties": { "type": { "type": ["integer", "null"], "format": "int64" } } }),
                json!({ "properties": { "type": {
                    "type": ["integer", "null", "string"], "format": "int64", "pattern": digits,
                } } }),
            ),
            (
                json!({ "$defs": { "Id": { "type": "integer" } }, "items": [{ "type": "integer" }] }),
                json!({
                    "$defs": { "Id": { "type": wide, "pattern": digits } },
                    "items": [{ "type": wide, "pattern": digits }],
                }),
            ),
        ] {
            let mut schema = given;
            widen(&mut schema);
            assert_eq!(schema, expected);
        }
        for unchanged in [
            json!({ "type": "integer", "format": "uint32", "minimum": 0 }),
            json!({ "type": "integer", "minimum": -1, "maximum": MAX_SAFE }),
            json!({ "type": ["integer", "string"] }),
            json!({ "enum": [1, 2], "type": "integer" }),
            json!({ "type": "number", "default": { "type": "integer" } }),
        ] {
            let mut schema = unchanged.clone();
            widen(&mut schema);
            assert_eq!(schema, unchanged);
        }
    }

    #[test]
    fn schemas_that_are_given_are_referred_to_and_refer_to_themselves() {
        let mut types = Schemas::default();
        let mode =
            json!({ "$schema": "2020-12", "items": { "$ref": "#/$defs/A" }, "$defs": { "A": {} } });
        types.insert("Map < A >", mode);
        let reference = "#/components/schemas/types.Map-3c-A-3e-";
        assert_eq!(
            types.of("Vec<Map<A>>"),
            json!({ "type": "array", "items": { "$ref": reference } })
        );
        let expected =
            json!({ "items": { "$ref": format!("{reference}/$defs/A") }, "$defs": { "A": {} } });
        assert_eq!(types.0["Map<A>"], expected);
        // a tree, as schemars has it, and an example that only looks like a reference
        types.insert("Tree", json!({ "items": { "$ref": "#" }, "examples": [{ "$ref": "#/a" }] }));
        let tree = json!({
            "items": { "$ref": "#/components/schemas/types.Tree" }, "examples": [{ "$ref": "#/a" }],
        });
        assert_eq!(types.0["Tree"], tree);
    }
}
