//! The graph, which the page shows beside the chat.
//!
//! Actions and their state may come from another crate, and a parameter is bound where a graph names the
//! node: in this graph, the preamble allows the model to use Markdown.

use burdock::prelude::*;
use burdock_llm::Model;
use chat::{
    actions::{check_safety, choose_mode, refuse, respond, take_prompt},
    state::{Chat, Delta, Mode},
};
use std::{sync::Arc, time::Duration};

graph! {
    /// Answers a prompt in the mode that fits it.
    pub Chatbot(Chat) {
        inputs { prompt: String }
        resources { llm: Arc<dyn Model> }
        yields Delta;

        nodes {
            prompt: take_prompt,
            check_safety,
            choose_mode,
            #[timeout(Duration::from_mins(5))]
            write_code: respond { preamble: "Reply with code only, in a fenced block.".into() },
            #[timeout(Duration::from_mins(5))]
            answer: respond { preamble: "Answer the question. You may use Markdown.".into() },
            refuse,
        }

        start prompt;
        prompt -> check_safety;
        check_safety -> if state.safe { choose_mode } else { refuse };
        choose_mode -> match state.mode {
            Mode::Code => write_code,
            Mode::Question => answer,
        };
        write_code | answer | refuse -> pause prompt;
    }
}
