//! The messages that windows and summaries keep.

use super::call;
use burdock_llm::{
    Message, ModelError, Options, Reason, Script, Scripted, Summary, Usage, Window, estimate,
};
use serde_json::json;

/// A question with two calls, and a second question.
fn history() -> Vec<Message> {
    let calls = [call("1", "find", json!({})), call("2", "find", json!({}))];
    vec![
        Message::user("Rules."),
        Message::user("First?"),
        Message::assistant("").with_tool_calls(calls.clone()),
        Message::tool(&calls[0], "one"),
        Message::tool(&calls[1], "two"),
        Message::assistant("First!"),
        Message::user("Second?"),
    ]
}

fn texts(window: Window, history: &[Message]) -> Vec<String> {
    window.of(history).into_iter().map(|message| message.text).collect()
}

#[test]
fn a_window_keeps_the_newest_messages_from_a_question_on() {
    let history = history();
    let all = ["Rules.", "First?", "", "one", "two", "First!", "Second?"];
    for (window, expected) in [
        (Window::all(), &all[..]),
        (Window::last(100), &all),
        (Window::last(0), &["Second?"]),
        (Window::last(5), &["Second?"]),
        (Window::last(6), &all[1..]),
        (Window::last(1).pinned(1), &["Rules.", "Second?"]),
        (Window::last(1).pinned(100), &all),
        (Window::tokens(0), &["Second?"]),
        (Window::tokens(usize::MAX), &all),
        (Window::tokens(2).counted_by(|_| 1).pinned(1), &["Rules.", "Second?"]),
        (Window::tokens(7).counted_by(|_| 1).pinned(1), &all),
    ] {
        assert_eq!(texts(window, &history), expected, "{window:?}");
    }
}

#[test]
fn in_the_middle_of_a_loop_the_question_and_whole_calls_are_kept() {
    let mut history = history();
    history.truncate(5);
    for _ in 0..3 {
        let next = call("3", "find", json!({}));
        history.push(Message::assistant("more").with_tool_calls([next.clone()]));
        history.push(Message::tool(&next, "three"));
    }
    // a call and its result are one group, and the newest group is always kept
    for (most, expected) in [
        (0, &["First?", "more", "three"][..]),
        (1, &["First?", "more", "three"]),
        (2, &["First?", "more", "three"]),
        (3, &["First?", "more", "three"]),
        (4, &["First?", "more", "three", "more", "three"]),
    ] {
        assert_eq!(texts(Window::last(most), &history), expected, "{most}");
    }
}

#[test]
fn a_long_result_and_parallel_calls_are_never_lost() {
    let calls: Vec<_> = (0..8).map(|id| call(&id.to_string(), "read", json!({}))).collect();
    let results = calls.iter().map(|call| Message::tool(call, "x".repeat(60_000)));
    let asked = [Message::user("Q?"), Message::assistant("").with_tool_calls(calls.clone())];
    let history: Vec<_> = asked.into_iter().chain(results).collect();
    for window in
        [Window::tokens(4_000), Window::last(0), Window::last(8), Window::last(1).pinned(1)]
    {
        assert_eq!(window.of(&history), history, "{window:?}");
    }
    // a pinned call keeps its results
    let pinned = Window::last(1).pinned(2).of(&super::memory::history());
    assert_eq!(pinned.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_long_history_is_summarized_in_bounded_requests() {
    let history: Vec<_> = (0..100)
        .flat_map(|turn| [Message::user("x".repeat(50_000)), Message::assistant(turn.to_string())])
        .collect();
    let llm = Scripted::new([Script::new().say("Summary")]);
    let mut summary = Summary::default();
    summary.extend(&Window::last(2), &history, &llm).await.unwrap();
    assert_eq!(summary.messages, 198);
    assert_eq!(llm.requests().len(), 5);
    assert!(llm.requests().iter().all(|request| request.messages[0].text.len() < 100_000));
}

#[test]
fn tokens_are_estimated_from_texts_and_calls() {
    assert_eq!(estimate(&Message::user("")), 4);
    assert_eq!(estimate(&Message::user("12345678")), 6);
    let calling = Message::assistant("").with_tool_calls([call("1", "find", json!({ "a": 1 }))]);
    assert!(estimate(&calling) > 12);
}

#[tokio::test(start_paused = true)]
async fn a_summary_covers_each_message_once() {
    let mut history = history();
    let llm = Scripted::new([Script::new().say("Summary 1"), Script::new().say("Summary 2")]);
    let mut summary = Summary::default();
    let window = Window::last(1).pinned(1);
    summary.extend(&window, &history, &llm).await.unwrap();
    assert_eq!(summary, Summary { text: "Summary 1".into(), messages: 6 });
    let text = llm.requests()[0].messages[0].text.clone();
    for part in ["user: First?", "calls find({})", "result: one", "assistant: First!"] {
        assert!(text.contains(part), "{text}");
    }
    assert!(!text.contains("Rules.") && !text.contains("Second?"), "{text}");

    // nothing new
    summary.extend(&window, &history, &llm).await.unwrap();
    assert_eq!(llm.requests().len(), 1);

    history.push(Message::assistant("Second!"));
    history.push(Message::user("Third?"));
    summary.extend(&window, &history, &llm).await.unwrap();
    assert_eq!(summary, Summary { text: "Summary 2".into(), messages: 8 });
    let text = llm.requests()[1].messages[0].text.clone();
    assert!(text.contains("Summary 1") && text.contains("user: Second?"), "{text}");
    assert!(!text.contains("First?"), "{text}");

    let request = summary.request(&window, &history).system("Be brief.");
    let texts: Vec<_> = request.messages.iter().map(|message| &*message.text).collect();
    assert_eq!(texts[1..], ["Rules.", "Third?"]);
    assert!(texts[0].ends_with("Summary 2"));
}

#[tokio::test(start_paused = true)]
async fn a_summary_that_fails_changes_nothing() {
    let history = history();
    let limit = Script::new().say("Summ").end(Reason::Limit, Usage::default());
    for script in
        [Script::new().refuse(500), Script::new().say("Summ").cut(), Script::new().say(" "), limit]
    {
        let llm = Scripted::new([script]);
        let mut summary = Summary { text: "before".into(), messages: 1 };
        let error: ModelError = summary.extend(&Window::last(1), &history, &llm).await.unwrap_err();
        assert_ne!(error.to_string(), "");
        assert_eq!(summary, Summary { text: "before".into(), messages: 1 });
    }
}

#[tokio::test]
async fn options_are_those_of_each_request() {
    let llm = Scripted::by(|_| Script::new().say("Short."));
    let history: Vec<Message> = (0..100).map(|number| Message::user(number.to_string())).collect();
    let options = Options { max_tokens: Some(50), ..Options::default() };
    let mut summary = Summary::default();
    summary.extend(&Window::last(1), &history, &llm).options(options).await.unwrap();
    let limits: Vec<_> = llm.requests().iter().map(|request| request.options.max_tokens).collect();
    assert_eq!((limits, summary.messages), (vec![Some(50); 3], 99));
}
