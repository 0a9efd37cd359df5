//! Names that users can choose, and places where a prompt can be declared.
#![deny(warnings, missing_docs, clippy::pedantic)]

use super::{Result, model, say};
use burdock_llm::prompt;
use std::fmt::Display;

/// {text} {self_} {model} {answer} {name} {prompt} {kind:json} {value} {llm} {r#type} {r#match:json}
#[prompt(system = "{context}")]
#[allow(clippy::too_many_arguments, reason = "each is a name")]
pub async fn names(
    text: &str,
    self_: u8,
    model: char,
    answer: String,
    name: &dyn Display,
    prompt: &String,
    kind: Option<&'static str>,
    value: std::num::NonZeroU8,
    llm: f32,
    r#type: &str,
    r#match: Option<u8>,
    context: &str,
) -> String;

#[tokio::test(start_paused = true)]
async fn arguments_can_have_any_name() -> Result {
    let llm = model([say("so")]);
    let six = std::num::NonZeroU8::MIN;
    let call = names("a", 1, 'm', "an".into(), &"n", &"p".into(), None, six, 0.5, "t", None, "c");
    assert_eq!(call.on(&llm).await?, "so");
    Ok(())
}

mod inner {
    //! Only the attribute is imported.
    #![no_implicit_prelude]

    /// Say {r#fn}.
    #[::burdock_llm::prompt(retries = 1)]
    pub(super) async fn r#loop(r#fn: &str) -> ::std::string::String;
}

#[tokio::test(start_paused = true)]
async fn prompts_can_be_in_functions_and_modules_and_have_raw_names() -> Result {
    /// Say {what}.
    #[prompt]
    async fn say_it(what: &str) -> String;

    let llm = model([say("so")]);
    assert_eq!(say_it("so").on(&llm).await?, "so");
    assert_eq!(inner::r#loop("so").on(&llm).await?, "so");
    Ok(())
}
