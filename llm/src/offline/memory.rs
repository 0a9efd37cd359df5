//! Rules that use the history: names, and earlier messages.

use super::{Talk, words::excerpt};
use crate::Role;

/// Phrases before a name.
const INTRODUCTIONS: &[&[&str]] =
    &[&["my", "name", "is"], &["my", "name's"], &["i", "am", "called"], &["people", "call", "me"]];

const ABOUT_NAME: &[&str] = &["my name", "who am I"];
const ABOUT_QUESTIONS: &[&str] = &[
    "did I ask",
    "did I say",
    "have I asked",
    "I asked before",
    "my last question",
    "my first question",
    "my previous question",
];
const ABOUT_ANSWERS: &[&str] =
    &["did you say", "did you answer", "your last answer", "you said before"];

/// Greets users who introduce themselves.
pub(super) fn note_name(talk: &Talk<'_>) -> Option<String> {
    let name = introduced(talk.prompt)?;
    Some(match known_name(talk) {
        Some(before) if before != name => format!("{name} it is then, no longer {before}."),
        Some(_) => format!("I had not forgotten, {name}."),
        None => format!(
            "Nice to meet you, {name}. I will remember that for as long as this session lasts."
        ),
    })
}

/// Answers "what is my name".
pub(super) fn recall_name(talk: &Talk<'_>) -> Option<String> {
    talk.words.has_any(ABOUT_NAME).then(|| match known_name(talk) {
        Some(name) => format!("You are {name}; you told me."),
        None => "You have not told me your name yet. Try: my name is Ada.".to_owned(),
    })
}

/// Answers "what did I ask before".
pub(super) fn recall_question(talk: &Talk<'_>) -> Option<String> {
    if !talk.words.has_any(ABOUT_QUESTIONS) {
        return None;
    }
    let (when, prompt) = if talk.words.has("first") {
        ("The first thing you said was", talk.earlier_prompts().next())
    } else {
        ("Just before this you said", talk.earlier_prompts().next_back())
    };
    let count = talk.earlier_prompts().count();
    Some(match prompt {
        Some(prompt) => {
            format!("{when}: \"{}\" I remember {count} prompt(s) of yours.", excerpt(prompt))
        }
        None => "Nothing yet: this is the first thing you say in this session.".to_owned(),
    })
}

/// Answers "what did you say".
pub(super) fn recall_answer(talk: &Talk<'_>) -> Option<String> {
    let last = || talk.texts_of(Role::Assistant).next_back();
    talk.words.has_any(ABOUT_ANSWERS).then(|| match last() {
        Some(answer) => format!("My last answer began like this: \"{}\"", excerpt(answer)),
        None => "I have not said anything yet.".to_owned(),
    })
}

/// Returns the last name that the user gave before this prompt.
pub(super) fn known_name(talk: &Talk<'_>) -> Option<String> {
    talk.earlier_prompts().rev().find_map(introduced)
}

/// Returns the name in "my name is Ada".
fn introduced(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    INTRODUCTIONS.iter().find_map(|introduction| {
        let is_here = |here: &[&str]| {
            let mut pairs = here.iter().zip(*introduction);
            pairs.all(|(word, expected)| word.eq_ignore_ascii_case(expected))
        };
        let start = words.windows(introduction.len()).position(is_here)?;
        let name = words.get(start + introduction.len())?;
        let mut name = name.trim_matches(|c: char| !c.is_alphanumeric()).chars();
        let initial = name.next()?;
        Some(initial.to_uppercase().chain(name).collect())
    })
}
