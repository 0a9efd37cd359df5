//! The inputs of a run.

use crate::{error::SessionError, json::Integers};
use burdock::Graph;
use serde_json::Value;

/// The inputs of a run that is to start.
pub(crate) struct RunInputs<G: Graph> {
    /// They are cloned for each attempt to start the run.
    inputs: G::Inputs,
    /// The optional inputs that were given.
    optional: Vec<&'static str>,
}

impl<G: Graph> RunInputs<G> {
    /// Creates inputs from those of the program's own code.
    pub(crate) fn typed(inputs: G::Inputs) -> Self {
        let has_optional = G::TOPOLOGY.inputs.iter().any(|input| input.optional);
        // inputs that cannot be serialized are reported by the app, when it records them
        let json = has_optional.then(|| serde_json::to_value(&inputs).ok()).flatten();
        Self { inputs, optional: json.map_or_else(Vec::new, |json| optional::<G>(&json)) }
    }

    /// Reads inputs from JSON. Integers beyond ±(2^53 − 1) may be strings, as the server sends them.
    pub(crate) fn from_json(json: Value) -> Result<Self, SessionError> {
        let Value::Object(given) = &json else {
            return Err(SessionError::invalid_inputs("the inputs must be a JSON object"));
        };
        let known = G::TOPOLOGY.inputs;
        if let Some(name) = given.keys().find(|name| known.iter().all(|input| input.name != **name))
        {
            let known = known.iter().map(|input| input.name).collect::<Vec<_>>().join(", ");
            let reason = format!("there is no input `{name}`; the inputs are: {known}");
            return Err(SessionError::invalid_inputs(reason));
        }
        let optional = optional::<G>(&json);
        // the path in the error names the input
        let inputs = serde_path_to_error::deserialize(Integers(json))
            .map_err(|error| SessionError::invalid_inputs(error.to_string()))?;
        Ok(Self { inputs, optional })
    }

    pub(crate) fn get(&self) -> G::Inputs {
        self.inputs.clone()
    }

    pub(crate) fn optional(&self) -> &[&'static str] {
        &self.optional
    }
}

/// Returns the optional inputs that have a value.
fn optional<G: Graph>(json: &Value) -> Vec<&'static str> {
    let is_given = |name: &str| json.get(name).is_some_and(|value| !value.is_null());
    let optional = G::TOPOLOGY.inputs.iter().filter(|input| input.optional);
    optional.map(|input| input.name).filter(|name| is_given(name)).collect()
}
