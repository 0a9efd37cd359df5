//! The run of a session: a new one, or one that was interrupted.

use crate::{
    args::Task,
    progress::Progress,
    report::{Reporting, ReportingInputs, ReportingNode},
    screen::Screen,
};
use burdock::{App, EventKind, Position, Run};
use std::error::Error;
use tokio::select;

/// A session that cannot do what was requested.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// A new session without a task.
    #[error("session `{0}` is new: it needs a question or `--topic`")]
    NoTask(String),
    /// A session with another task.
    #[error(
        "session `{0}` has another task: name no question and no `--topic` to continue it, or choose another \
         session with `--session`"
    )]
    OtherTask(String),
}

/// Runs the research, continues it if it was interrupted, and shows the report.
///
/// # Errors
/// Returns an error if the session has another task, or if the run fails.
pub async fn research(
    app: &mut App<Reporting>,
    task: Option<Task>,
    screen: &mut Screen,
) -> Result<(), Box<dyn Error>> {
    check(app, task.as_ref())?;
    let inputs = task.map(|Task { topic, questions, at_most }| ReportingInputs {
        topic,
        questions,
        at_most,
    });
    let has_ended = match (app.position(), inputs) {
        (Position::Ended, _) => true,
        (Position::Rest(_), None) => {
            return Err(SessionError::NoTask(app.id().to_string()).into());
        }
        (Position::Rest(_), Some(inputs)) => show(app.run(inputs), screen).await?,
        // interrupted before it had planned anything
        (Position::Unfinished(ReportingNode::plan), Some(inputs)) => {
            show(app.restart(inputs), screen).await?
        }
        (Position::Unfinished(node), _) => {
            screen.notice(&format!("(continues at {node})"))?;
            show(app.resume(), screen).await?
        }
    };
    if !has_ended {
        return Ok(screen.notice("(stopped; start again to continue)")?);
    }
    let text = app.state().text.as_deref().unwrap_or_default();
    Ok(screen.notice(&format!("\n{}", text.trim_end()))?)
}

/// Checks that a session which has started has this task.
fn check(app: &App<Reporting>, task: Option<&Task>) -> Result<(), SessionError> {
    let (topic, questions) = (&app.state().topic, &app.state().questions);
    let Some(task) = task.filter(|_| !topic.is_empty()) else { return Ok(()) };
    if task.topic == *topic && (task.questions.is_empty() || task.questions == *questions) {
        return Ok(());
    }
    Err(SessionError::OtherTask(app.id().to_string()))
}

/// Shows a run. Returns whether it has ended.
async fn show(run: Run<'_, Reporting>, screen: &mut Screen) -> Result<bool, Box<dyn Error>> {
    let mut events = run.events();
    let stopper = events.stopper();
    let mut progress = Progress::default();
    loop {
        let event = select! {
            biased;
            interrupt = tokio::signal::ctrl_c() => {
                interrupt?;
                if stopper.is_stopped() {
                    return Ok(false);
                }
                stopper.stop();
                continue;
            }
            event = events.next() => event,
        };
        match event {
            Some(Ok(event)) => match &event.kind {
                EventKind::Item(item) => {
                    let changed = progress.apply(item);
                    screen.show(&progress, changed)?;
                }
                // another attempt shows everything again
                EventKind::ItemsSuperseded { .. } => progress = Progress::default(),
                _ => {}
            },
            Some(Err(_)) | None => break,
        }
    }
    match events.finish().await {
        Ok(_) => Ok(!stopper.is_stopped()),
        Err(_) if stopper.is_stopped() => Ok(false),
        Err(error) => Err(error.into()),
    }
}
