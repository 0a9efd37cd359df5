//! Calls of prompts in the terminal, awaited and streamed.

use crate::prompts::{propose_subjects, write_blurb, write_story};
use burdock_llm::{Model, PromptError};
use std::io::{self, Write};

/// Writes a story about `subject`, or about a subject that the model proposes.
///
/// # Errors
/// Returns an error if an answer of the model does not fit its type, or if writing to `out` fails.
pub async fn tell(
    llm: &dyn Model,
    subject: Option<String>,
    out: &mut (dyn Write + Send),
) -> Result<(), Box<dyn std::error::Error>> {
    let subject = match subject {
        Some(subject) => subject,
        None => propose(llm).await?,
    };

    // the same call twice: streamed, each change as it arrives …
    let mut answer = write_story(&subject, 2).on(llm).stream();
    writeln!(out, "A story about {subject}:")?;
    while let Some(change) = answer.next().await {
        writeln!(out, "  {}", serde_json::to_string(&change?)?)?;
    }
    // … and the complete value, available at the end of the stream
    let story = answer.finish().await?;
    let response = answer.response();
    writeln!(out, "\n{} ({:?}, {} of 5)", story.title, story.mood, story.rating)?;
    writeln!(out, "{} attempt(s), {} repair(s)", response.attempts, response.repairs.len())?;

    // awaiting a call returns the complete value
    let blurb = write_blurb(&story).on(llm).await?;
    writeln!(out, "\n{blurb}")?;
    Ok(())
}

async fn propose(llm: &dyn Model) -> Result<String, Box<dyn std::error::Error>> {
    let subjects: Result<Vec<String>, PromptError> = propose_subjects(3).on(llm).await;
    let first = subjects?.into_iter().next();
    first.ok_or_else(|| io::Error::other("the model proposed no subject").into())
}
