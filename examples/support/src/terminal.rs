//! The conversation in the terminal: one run per prompt.

use crate::{
    graph::{Support, SupportInputs},
    state::Shown,
    triage::Triage,
};
use burdock::{App, EventKind, Position, Run};
use burdock_llm::{Grown, ToolCall, ToolEvent, tool::ToolStatus};
use chat::terminal::{Input, Terminal};
use serde_json::Value;
use std::{collections::BTreeMap, io};
use tokio::select;

/// The largest number of characters of a result that are shown.
const RESULT: usize = 300;

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

/// Answers prompts until the input ends, or Ctrl-C is pressed twice. An interrupted answer continues first.
///
/// # Errors
/// Returns an error if the terminal cannot be read or written.
pub async fn talk(app: &mut App<Support>, terminal: &mut Terminal) -> io::Result<()> {
    let mut last = Answered::Done;
    if let Position::Unfinished(node) = app.position() {
        terminal.notice(&format!("(continues at {node})"))?;
        last = show(app.resume(), terminal).await?;
        end(app, terminal)?;
    }
    while last != Answered::Quit {
        match terminal.read().await? {
            Input::End => return Ok(()),
            Input::Interrupt if last == Answered::Stopped => break,
            Input::Interrupt => {
                last = Answered::Stopped;
                terminal.notice("(Ctrl-C again quits)")?;
            }
            Input::Line(prompt) if prompt.is_empty() => {}
            Input::Line(prompt) => {
                let inputs = SupportInputs { prompt };
                let run = match app.position() {
                    // the last run failed, or was stopped between two steps: start again
                    Position::Unfinished(_) => app.restart(inputs),
                    Position::Rest(_) | Position::Ended => app.run(inputs),
                };
                last = show(run, terminal).await?;
                end(app, terminal)?;
            }
        }
    }
    terminal.notice("Goodbye.")
}

/// Shows the usage and the cost so far.
fn end(app: &App<Support>, terminal: &mut Terminal) -> io::Result<()> {
    if let Some(spent) = app.state().spent() {
        terminal.notice(&format!("({spent})"))?;
    }
    terminal.end_exchange()
}

/// Shows the events of a run.
async fn show(run: Run<'_, Support>, terminal: &mut Terminal) -> io::Result<Answered> {
    let mut events = run.events();
    let stopper = events.stopper();
    let mut shown = Exchange::default();
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
                Some(Ok(event)) => match &event.kind {
                    EventKind::Item(item) => shown.item(item, terminal)?,
                    EventKind::StepCommitted { .. } => shown.committed(terminal)?,
                    EventKind::ItemsSuperseded { .. } => {
                        shown = Exchange::default();
                        terminal.notice("(this part starts again)")?;
                    }
                    _ => {}
                },
                Some(Err(_)) | None => break,
            },
        }
    }
    if let Err(error) = events.finish().await {
        terminal.error(&with_sources(&error))?;
        return Ok(Answered::Done);
    }
    if stopper.is_stopped() {
        terminal.notice("(stopped. Ask again, or press Ctrl-C again to quit)")?;
        return Ok(Answered::Stopped);
    }
    Ok(Answered::Done)
}

/// The state of the display of a run.
#[derive(Default)]
struct Exchange {
    triage: Grown<Triage>,
    /// The names of the calls that have started, by their ids.
    names: BTreeMap<String, String>,
}

impl Exchange {
    fn item(&mut self, item: &Shown, terminal: &mut Terminal) -> io::Result<()> {
        match item {
            Shown::Triage(change) => self.triage.apply(change).map_err(io::Error::other),
            Shown::Text(text) => terminal.answer(text),
            // a call is shown when it starts
            Shown::Writing(_) | Shown::Call(_) => Ok(()),
            Shown::Tool(event) => self.tool(event, terminal),
        }
    }

    /// Shows the complete triage.
    fn committed(&mut self, terminal: &mut Terminal) -> io::Result<()> {
        let triage = std::mem::take(&mut self.triage);
        let Some(triage) = triage.partial() else { return Ok(()) };
        let value = serde_json::to_value(triage).map_err(io::Error::other)?;
        terminal.notice(&format!("[{}]", line(&value)))
    }

    fn tool(&mut self, event: &ToolEvent, terminal: &mut Terminal) -> io::Result<()> {
        match event {
            ToolEvent::Started(ToolCall { id, name, arguments, .. }) => {
                self.names.insert(id.clone(), name.clone());
                terminal.notice(&format!("→ {name} ({})", line(arguments)))
            }
            ToolEvent::Progress { id, item } => {
                terminal.notice(&format!("  {}: {}", self.name(id), text(item)))
            }
            ToolEvent::Finished { id, result } => {
                let mark = if result.status == ToolStatus::Succeeded { "←" } else { "✗" };
                let text: String = result.text.chars().take(RESULT).collect();
                let rest = if text.len() < result.text.len() { " …" } else { "" };
                terminal.notice(&format!("{mark} {}: {text}{rest}", self.name(id)))
            }
            _ => Ok(()),
        }
    }

    fn name(&self, id: &str) -> &str {
        self.names.get(id).map_or("", String::as_str)
    }
}

/// Formats the fields of an object in one line.
fn line(value: &Value) -> String {
    let Value::Object(fields) = value else { return text(value) };
    let fields = fields.iter().map(|(name, value)| format!("{name}: {}", text(value)));
    fields.collect::<Vec<_>>().join(", ")
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Formats an error and its sources in one line.
pub fn with_sources(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        line = format!("{line}: {error}");
        source = error.source();
    }
    line
}
