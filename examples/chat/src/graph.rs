//! The graph: which node follows which.
//!
//! One action may serve several nodes with different parameters (`respond`), a transition is an ordinary
//! `if` or `match` over the state, and `pause` waits for the next prompt. If you remove a line, the
//! compiler reports what is missing.
//!
//! Every answer leads to a pause, complete or not, so no later step mistakes a partial answer for a
//! complete one. A graph with such a step checks the state first,
//! `answer -> if state.ended == … { … } else { pause }`.

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
            write_code: respond { preamble: "Reply with code only.".into() },
            #[timeout(Duration::from_mins(5))]
            answer: respond { preamble: "Answer the question.".into() },
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
