//! Options: instructions, tools, and the part of the conversation that the model reads.

use super::*;
use burdock_llm::{AgentOptions, AgentState, agent::AgentMemory, tool::ToolStatus};

#[tokio::test(start_paused = true)]
async fn the_model_receives_the_options_and_the_chosen_tools() {
    let world = World::default();
    let llm =
        Scripted::new([Script::new().call(call("1", "search", "tides")), Script::new().say("So.")]);
    let mut app = open(&llm, &world, None).await;
    let options = AgentOptions {
        tools: Some(vec!["order".into(), "unknown".into()]),
        max_tokens: Some(7),
        temperature: Some(0.5),
        ..AgentOptions::default()
    };
    let end = app.run(inputs().options(options).instructions("Be brief.")).await.unwrap();
    for request in llm.requests() {
        let names: Vec<_> = request.options.tools.iter().map(|tool| &*tool.name).collect();
        assert_eq!(names, ["order"]);
        assert_eq!(request.options.system.as_deref(), Some("Be brief."));
        assert_eq!((request.options.max_tokens, request.options.temperature), (Some(7), Some(0.5)));
    }
    // a tool that was not chosen does not run
    assert_eq!(end.state().history[2].tool_status, Some(ToolStatus::Unknown));
    assert_eq!(world.count("search tides"), 0);

    // all tools by default
    app.run(inputs()).await.unwrap();
    assert_eq!(llm.requests().last().unwrap().options.tools.len(), 3);
}

#[tokio::test]
async fn tools_without_resources_are_a_toolset() {
    let tools: Arc<dyn Toolset> = Arc::new(tools![delete_all].at_once(1));
    assert_eq!(format!("{tools:?}"), r#"["delete_all"]"#);
    let results = tools.tools().run([ToolCall::new("1", "delete_all", json!({}))]).whole().await;
    assert_eq!(results.unwrap()[0].text, "null");
}

fn long_history() -> AgentState {
    let history = (0..20).flat_map(|number| {
        [Message::user(format!("{number}?")), Message::assistant(format!("{number}!"))]
    });
    AgentState { history: history.collect(), ..AgentState::default() }
}

#[tokio::test(start_paused = true)]
async fn a_window_bounds_what_the_model_reads() {
    let llm = Scripted::new([Script::new().say("So.")]);
    let resources = resources(&llm, &World::default());
    let app = Agent::app().state(long_history()).resources(resources);
    let options = AgentOptions { memory: AgentMemory::Window(30), ..AgentOptions::default() };
    let end =
        app.build().await.unwrap().run(inputs().options(options)).await.unwrap().state().clone();
    assert_eq!(end.history.len(), 42);
    let request = &llm.requests()[0];
    assert_eq!(texts(&request.messages), ["18?", "18!", "19?", "19!", "Tell me about tides."]);
}

#[tokio::test(start_paused = true)]
async fn a_summary_of_older_messages_is_written_once() {
    let is_summary =
        |request: &burdock_llm::Request| request.messages[0].text.starts_with("Summarize");
    for stage in [0, 1, 2] {
        let answers = Arc::new(Mutex::new(0));
        let counted = Arc::clone(&answers);
        let llm = Scripted::by(move |request| {
            if is_summary(request) {
                return end(Script::new().say("Numbers."));
            }
            // the first answer fails after some text
            *counted.lock().unwrap() += 1;
            let is_first = *counted.lock().unwrap() == 1;
            let script = Script::new().say("S").say("o.");
            if is_first && stage > 0 { script.refuse(503) } else { end(script) }
        });
        let (log, world) = (memory(), World::default());
        let open = || {
            let app = Agent::app().state(long_history()).resources(resources(&llm, &world));
            app.id("ada").log(Arc::clone(&log)).build()
        };
        let options = AgentOptions { memory: AgentMemory::Summary(30), ..AgentOptions::default() };
        let mut app = open().await.unwrap();
        let run = app.run(inputs().options(options)).await;
        assert_eq!(run.is_err(), stage > 0);
        if stage == 2 {
            drop(app);
            app = open().await.unwrap();
        }
        if stage > 0 {
            app.resume().await.unwrap();
        }
        let state = app.state().clone();
        assert_eq!((state.summary.messages, &*state.summary.text), (36, "Numbers."));
        assert_eq!(state.answer(), "So.");
        // of the summary and the answer
        assert_eq!(state.usage.input_tokens, Some(20));
        let requests = llm.requests();
        assert_eq!(requests.iter().filter(|request| is_summary(request)).count(), 1, "{stage}");
        let last = requests.last().unwrap();
        assert!(last.messages[0].text.ends_with("Numbers."), "{last:?}");
        assert_eq!(last.messages.len(), 1 + 5);
    }
}
