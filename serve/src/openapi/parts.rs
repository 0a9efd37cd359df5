//! The parts of a document.

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

/// Returns the schema of an object with required and optional properties.
pub(super) fn object(required: &[(&str, Value)], optional: &[(&str, Value)]) -> Value {
    let named = |(name, schema): &(&str, Value)| ((*name).to_owned(), schema.clone());
    let properties: Map<_, _> = required.iter().chain(optional).map(named).collect();
    let required: Vec<_> = required.iter().map(|(name, _)| *name).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

/// Returns the schema of an object in a request: the server rejects unknown properties.
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

/// Returns a JSON response.
pub(super) fn json_response(description: &str, name: &str) -> Value {
    content(description, "application/json", &reference(name))
}

pub(super) fn in_query(name: &str, schema: &Value, description: &str) -> Value {
    json!({ "in": "query", "name": name, "schema": schema, "description": description })
}

pub(super) fn in_header(name: &str, schema: &Value, description: &str) -> Value {
    json!({ "in": "header", "name": name, "schema": schema, "description": description })
}

/// The operation of a method on a path.
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

    pub(super) fn responds(mut self, status: &str, response: Value) -> Self {
        self.0["responses"][status] = response;
        self
    }

    pub(super) fn build(self) -> Value {
        self.0
    }
}
