//! Actions of prompts under strict lints, without a prelude, and with names that the expansion uses.
#![deny(warnings, missing_docs, clippy::pedantic)]

mod bare {
    #![no_implicit_prelude]

    #[derive(
        ::burdock::State,
        ::std::clone::Clone,
        ::std::fmt::Debug,
        ::std::default::Default,
        ::serde::Serialize,
        ::serde::Deserialize,
    )]
    pub(super) struct State {
        pub(super) context: ::std::string::String,
        pub(super) r#type: ::std::string::String,
        pub(super) answer: ::std::string::String,
    }

    /// Say {context} {fields} {answer} {change} {value} {r#type} {r#match} {model}
    #[::burdock_llm::prompt(state = State, reads(context, r#type), writes(answer), retries = 1, resource = writer)]
    #[allow(clippy::too_many_arguments, reason = "each is a name")]
    pub(super) async fn r#loop(
        context: &str,
        r#type: ::std::string::String,
        #[input] fields: &str,
        #[input] answer: &str,
        #[input] r#match: &str,
        change: u8,
        value: u8,
        model: ::std::string::String,
    ) -> ::std::string::String;
}

use super::{Result as TestResult, say};
use burdock::prelude::*;
use burdock_llm::{Change, Model};
use burdock_llm::{Script, Scripted};
use std::{sync::Arc, time::Duration};

type Bare = bare::State;

#[action(state = Bare, writes(answer))]
async fn apologise() -> Result<Writes> {
    Ok(Writes { answer: "sorry".to_owned() })
}

graph! {
    Loops(Bare) {
        inputs { fields: String, answer: String, r#match: String }
        resources { writer: Arc<dyn Model> }
        yields Change<String>;
        nodes {
            #[timeout(Duration::from_secs(5))]
            #[retry(burdock::Retry::times(2).superseding())]
            loops: bare::r#loop { change: 1, value: 2, model: "m".to_owned() },
            apologise,
        }
        start loops;
        on error loops -> apologise;
        loops -> pause;
        apologise -> pause;
    }
}

fn inputs() -> LoopsInputs {
    LoopsInputs { fields: "f".into(), answer: "a".into(), r#match: "t".into() }
}

async fn answered(scripts: Vec<Script>) -> TestResult<(String, usize)> {
    let writer = Scripted::new(scripts);
    let resources = LoopsResources { writer: Arc::new(writer.clone()) };
    let mut app = Loops::app().resources(resources).build().await?;
    let end = app.run(inputs()).await?;
    Ok((end.state().answer.clone(), writer.requests().len()))
}

#[tokio::test(start_paused = true)]
async fn a_node_retries_a_prompt_and_takes_its_error_edge() -> TestResult {
    let refused = || Script::new().refuse(503);
    let silent = || Script::new().say("so").silence();
    assert_eq!(answered(vec![refused(), silent(), say("so")]).await?, ("so".to_owned(), 3));
    assert_eq!(answered(vec![refused(), silent(), refused()]).await?, ("sorry".to_owned(), 3));
    // an error that a retry cannot fix is not retried
    assert_eq!(answered(vec![Script::new().refuse(401)]).await?, ("sorry".to_owned(), 1));
    Ok(())
}

/// Declares a prompt whose types are macro fragments.
macro_rules! declare {
    ($name:ident, $text:literal, $owned:ty, $borrowed:ty, $answer:ty) => {
        #[doc = $text]
        #[burdock_llm::prompt(state = Bare, reads(context), writes(answer), resource = writer)]
        async fn $name(context: $borrowed, #[input] fields: $borrowed, count: $owned) -> $answer;
    };
}

declare!(declared, "Say {context} {fields} {count}", u8, &str, String);

graph! {
    Declared(Bare) {
        inputs { fields: String }
        resources { writer: Arc<dyn Model> }
        yields Change<String>;
        nodes { declared { count: 1 } }
        start declared;
        declared -> pause;
    }
}

#[tokio::test(start_paused = true)]
async fn types_of_a_prompt_can_be_macro_fragments() -> TestResult {
    let writer = Scripted::new([say("so")]);
    let resources = DeclaredResources { writer: Arc::new(writer.clone()) };
    let mut app = Declared::app().resources(resources).build().await?;
    let end = app.run(DeclaredInputs { fields: "f".into() }).await?;
    assert_eq!(end.state().answer, "so");
    assert_eq!(writer.requests()[0].messages[0].text, "Say  f 1");
    Ok(())
}
