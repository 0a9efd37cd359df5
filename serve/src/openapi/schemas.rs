//! The schemas of what is sent and of what comes back.
//!
//! Those of the server are derived, and so are those of the program's types that implement `JsonSchema`. Of
//! another one only the name is known, which is the title of a schema that takes anything.

use super::{
    Addresses, Scope,
    integers::widen,
    parts::{closed, object, reference},
};
use crate::{
    chat::{Chat, Chats, Say},
    event::{SessionEvent, public_fields},
    problem::Identified,
    routes::{Accepted, Fork, List, Shown},
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
    // what earlier versions wrote may lack what this one only reads
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    let settings =
        settings.with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    // before those of the program, which get other names if they have the same
    add_server(&mut generator, scope);
    let server = generator.definitions().clone();
    let graph = of_graph::<G>(&mut generator);
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
    add::<(Fork, List, Shown, Accepted, Identified<'_>, SessionEvent, Patch)>(generator);
    if scope.addresses == Addresses::Chat {
        add::<(Chats, Chat<'_>, Say)>(generator);
    }
    let event = generator.definitions_mut().get_mut("Event");
    event.and_then(|event| event["oneOf"].as_array_mut()).into_iter().flatten().for_each(refine);
}

/// Adds the schemas of the types of a tuple.
fn add<T: JsonSchema>(generator: &mut SchemaGenerator) {
    generator.subschema_for::<T>();
}

/// Says of a type of event what its Rust type does not.
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

fn of_graph<G: Graph>(generator: &mut SchemaGenerator) -> [(String, Value); 6] {
    let topology = G::TOPOLOGY;
    let mut of = |schema: TypeSchema, ty: &str| {
        let schema = schema.generate(generator);
        let mut schema = schema.unwrap_or_else(|| json_schema!({ "title": ty }));
        widen(&mut schema);
        schema.to_value()
    };
    let inputs: Vec<_> =
        topology.inputs.iter().map(|input| (input, of(input.schema, input.ty))).collect();
    let inputs = |is: fn(&BindingInfo) -> bool| {
        let inputs = inputs.iter().filter(|(input, _)| is(input));
        inputs.map(|(input, schema)| (input.name, schema.clone())).collect::<Vec<_>>()
    };
    let state: Vec<_> =
        public_fields::<G>().map(|field| (field.key, of(field.schema, field.ty))).collect();
    let patches: Vec<_> =
        public_fields::<G>().map(|field| (field.key, reference("Patch"))).collect();
    let item = topology.yields.map_or(json!({ "not": {} }), |ty| of(topology.item_schema, ty));
    let nodes: Vec<_> = topology.nodes.iter().map(|node| node.name).collect();
    [
        (
            "Inputs",
            closed(object(&inputs(|input| !input.optional), &inputs(|input| input.optional))),
        ),
        // sessions of earlier versions may lack some
        ("PublicInputs", object(&[], &inputs(|input| input.public))),
        ("Item", item),
        ("State", object(&[], &state)),
        ("Patches", object(&[], &patches)),
        // sessions of earlier versions may name others
        ("Node", json!({ "type": "string", "examples": nodes })),
    ]
    .map(|(name, schema)| (name.to_owned(), schema))
}
