//! A program can use a prompt as a function or as an action, or only declare it.
#![deny(warnings, missing_docs, unused)]

use burdock::prelude::*;
use burdock_llm::{Change, Model, prompt};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
struct Studio {
    subject: String,
    story: String,
}

/// Write about {subject}.
#[prompt(state = Studio, reads(subject), writes(story))]
async fn action_alone(subject: &str) -> String;

/// Write about {subject}.
#[prompt(state = Studio, reads(subject), writes(story))]
async fn function_alone(subject: &str) -> String;

/// Write about {subject}: [title], `{"json": true}`.
///
/// ```json
/// { "not": "a doctest" }
/// ```
#[prompt]
pub async fn public(subject: String) -> String;

graph! {
    /// Writes.
    Writing(Studio) {
        resources { llm: Arc<dyn Model> }
        yields Change<String>;
        nodes { action_alone }
        start action_alone;
        action_alone -> pause;
    }
}

#[test]
fn it_runs() {
    let _ = function_alone("a dragon");
    let _ = Writing::app();
}
