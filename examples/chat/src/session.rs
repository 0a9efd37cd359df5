//! Prompt after prompt, until the user has had enough.
//!
//! What to learn here: a run is a stream, of items or, as here, of all its events. Its
//! [`Stopper`](burdock::Stopper) ends it early and keeps what was shown. After an error the app is
//! unfinished, and `restart` begins again with a new prompt. A session whose process died in the
//! middle of an answer is unfinished too, and `resume` gives that answer.

use crate::{
    graph::{Chatbot, ChatbotInputs},
    terminal::{Input, Terminal},
    trace::Trace,
};
use burdock::{App, EventKind, Position, Run};
use std::{error::Error, io};
use tokio::select;

/// How an exchange ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answered {
    /// With an answer, or with an error that the user has read.
    Done,
    /// With a part of an answer.
    Stopped,
    /// The user does not even wait for the stop.
    Quit,
}

/// Talks until the input ends, or Ctrl-C is pressed twice.
pub async fn talk(app: &mut App<Chatbot>, terminal: &mut Terminal, trace: Trace) -> io::Result<()> {
    let mut last = Answered::Done;
    if let Position::Unfinished(_) = app.position() {
        last = show(app.resume(), terminal, trace).await?;
        if last == Answered::Quit {
            return terminal.notice("Goodbye.");
        }
        terminal.end_exchange()?;
    }
    loop {
        match terminal.read().await? {
            Input::End => return Ok(()),
            Input::Interrupt if last == Answered::Stopped => break,
            Input::Interrupt => {
                last = Answered::Stopped;
                terminal.notice("(Ctrl-C again quits)")?;
            }
            Input::Line(prompt) if prompt.is_empty() => {}
            Input::Line(prompt) => {
                last = answer(app, terminal, trace, prompt).await?;
                if last == Answered::Quit {
                    break;
                }
                terminal.end_exchange()?;
            }
        }
    }
    terminal.notice("Goodbye.")
}

/// Says which session it is, and where it stands.
pub fn introduce(app: &App<Chatbot>) -> String {
    let (id, said) = (app.id(), app.state().history.len());
    match app.position() {
        Position::Unfinished(node) => {
            format!("session {id}: {said} messages so far, interrupted at {node}")
        }
        Position::Rest(_) | Position::Ended if app.state().was_stopped() => {
            format!("session {id}: {said} messages so far, the last answer was stopped")
        }
        Position::Rest(_) | Position::Ended => format!("session {id}: {said} messages so far"),
    }
}

/// Runs the graph for one prompt and shows what comes.
async fn answer(
    app: &mut App<Chatbot>,
    terminal: &mut Terminal,
    trace: Trace,
    prompt: String,
) -> io::Result<Answered> {
    let inputs = ChatbotInputs { prompt };
    let run = match app.position() {
        // the last run failed, or was stopped between two steps: it begins again
        Position::Unfinished(_) => app.restart(inputs),
        Position::Rest(_) | Position::Ended => app.run(inputs),
    };
    show(run, terminal, trace).await
}

/// Shows what comes of a run.
async fn show(
    run: Run<'_, Chatbot>,
    terminal: &mut Terminal,
    trace: Trace,
) -> io::Result<Answered> {
    let mut events = run.events();
    let stopper = events.stopper();
    let mut kept = "before the first word";
    loop {
        select! {
            biased;
            () = terminal.interrupts.next() => {
                terminal.echoed();
                if stopper.is_stopped() {
                    return Ok(Answered::Quit);
                }
                stopper.stop();
            }
            event = events.next() => match event {
                Some(Ok(event)) => {
                    if let EventKind::Item(delta) = &event.kind {
                        kept = "what you see is kept";
                        terminal.answer(&delta.text)?;
                    }
                    trace.show(&event, terminal)?;
                }
                Some(Err(_)) | None => break,
            },
        }
    }
    if let Err(error) = events.finish().await {
        terminal.error(&with_sources(&error))?;
        return Ok(Answered::Done);
    }
    if stopper.is_stopped() {
        terminal.notice(&format!("(stopped, {kept}. Ask on, or press Ctrl-C again to quit)"))?;
        return Ok(Answered::Stopped);
    }
    Ok(Answered::Done)
}

/// An error and what caused it, in one line.
pub fn with_sources(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        line = format!("{line}: {error}");
        source = error.source();
    }
    line
}
