//! The fallback rule: reflects the prompt, as Eliza did, and explains how to use a model.

use super::{Talk, words::excerpt};
use crate::environment::PROVIDERS;

/// Pronouns and verbs from the opposite perspective. Pairs of words come before single words.
const OTHER_SIDE: &[(&str, &str)] = &[
    ("i am", "you are"),
    ("am i", "are you"),
    ("you are", "I am"),
    ("are you", "am I"),
    ("i'm", "you are"),
    ("you're", "I am"),
    ("i", "you"),
    ("me", "you"),
    ("my", "your"),
    ("mine", "yours"),
    ("you", "I"),
    ("your", "my"),
    ("yours", "mine"),
];

/// The start of a prompt, and the reply about the rest of it. The first match is used.
const REPLIES: &[(&str, &str)] = &[
    ("i feel", "How long have you felt {}?"),
    ("i am", "How long have you been {}?"),
    ("i'm", "How long have you been {}?"),
    ("i want", "What would change if you had {}?"),
    ("i need", "What would change if you had {}?"),
    ("i think", "What makes you think {}?"),
    ("do you", "Whether I {} is for you to judge."),
    ("can you", "Whether I can {}: offline, I fear not."),
    ("could you", "Whether I could {}: offline, I fear not."),
    ("please", "I would gladly {}, but offline I cannot."),
    ("tell me about", "I would have to make something up about {}."),
    ("what is", "I have no entry on {}."),
    ("what are", "I have no entry on {}."),
    ("who is", "I do not know {}; I know no people at all."),
    ("why", "Why {}? My rules have no reasons in them."),
    ("how", "How {}? I could only guess."),
    ("when", "When {}? I know no dates."),
    ("where", "Where {}? I have no map."),
    ("write", "Writing {} takes more than the few forms I know."),
    ("", "You say: {}. What would a good answer to that look like?"),
];

/// Answers any prompt, and states that the responder is offline.
pub(super) fn reflect(talk: &Talk<'_>) -> String {
    let offline = format!(
        "I am offline: a handful of rules, not a language model. To talk to one, set OPENAI_API_KEY, \
         ANTHROPIC_API_KEY or GEMINI_API_KEY, or BURDOCK_BASE_URL and BURDOCK_MODEL for a server of \
         your own, and start me with {PROVIDERS}."
    );
    let excuse =
        if talk.has_answered(&offline) { "I am still offline, as I said." } else { &offline };
    format!("{} {excuse}", reply(talk.prompt))
}

fn reply(prompt: &str) -> String {
    let words: Vec<String> = excerpt(prompt).split_whitespace().map(bare).collect();
    for (opening, template) in REPLIES {
        let opening: Vec<&str> = opening.split_whitespace().collect();
        let Some((start, rest)) = words.split_at_checked(opening.len()) else {
            continue;
        };
        let opens = start.iter().zip(opening).all(|(word, cue)| word.eq_ignore_ascii_case(cue));
        if opens && !rest.is_empty() {
            return template.replace("{}", &from_the_other_side(rest));
        }
    }
    "There is not much I can make of that.".to_owned()
}

fn bare(word: &str) -> String {
    word.trim_matches(['.', ',', '?', '!', ';', ':', '"']).to_owned()
}

fn from_the_other_side(mut words: &[String]) -> String {
    let mut turned: Vec<String> = Vec::new();
    while let [first, rest @ ..] = words {
        let pair = rest.first().and_then(|second| other_side(&format!("{first} {second}")));
        words = if pair.is_some() { rest.get(1..).unwrap_or_default() } else { rest };
        let turn = pair.or_else(|| other_side(first));
        turned.push(turn.map_or_else(|| first.clone(), str::to_owned));
    }
    turned.join(" ")
}

fn other_side(phrase: &str) -> Option<&'static str> {
    let mut table = OTHER_SIDE.iter();
    let (_, turned) = table.find(|(from, _)| from.eq_ignore_ascii_case(phrase))?;
    Some(turned)
}
