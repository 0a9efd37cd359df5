//! Whatever the order of results, failures, stops and crashes, a history is legal for a provider.

use super::{assert_legal, call};
use burdock_llm::{Message, Role, ToolCall, Window, paired};
use fastrand::Rng;
use serde_json::json;

/// Returns a random history: each part of it may be lost, repeated or in another place.
fn history(random: &mut Rng) -> Vec<Message> {
    let mut messages = Vec::new();
    for turn in 0..random.usize(..6) {
        messages.push(Message::user(format!("question {turn}")));
        // some servers use the same ids in each turn
        let calls: Vec<ToolCall> = (0..random.usize(..4))
            .map(|_| call(&random.u8(..4).to_string(), "find", json!({})))
            .collect();
        messages.push(Message::assistant("").with_tool_calls(calls.clone()));
        let mut results: Vec<Message> = calls
            .iter()
            .map(|call| Message::tool(call, format!("result of {}", call.id)))
            .collect();
        random.shuffle(&mut results);
        messages.extend(results.into_iter().filter(|_| random.u8(..4) > 0));
        if random.bool() {
            messages.push(Message::assistant(format!("answer {turn}")));
        }
    }
    match random.u8(..4) {
        0 => random.shuffle(&mut messages),
        1 => messages.truncate(random.usize(..=messages.len())),
        2 => drop(messages.drain(..random.usize(..=messages.len()))),
        _ => {}
    }
    messages
}

#[test]
fn every_history_is_legal_after_pairing() {
    let mut random = Rng::with_seed(16);
    for _ in 0..5_000 {
        let history = history(&mut random);
        let messages = paired(history.clone());
        assert_legal(&messages);
        // nothing that was written is lost but repeated calls and results without a call
        let others = |messages: &[Message]| -> Vec<String> {
            let kept = messages.iter().filter(|message| message.role != Role::Tool);
            kept.map(|message| message.text.clone()).collect()
        };
        assert_eq!(others(&messages), others(&history));
        // a call whose result follows it keeps it
        for (index, message) in history.iter().enumerate() {
            for call in &message.tool_calls {
                let next = history[index + 1..].iter().find(|later| {
                    later.tool_call_id.as_ref() == Some(&call.id)
                        || later.tool_calls.iter().any(|other| other.id == call.id)
                });
                let result = next.filter(|next| next.role == Role::Tool);
                assert!(result.is_none_or(|result| messages.contains(result)), "{history:#?}");
            }
        }
        assert_eq!(paired(messages.clone()), messages, "pairing twice changes nothing");
    }
}

#[test]
fn every_window_is_legal_and_starts_with_the_user() {
    let mut random = Rng::with_seed(17);
    for _ in 0..5_000 {
        let history = history(&mut random);
        let window = match random.u8(..3) {
            0 => Window::last(random.usize(..8)),
            1 => Window::tokens(random.usize(..200)),
            _ => Window::tokens(random.usize(..200)).at_most(random.usize(..8)),
        };
        let pinned = random.usize(..3);
        let messages = window.pinned(pinned).of(&history);
        assert_legal(&messages);
        let is_asked = history.iter().any(|message| message.role == Role::User);
        let first = messages.iter().find(|message| message.role != Role::Tool);
        if let (Some(first), true) = (first, is_asked && pinned == 0) {
            assert_eq!(first.role, Role::User, "{window:?} of {history:#?}");
        }
        if let Some(newest) = history.last().filter(|newest| newest.role == Role::User) {
            assert_eq!(messages.last(), Some(newest));
        }
    }
}
