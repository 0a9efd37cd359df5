//! The conversation: one run per prompt.
//!
//! A run is a stream, of items or, as here, of all its events. Its
//! [`Stopper`](burdock::Stopper) ends it early and keeps what was shown. After an error the app is
//! unfinished, and `restart` starts the run again with a new prompt. A session whose process died in the
//! middle of an answer is unfinished too, and `resume` repeats that answer.

use crate::{
    graph::{Chatbot, ChatbotInputs},
    trace::Trace,
};
use burdock::{App, EventKind, Position, Run};
use chat::terminal::{Input, Terminal};
use std::{error::Error, io};
use tokio::select;

/// How an exchange ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answered {
    /// With an answer, or with an error that was shown.
    Done,
    /// With a partial answer.
    Stopped,
    /// The user quit before the stop took effect.
    Quit,
}

/// Answers prompts until the input ends, or Ctrl-C is pressed twice.
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

/// Describes the session: its id, its length and its position.
pub fn introduce(app: &App<Chatbot>) -> String {
    let (id, messages) = (app.id(), app.state().history.len());
    match app.position() {
        Position::Unfinished(node) => {
            format!("session {id}: {messages} messages so far, interrupted at {node}")
        }
        Position::Rest(_) | Position::Ended if app.state().was_stopped() => {
            format!("session {id}: {messages} messages so far, the last answer was stopped")
        }
        Position::Rest(_) | Position::Ended => format!("session {id}: {messages} messages so far"),
    }
}

/// Runs the graph for one prompt and shows the answer.
async fn answer(
    app: &mut App<Chatbot>,
    terminal: &mut Terminal,
    trace: Trace,
    prompt: String,
) -> io::Result<Answered> {
    let inputs = ChatbotInputs { prompt };
    let run = match app.position() {
        // the last run failed, or was stopped between two steps: start it again
        Position::Unfinished(_) => app.restart(inputs),
        Position::Rest(_) | Position::Ended => app.run(inputs),
    };
    show(run, terminal, trace).await
}

/// Shows the events of a run.
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
        terminal.notice(&format!("(stopped, {kept}. Ask again, or press Ctrl-C again to quit)"))?;
        return Ok(Answered::Stopped);
    }
    Ok(Answered::Done)
}

/// Formats an error and its sources in one line.
pub fn with_sources(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        line = format!("{line}: {error}");
        source = error.source();
    }
    line
}
