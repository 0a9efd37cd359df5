//! Storing, forking and listing sessions.
//!
//! An app takes any [`Log`], and a log can be queried without the types of the program: for the list of
//! sessions, or the steps of one.

use crate::{
    args::{Kept, Stored},
    graph::{Chatbot, ChatbotResources},
};
use burdock::{
    App, Log, Runtime,
    log::{
        Durability, History, LogError, Offset, RawSessionView, SessionFilter, SessionId,
        SessionInfo, fork,
    },
    runtime::TokioRuntime,
};
use chat::{log::open, terminal::Terminal};
use serde_json::Value;
use std::{error::Error, sync::Arc};

/// Opens a session in its store.
pub async fn app(kept: Kept, resources: ChatbotResources) -> Result<App<Chatbot>, Box<dyn Error>> {
    let log = open(&kept.place).await?;
    let id = match kept.session {
        Some(id) => id,
        None => SessionId::new(format!("{:016x}", TokioRuntime.random()))?,
    };
    if let Some((parent, offset)) = kept.fork {
        fork(&log, &parent, offset, &id).await?;
    }
    let durability = match kept.stored {
        Stored::Items => Durability::Item,
        Stored::Commits => Durability::Commit,
    };
    let app = Chatbot::app().resources(resources).id(id.as_str()).log(log);
    Ok(app.durability(durability).build().await?)
}

/// Lists all sessions, or the steps of one.
pub async fn list(
    place: &str,
    session: Option<&SessionId>,
    terminal: &mut Terminal,
) -> Result<(), Box<dyn Error>> {
    let log = open(place).await?;
    match session {
        Some(session) => list_steps(&log, session, terminal).await,
        None => list_sessions(&log, terminal).await,
    }
}

async fn list_sessions(log: &Arc<dyn Log>, terminal: &mut Terminal) -> Result<(), Box<dyn Error>> {
    let mut filter = SessionFilter::of::<Chatbot>();
    loop {
        let page = log.sessions(filter.clone()).await?;
        for info in &page {
            terminal.notice(&describe(log, info).await?)?;
        }
        match page.last() {
            Some(last) => filter.after = Some(last.id.clone()),
            None => return Ok(()),
        }
    }
}

async fn describe(log: &Arc<dyn Log>, info: &SessionInfo) -> Result<String, LogError> {
    let last = Offset(info.next.0.saturating_sub(1));
    let state = RawSessionView::at(log, &info.id, last).await?.snapshot.state;
    let messages = state.get("history").and_then(Value::as_array).map_or(0, Vec::len);
    Ok(format!("{}: {messages} messages, {} entries", info.id, info.next))
}

/// Lists each step with the entry from which it can be forked.
async fn list_steps(
    log: &Arc<dyn Log>,
    session: &SessionId,
    terminal: &mut Terminal,
) -> Result<(), Box<dyn Error>> {
    let mut history = History::of(log, session);
    while let Some(step) = history.next().await? {
        let fields: Vec<&str> = step.patches.iter().map(|(field, _)| field.as_str()).collect();
        let fields = if fields.is_empty() { "nothing new".into() } else { fields.join(", ") };
        let (offset, node) = (step.offset, step.node);
        terminal.notice(&format!("{session}@{offset}: {node} wrote {fields}"))?;
    }
    Ok(())
}
