//! The schemas of requests and responses.
//!
//! Those of the server's types are derived, as are those of the program's types that implement `JsonSchema`. For
//! other types, only the name is known: it is the title of a schema that accepts any value.

use super::{
    RouteSet, Scope,
    integers::widen,
    parts::{closed, object, reference},
};
use crate::{
    chat::{Chat, Chats, PromptBody},
    event::{SessionEvent, public_fields},
    problem::Identified,
    routes::{Accepted, Fork, SessionBody, SessionPage},
    schema,
};
use burdock::{
    Graph,
    graph::BindingInfo,
    names,
    state::{Patch, TypeSchema},
};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::{Map, Value, json};

pub(super) fn schemas<G: Graph>(scope: Scope) -> Map<String, Value> {
    // for reading: data of earlier versions may lack fields
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    let settings =
        settings.with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    // first, so that types of the program with the same names are renamed, and not those of the server
    add_server(&mut generator, scope);
    let server = generator.definitions().clone();
    let graph = graph_schemas::<G>(&mut generator);
    let mut schemas = generator.take_definitions(false);
    for (name, schema) in &mut schemas {
        if !server.contains_key(name)
            && let Ok(schema) = schema.try_into()
        {
            widen(schema);
        }
    }
    schemas.extend(graph);
    schemas
}

fn add_server(generator: &mut SchemaGenerator, scope: Scope) {
    use schema::{Cursor, Inputs, Item, Node, Patches, PublicInputs, SessionId, State};
    add::<(Inputs, PublicInputs, Item, State, Patches, Node, SessionId, Cursor)>(generator);
    add::<(Fork, SessionPage, SessionBody, Accepted, Identified<'_>, SessionEvent, Patch)>(
        generator,
    );
    if scope.routes == RouteSet::Chat {
        add::<(Chats, Chat<'_>, PromptBody)>(generator);
    }
    let event = generator.definitions_mut().get_mut("Event");
    event.and_then(|event| event["oneOf"].as_array_mut()).into_iter().flatten().for_each(refine);
}

/// Adds the schemas of the types of a tuple.
fn add<T: JsonSchema>(generator: &mut SchemaGenerator) {
    generator.subschema_for::<T>();
}

/// Refines the schema of an event with facts that its Rust type does not express.
fn refine(event: &mut Value) {
    if let Some(node) = event["properties"].get_mut("node") {
        *node = reference("Node");
    }
    let is_entry = ![names::REWOUND, names::ERROR]
        .contains(&event["properties"]["type"]["const"].as_str().unwrap_or_default());
    if let Some(required) = event["required"].as_array_mut().filter(|_| is_entry) {
        required.push("at".into());
    }
}

fn graph_schemas<G: Graph>(generator: &mut SchemaGenerator) -> [(String, Value); 6] {
    let topology = G::TOPOLOGY;
    let mut schema_of = |schema: TypeSchema, ty: &str| {
        let schema = schema.generate(generator);
        let mut schema = schema.unwrap_or_else(|| json_schema!({ "title": ty }));
        widen(&mut schema);
        schema.to_value()
    };
    let inputs: Vec<_> =
        topology.inputs.iter().map(|input| (input, schema_of(input.schema, input.ty))).collect();
    let inputs = |is: fn(&BindingInfo) -> bool| {
        let inputs = inputs.iter().filter(|(input, _)| is(input));
        inputs.map(|(input, schema)| (input.name, schema.clone())).collect::<Vec<_>>()
    };
    let state: Vec<_> =
        public_fields::<G>().map(|field| (field.key, schema_of(field.schema, field.ty))).collect();
    let patches: Vec<_> =
        public_fields::<G>().map(|field| (field.key, reference("Patch"))).collect();
    let item =
        topology.yields.map_or(json!({ "not": {} }), |ty| schema_of(topology.item_schema, ty));
    let nodes: Vec<_> = topology.nodes.iter().map(|node| node.name).collect();
    [
        (
            "Inputs",
            closed(object(&inputs(|input| !input.optional), &inputs(|input| input.optional))),
        ),
        // all are optional, because sessions of earlier versions may lack some
        ("PublicInputs", object(&[], &inputs(|input| input.public))),
        ("Item", item),
        ("State", object(&[], &state)),
        ("Patches", object(&[], &patches)),
        // examples and not an `enum`, because sessions of earlier versions may have other nodes
        ("Node", json!({ "type": "string", "examples": nodes })),
    ]
    .map(|(name, schema)| (name.to_owned(), schema))
}
