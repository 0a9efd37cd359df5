//! The mapping from the graph's types to those of the chat page.

use crate::{
    graph::{Support, SupportInputs},
    state::{Desk, Shown},
};
use burdock_serve::{ChatGraph, ChatMessage, ChatRole, ChatUpdate, ChatValue};

impl ChatGraph for Support {
    fn inputs(prompt: String) -> SupportInputs {
        SupportInputs { prompt }
    }

    fn prompt(inputs: &SupportInputs) -> Option<&str> {
        Some(&inputs.prompt)
    }

    /// Returns the messages, and the triage after its prompt.
    fn history(desk: &Desk) -> Vec<ChatMessage> {
        let mut tickets = desk.tickets.iter().peekable();
        let (mut messages, mut prompts) = (Vec::new(), 0);
        for message in ChatMessage::of_history(&desk.history) {
            let is_prompt = message.role == ChatRole::User;
            messages.push(message);
            if !is_prompt {
                continue;
            }
            if let Some(ticket) = tickets.next_if(|ticket| ticket.prompt == prompts) {
                let value = ChatValue::new("triage", &ticket.triage);
                messages.push(ChatMessage::assistant("").with_value(value));
            }
            prompts += 1;
        }
        messages
    }

    fn update(item: &Shown) -> Option<ChatUpdate> {
        match item {
            Shown::Triage(change) => Some(ChatUpdate::of_change("triage", change)),
            Shown::Text(text) => Some(ChatUpdate::text(text)),
            Shown::Writing(call) => Some(ChatUpdate::of_call(call)),
            Shown::Call(call) => Some(ChatUpdate::of_written(call)),
            Shown::Tool(event) => ChatUpdate::of_tool(event),
        }
    }

    fn note(desk: &Desk) -> Option<String> {
        desk.spent()
    }
}
