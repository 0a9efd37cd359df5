//! The parts that a document is put together from.

use serde_json::{Map, Value, json};

pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

pub(super) fn response(name: &str) -> Value {
    json!({ "$ref": format!("#/components/responses/{name}") })
}

pub(super) fn text() -> Value {
    json!({ "type": "string" })
}

pub(super) fn integer() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

/// An object that always has the first properties, and may have the others.
pub(super) fn object(always: &[(&str, Value)], sometimes: &[(&str, Value)]) -> Value {
    let named = |(name, schema): &(&str, Value)| ((*name).to_owned(), schema.clone());
    let properties: Map<_, _> = always.iter().chain(sometimes).map(named).collect();
    let required: Vec<_> = always.iter().map(|(name, _)| *name).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

/// An object that a request sends: the server refuses properties that it does not know.
pub(super) fn closed(mut object: Value) -> Value {
    object["additionalProperties"] = json!(false);
    object
}

pub(super) fn described(description: &str) -> Value {
    json!({ "description": description })
}

pub(super) fn content(description: &str, media: &str, schema: &Value) -> Value {
    json!({ "description": description, "content": { media: { "schema": schema } } })
}

/// An answer of JSON.
pub(super) fn answer(description: &str, name: &str) -> Value {
    content(description, "application/json", &reference(name))
}

pub(super) fn in_query(name: &str, schema: &Value, description: &str) -> Value {
    json!({ "in": "query", "name": name, "schema": schema, "description": description })
}

pub(super) fn in_header(name: &str, schema: &Value, description: &str) -> Value {
    json!({ "in": "header", "name": name, "schema": schema, "description": description })
}

/// What a method of an address does.
pub(super) struct Operation(Value);

impl Operation {
    pub(super) fn new(summary: &str) -> Self {
        let responses = json!({ "default": response("problem") });
        Self(json!({ "summary": summary, "responses": responses }))
    }

    pub(super) fn parameters(mut self, parameters: &[Value]) -> Self {
        self.0["parameters"] = json!(parameters);
        self
    }

    pub(super) fn body(mut self, name: &str) -> Self {
        let content = json!({ "application/json": { "schema": reference(name) } });
        self.0["requestBody"] = json!({ "required": true, "content": content });
        self
    }

    pub(super) fn answers(mut self, status: &str, response: Value) -> Self {
        self.0["responses"][status] = response;
        self
    }

    pub(super) fn build(self) -> Value {
        self.0
    }
}
