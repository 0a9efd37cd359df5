//! The report: its questions, their research, and the text.
//!
//! [`investigate`] runs the graph [`Research`] once per question. Each of these runs is a child with a session of its
//! own. After a crash, children that have ended are not run again, and the others continue.

use crate::{
    library::Library,
    question::{Research, ResearchInputs, Step},
};
use burdock::{Retry, prelude::*};
use burdock_llm::{Change, Model, prompt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt::Write, sync::Arc};

/// The state of a report.
#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// The topic.
    pub topic: String,
    /// The questions about it.
    pub questions: Vec<String>,
    /// The answers to the questions, in their order.
    pub findings: Vec<Answered>,
    /// The text.
    pub text: Slot<String>,
}

/// A question with its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// The question.
    pub question: String,
    /// The answer.
    pub answer: String,
    /// The files that were read.
    pub files: Vec<String>,
}

/// An item of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// The model proposes questions.
    Proposing(Change<Vec<String>>),
    /// The questions.
    Questions(Vec<String>),
    /// The progress of a question, with its index.
    Step(usize, Step),
    /// A question is answered.
    Answered(usize),
}

impl From<Change<Vec<String>>> for Shown {
    fn from(change: Change<Vec<String>>) -> Self {
        Self::Proposing(change)
    }
}

/// Takes the topic, and the questions if there are any.
#[action(state = Report, writes(topic, questions))]
pub async fn plan(#[input] topic: String, #[input] questions: Vec<String>) -> Result<Writes> {
    Ok(Writes { topic, questions })
}

/// Propose four questions for a report about {topic}.
#[prompt(state = Report, reads(topic), writes(questions), retries = 2)]
pub async fn propose(topic: &str) -> Vec<String>;

/// Researches all questions.
#[streaming_action(state = Report, reads(questions), writes(findings), yields(Shown))]
pub async fn investigate(
    report: Reads<'_>,
    #[input] at_most: usize,
    #[graph] research: Sub<'_, Research>,
) -> Result<Writes> {
    yield_!(Shown::Questions(report.questions.clone()));
    // the index is the key: a model may propose the same question twice
    let starts = report.questions.iter().enumerate().map(|(index, question)| {
        (index.to_string(), ResearchInputs { question: question.clone() })
    });
    let mut children = research.each(starts).at_most(at_most);
    while let Some(event) = children.next().await {
        match event? {
            SubEvent::Item { key, item, .. } => {
                yield_!(Shown::Step(key.parse()?, item));
            }
            SubEvent::Ended { key, .. } => {
                yield_!(Shown::Answered(key.parse()?));
            }
            _ => {}
        }
    }
    let findings = report.questions.iter().zip(children.into_ends()).map(|(question, (_, end))| {
        let finding = end.into_state();
        let mut files: Vec<_> = finding.places.into_iter().map(|place| place.file).collect();
        files.sort();
        files.dedup();
        let answer = finding.answer.unwrap_or(String::new());
        Answered { question: question.clone(), answer, files }
    });
    Ok(Writes { findings: findings.collect() })
}

/// Writes the report.
#[action(state = Report, reads(topic, findings), writes(text))]
pub async fn write(report: Reads<'_>) -> Result<Writes> {
    let mut text = format!("# {}\n", report.topic);
    for Answered { question, answer, files } in report.findings {
        write!(text, "\n## {question}\n\n{answer}\n")?;
        if !files.is_empty() {
            writeln!(text, "\nSources: {}", files.join(", "))?;
        }
    }
    Ok(Writes { text })
}

graph! {
    /// Researches the questions of a topic, and reports.
    pub Reporting(Report) {
        inputs { topic: String, questions: Vec<String>, at_most: usize }
        resources { llm: Arc<dyn Model>, library: Arc<Library> }
        yields Shown;
        nodes {
            plan,
            propose,
            // a retry shows the progress of all questions again, and continues only those that have not ended
            #[retry(Retry::times(2).superseding())]
            investigate,
            write,
        }
        start plan;
        plan -> if state.questions.is_empty() { propose } else { investigate };
        propose -> investigate;
        investigate -> write;
        write -> end;
    }
}
