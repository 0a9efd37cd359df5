//! The research of one question: a graph of its own, which [`report`](crate::report) runs as a child.
//!
//! It has three steps, each of which is committed. A child that is interrupted continues at the step that it was in: it
//! does not search again what it has found.

use crate::library::{Library, Place};
use burdock::prelude::*;
use burdock_llm::{Change, Model, prompt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

/// The state of the research of one question.
#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Finding {
    /// The question.
    pub question: Slot<String>,
    /// The places that were found.
    pub places: Vec<Place>,
    /// The paragraphs at these places.
    pub passages: Vec<String>,
    /// The answer.
    pub answer: Slot<String>,
}

/// The progress of the research of one question. The items of a child are read back from its log, so they implement
/// `Deserialize`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The library is searched.
    Searching,
    /// A paragraph of this file is read.
    Reading(String),
    /// The answer grows.
    Writing(Change<String>),
}

impl From<Change<String>> for Step {
    fn from(change: Change<String>) -> Self {
        Self::Writing(change)
    }
}

/// Searches the library.
#[streaming_action(state = Finding, writes(question, places), yields(Step))]
pub async fn search(
    #[input] question: String,
    #[resource] library: &Arc<Library>,
) -> Result<Writes> {
    yield_!(Step::Searching);
    let places = library.search(&question).await?;
    Ok(Writes { question, places })
}

/// Reads what was found.
#[streaming_action(state = Finding, reads(question, places), writes(passages), yields(Step))]
pub async fn read(finding: Reads<'_>, #[resource] library: &Arc<Library>) -> Result<Writes> {
    let mut passages = Vec::new();
    for place in finding.places {
        yield_!(Step::Reading(place.file.clone()));
        passages.push(library.read(finding.question, place).await?);
    }
    Ok(Writes { passages })
}

/// {question}
#[prompt(
    state = Finding,
    reads(question, passages),
    writes(answer),
    system = "Answer in three sentences at most, from these passages: {passages:json}"
)]
pub async fn summarize(question: &str, passages: &Vec<String>) -> String;

graph! {
    /// Researches one question.
    pub Research(Finding) {
        inputs { question: String }
        resources { llm: Arc<dyn Model>, library: Arc<Library> }
        yields Step;
        nodes {
            search,
            read,
            #[timeout(Duration::from_mins(5))]
            summarize,
        }
        start search;
        search -> read;
        read -> summarize;
        summarize -> end;
    }
}
