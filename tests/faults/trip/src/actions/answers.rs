//! Actions over the answers of travellers.

use crate::state::Answers;
use burdock::{Flow, prelude::*};

/// Takes one answer, and repeats it word by word.
#[streaming_action(state = Answers, reads(texts), writes(texts, complete), yields(String))]
pub async fn listen(
    answers: Reads<'_>,
    #[input] text: &String,
    questions: usize,
) -> Result<Writes> {
    let mut repeated = String::new();
    for word in text.split_whitespace() {
        repeated.push_str(word);
        let flow = yield_!(word.to_owned());
        if flow == Flow::Stop {
            break;
        }
    }
    let texts = answers.texts.with(repeated);
    let complete = texts.len() >= questions;
    Ok(Writes { texts, complete })
}

/// Takes the stars.
#[action(state = Answers, writes(stars))]
pub async fn rate(#[input] stars: Option<u8>) -> Result<Writes> {
    let Some(stars) = stars.filter(|stars| (1..=5).contains(stars)) else {
        burdock::bail!("stars are from 1 to 5");
    };
    Ok(Writes { stars })
}
