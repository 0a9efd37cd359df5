//! An agent in a program that has burdock under another path.

use super::{World, llm, resources};

mod facade {
    pub(crate) use burdock as framework;
    pub(crate) use burdock_llm as models;
}

use facade::{
    framework::{
        Result, State, action, graph,
        run::{Sub, SubEvent},
    },
    models::{Agent, AgentInputs, AgentResources, Model, Toolset},
};
use std::sync::Arc;

#[derive(State, Clone, Default, serde::Serialize, serde::Deserialize)]
#[burdock(crate = crate::hygiene::facade::framework)]
struct Report {
    text: String,
}

#[action(state = Report, writes(text), crate = crate::hygiene::facade::framework)]
async fn investigate(#[graph] agent: Sub<'_, Agent>) -> Result<Writes> {
    let mut runs = agent.each([("one", AgentInputs::new("Tell me about tides."))]);
    while let Some(event) = runs.next().await {
        if let SubEvent::Ended { key, .. } = event? {
            assert_eq!(&*key, "one");
        }
    }
    let text = runs.into_ends().map(|(_, end)| end.state().answer().to_owned()).collect();
    Ok(Writes { text })
}

graph! {
    #[burdock(crate = crate::hygiene::facade::framework)]
    Reporting(Report) {
        resources { llm: Arc<dyn Model>, tools: Arc<dyn Toolset> }
        nodes { investigate }
        start investigate;
        investigate -> end;
    }
}

#[tokio::test(start_paused = true)]
async fn an_agent_runs_in_a_program_that_renames_burdock() {
    let AgentResources { llm, tools } = resources(&llm(), &World::default());
    let app = Reporting::app().resources(ReportingResources { llm, tools });
    let end = app.build().await.unwrap().run(ReportingInputs {}).await.unwrap().state().clone();
    assert_eq!(end.text, "All about tides, and a book.");
}
