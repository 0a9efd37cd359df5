//! The graph that asks travellers.

use crate::{
    actions::answers::{listen, rate as take_stars},
    state::Answers,
};
use burdock::prelude::*;

graph! {
    /// Asks what was good, and for stars.
    pub(crate) Asking(Answers) {
        inputs { text: String, stars: Option<u8> }
        yields String;
        nodes {
            listen { questions: 3 },
            #[retry(1)]
            rate: take_stars,
        }
        start listen;
        listen -> match state.complete {
            true => rate,
            false => pause listen,
        };
        rate -> match (state.stars, state.texts.len()) {
            (0..=2, 0) => pause rate,
            (0..=2, _) => listen,
            _ => end,
        };
    }
}

/// Answers one question.
///
/// # Errors
/// Returns an error if the action fails.
pub async fn answer(text: String) -> std::result::Result<Answers, Box<dyn std::error::Error>> {
    let mut app = Asking::app().build().await?;
    let end = app.run(AskingInputs { text, stars: None }).await?;
    Ok(end.state().clone())
}
