//! The schemas of what is sent and of what comes back.

use super::{
    Addresses, Schemas, Scope,
    events::events,
    parts::{closed, integer, list, object, reference, text},
};
use crate::event::public_fields;
use burdock::Graph;
use serde_json::{Map, Value, json};

/// The numbers have 64 bits.
pub(super) const CURSOR: &str = r"[0-9]{1,20}\.[0-9]{1,20}";

pub(super) fn schemas<G: Graph>(types: &Schemas, scope: Scope) -> Value {
    let mut schemas: Map<_, _> = of_graph::<G>(types).collect();
    schemas.extend(of_requests());
    schemas.extend(of_answers());
    if scope.addresses == Addresses::Chat {
        schemas.extend(of_chats());
    }
    schemas.extend(types.components());
    Value::Object(schemas)
}

fn named((name, schema): (&str, Value)) -> (String, Value) {
    (name.to_owned(), schema)
}

fn of_graph<G: Graph>(types: &Schemas) -> impl Iterator<Item = (String, Value)> {
    let topology = G::TOPOLOGY;
    let inputs = |optional| {
        let inputs = topology.inputs.iter().filter(move |input| input.optional == optional);
        inputs.map(|input| (input.name, types.of(input.ty))).collect::<Vec<_>>()
    };
    let public = topology.inputs.iter().filter(|input| input.public);
    let public: Vec<_> = public.map(|input| (input.name, types.of(input.ty))).collect();
    let state: Vec<_> = public_fields::<G>().map(|field| (field.key, types.of(field.ty))).collect();
    let patches: Vec<_> =
        public_fields::<G>().map(|field| (field.key, reference("Patch"))).collect();
    let nodes: Vec<_> = topology.nodes.iter().map(|node| node.name).collect();
    let schemas = [
        ("Inputs", closed(object(&inputs(false), &inputs(true)))),
        // sessions of earlier versions may lack some
        ("PublicInputs", object(&[], &public)),
        ("Item", topology.yields.map_or(json!({ "not": {} }), |ty| types.of(ty))),
        ("State", object(&[], &state)),
        ("Patches", object(&[], &patches)),
        // sessions of earlier versions may name others
        ("Node", json!({ "type": "string", "examples": nodes })),
    ];
    schemas.into_iter().map(named)
}

fn of_requests() -> impl Iterator<Item = (String, Value)> {
    let session = ("session", reference("SessionId"));
    let at = json!({ "anyOf": [reference("Cursor"), { "type": "null" }] });
    let schemas = [
        // in bytes of UTF-8, an id has at most 1024
        ("SessionId", json!({ "type": "string", "minLength": 1, "maxLength": 1024 })),
        ("Cursor", json!({ "type": "string", "pattern": format!("^{CURSOR}$") })),
        ("Fork", closed(object(&[session], &[("at", at)]))),
    ];
    schemas.into_iter().map(named)
}

fn of_answers() -> impl Iterator<Item = (String, Value)> {
    let (cursor, position) = (|| ("cursor", reference("Cursor")), reference("Position"));
    let (session, times) =
        (|| ("session", text()), [("created", integer()), ("updated", integer())]);
    let running = || ("running", json!({ "type": "boolean" }));
    let at =
        |name: &str| object(&[("at", json!({ "const": name })), ("node", reference("Node"))], &[]);
    let append = object(&[("keep", integer()), ("tail", list(&json!({})))], &[]);
    let entries = object(&[("set", json!({ "type": "object" })), ("remove", list(&text()))], &[]);
    let schemas = [
        (
            "Next",
            json!({ "oneOf": [
                object(&[("node", reference("Node"))], &[]),
                object(&[("pause", reference("Node"))], &[]),
                { "const": "end" },
            ] }),
        ),
        (
            "Position",
            json!({ "oneOf": [
                at("rest"), at("unfinished"), object(&[("at", json!({ "const": "ended" }))], &[]),
            ] }),
        ),
        (
            "Session",
            object(
                &[
                    &[session(), cursor(), ("position", position), ("step", integer())][..],
                    &[("run", integer()), running(), ("state", reference("State"))],
                    &times,
                ]
                .concat(),
                &[],
            ),
        ),
        (
            "Sessions",
            object(&[("sessions", list(&reference("ListedSession")))], &[("next", text())]),
        ),
        ("ListedSession", object(&[&[session(), running()][..], &times].concat(), &[])),
        ("Accepted", object(&[session(), cursor()], &[])),
        (
            "Problem",
            object(
                &[
                    ("type", text()),
                    ("title", text()),
                    ("status", integer()),
                    ("code", text()),
                    ("detail", text()),
                    ("request_id", text()),
                ],
                &[("first", reference("Cursor"))],
            ),
        ),
        ("Event", json!({ "oneOf": events() })),
        (
            "Patch",
            json!({ "oneOf": [
                object(&[("set", json!({}))], &[]), object(&[("append", append)], &[]),
                object(&[("entries", entries)], &[]),
            ] }),
        ),
    ];
    schemas.into_iter().map(named)
}

fn of_chats() -> impl Iterator<Item = (String, Value)> {
    let role = json!({ "enum": ["user", "assistant"] });
    let schemas = [
        ("Prompt", closed(object(&[("prompt", text())], &[]))),
        ("Chats", object(&[("chats", list(&reference("ListedChat")))], &[("next", text())])),
        (
            "ListedChat",
            json!({ "allOf": [reference("ListedSession"), object(&[], &[("title", text())])] }),
        ),
        ("Message", object(&[("role", role), ("text", text())], &[])),
        (
            "Chat",
            object(
                &[
                    ("session", text()),
                    ("cursor", reference("Cursor")),
                    ("first", integer()),
                    ("messages", list(&reference("Message"))),
                    ("position", reference("Position")),
                    ("running", json!({ "type": "boolean" })),
                    ("title", text()),
                ],
                &[("run", reference("Cursor"))],
            ),
        ),
    ];
    schemas.into_iter().map(named)
}
