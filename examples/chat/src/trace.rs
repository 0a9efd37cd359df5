//! The path through the graph, one arrow per commit: `· prompt → check_safety → refuse`.

use crate::graph::Chatbot;
use burdock::{Event, EventKind, Next};
use chat::terminal::Terminal;
use std::io;

/// Visibility of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    /// Every transition is shown.
    Shown,
    /// Nothing is shown.
    Hidden,
}

impl Trace {
    /// Shows an event, if it is part of the path.
    pub fn show(self, event: &Event<Chatbot>, terminal: &mut Terminal) -> io::Result<()> {
        if self == Self::Hidden {
            return Ok(());
        }
        let EventKind::StepCommitted { next } = event.kind else {
            return Ok(());
        };
        let next = match next {
            Next::Node(node) => node.to_string(),
            Next::Pause(node) => format!("pause {node}"),
            Next::End => "end".into(),
        };
        terminal.step(&event.node.to_string(), &next)
    }
}
