//! Explanations of topics, and small talk.

use super::{Talk, memory::known_name};

/// Answers to prompts about a topic.
struct Topic {
    cues: &'static [&'static str],
    /// Different wordings; `{name}` is the user's name after a comma, if it is known.
    answers: &'static [&'static str],
}

const fn topic(cues: &'static [&'static str], answers: &'static [&'static str]) -> Topic {
    Topic { cues, answers }
}

const TOPICS: &[Topic] = &[
    // small talk
    topic(
        &["hello", "hi", "hey", "good morning", "good evening"],
        &[
            "Hello{name}! Ask me about Rust, about state machines, or for a limerick.",
            "Hello again{name}! What shall it be?",
        ],
    ),
    topic(
        &["how are you", "how do you do"],
        &[
            "Running, thank you{name}; all my rules are in order. And you?",
            "No change since you last asked{name}, which is what one expects of a table.",
        ],
    ),
    topic(
        &["who are you", "what are you", "your name", "are you a model", "are you human"],
        &[
            "I am burdock's offline responder: a few rules over tables, no language model.",
            "A stand-in{name}: I answer so that the program runs without network and key.",
        ],
    ),
    topic(
        &["what can you do", "what do you know", "help", "help me"],
        &[
            "I explain some words (monad, ownership, state machine, stream, backpressure …), calculate, write \
         limericks and well-known small programs, and I remember your name and what you asked.",
        ],
    ),
    topic(&["thanks", "thank you"], &["You are welcome{name}.", "Gladly{name}, any time."]),
    topic(
        &["bye", "goodbye", "see you"],
        &["Goodbye{name}. If this session has a log, we can continue right here next time."],
    ),
    topic(
        &["joke", "make me laugh"],
        &[
            "A program walks into a bar and asks for a reference. It was dropped before it got there.",
            "There are two hard things in streaming: order, exactly once, and order.",
        ],
    ),
    // Rust
    topic(
        &["rust"],
        &[
            "Rust is a systems language whose compiler proves, before the program runs, that memory is never \
         used after it is freed and never shared and changed at once. No garbage collector is needed.",
        ],
    ),
    topic(
        &["ownership", "owner", "move semantic"],
        &[
            "Every value in Rust has exactly one owner; when the owner goes out of scope, the value is dropped. \
         Passing it on moves it, and the old name can no longer be used. So nothing is freed twice, and \
         nothing is forgotten.",
            "Think of a library book: one person holds it and answers for it. They may lend it (a borrow) or \
         give it away (a move), and then that person owns it. That is ownership.",
        ],
    ),
    topic(
        &["borrow", "borrowing", "borrow checker", "reference"],
        &[
            "A borrow is a reference that does not own: any number of `&T` to read, or a single `&mut T` to \
         change, never both at once. The borrow checker sees to it that none outlives its value.",
        ],
    ),
    topic(
        &["lifetime"],
        &[
            "A lifetime names how long a reference stays valid. Most are inferred; you write `'a` where a \
         signature must say which input the output borrows from.",
        ],
    ),
    topic(
        &["trait"],
        &[
            "A trait is a set of methods that types can promise to have. Generic code asks for the promise; \
         `dyn Trait` keeps it at run time through a table of function pointers.",
        ],
    ),
    topic(
        &["closure"],
        &[
            "A closure is a function written in place that captures what it needs from around it, by \
         reference, by mutable reference or by move: that is the difference of `Fn`, `FnMut` and `FnOnce`.",
        ],
    ),
    topic(
        &["macro", "proc macro"],
        &[
            "A macro is a program that writes a program: it takes tokens at compile time and returns tokens. \
         `macro_rules!` does it by patterns, a procedural macro by any Rust code.",
        ],
    ),
    topic(
        &["async", "await", "future", "tokio"],
        &[
            "An async fn returns a future: a state machine that does nothing until it is polled, and that gives \
         the thread back at every `.await` that is not ready. An executor such as tokio polls it again when \
         something has happened.",
            "Async lets one thread wait for thousands of things. Each `.await` is a place where a task may be \
         set aside, and dropped, so for each of them you have to ask what would be lost.",
        ],
    ),
    // concepts of burdock
    topic(
        &["burdock"],
        &[
            "Burdock is a plant whose burs cling to whatever brushes past. The Rust framework of that name \
         holds on too: state machines that stream while they work, where nothing that was committed is lost.",
        ],
    ),
    topic(
        &["state machine", "automaton", "fsm", "finite state"],
        &[
            "A state machine is a set of states, a current one, and rules that say which may follow. Drawn as a \
         graph it shows at a glance what a program can do next, and so what it can never do.",
            "Traffic lights are a state machine: red, green, amber, and a fixed rule for what comes next. This \
         chat is one as well: prompt, check, choose a mode, answer, and back to the prompt.",
        ],
    ),
    topic(
        &["stream", "streaming"],
        &[
            "A stream is an iterator that may have to wait: it yields items one by one as they become available. \
         What you are reading arrives as one, word by word.",
        ],
    ),
    topic(
        &["backpressure", "back pressure"],
        &[
            "Backpressure is how a slow consumer slows its producer down, instead of drowning in a growing \
         queue. Here it is a single item: no word is made before the last one was taken.",
        ],
    ),
    topic(
        &["event sourcing", "append only log", "write ahead log", "durability"],
        &[
            "Write down what happened, in order, before you act on it; then the state can always be computed \
         again. That is the idea of an append-only log, and after a crash it is what you still have.",
        ],
    ),
    // other topics
    topic(
        &["monad"],
        &[
            "A monad is a type with two operations: put a value in, and chain a step that itself returns such a \
         type. `Option` and `and_then` are one: every step may fail, and none of them has to look.",
            "Forget the burritos. If you have written `?` after a `Result`, you have used a monad: \"continue with \
         the value, or leave with the error\", plumbed once and for all.",
        ],
    ),
    topic(
        &["recursion", "recursive"],
        &[
            "Recursion solves a problem by solving a smaller one of the same kind, down to one that is trivial. \
         If that is not clear, ask me again what recursion is.",
            "See recursion. (You did ask again.)",
        ],
    ),
    topic(
        &["deadlock", "mutex", "race condition"],
        &[
            "A mutex lets one thread in at a time. Two threads that each hold one and wait for the other's are \
         deadlocked; taking locks always in the same order, or having one owner of the state, prevents it.",
        ],
    ),
    topic(
        &["language model", "llm", "gpt"],
        &[
            "A language model predicts the next piece of text from what came before, learnt from a great deal \
         of it. I am none: I look words up in a table.",
        ],
    ),
    topic(
        &["crdt"],
        &[
            "A CRDT is a data type whose copies can be changed apart and merged in any order, always with the \
         same result. The price is that it may only offer operations for which that is true.",
        ],
    ),
];

const LIMERICKS: &[&str] = &[
    "A burdock once clung to a sock\nAnd was carried for miles round the block.\n  Cried the bur: \"I commit\n  To each step, every bit,\nAnd it's all written down in the log.\"",
    "A borrower, mutable, keen,\nLent a slice where a reader had been.\n  The compiler cried: \"No!\n  You must first let it go.\"\nAnd the build has been green since the scene.",
    "A stream that was eager to please\nSent its items with terrible ease,\n  Till the consumer cried: \"Stop!\n  Only one, then we swap!\"\nAnd the queue could at last be at peace.",
];

const LIMERICK_ON_DEMAND: &str = "A rhyme about {}? I'm offline,\nSo I borrow my words line by line;\n  There's no model in here,\n  But the metre is clear,\nAnd I think that the ending is fine.";

/// Explains a topic, or makes small talk.
pub(super) fn explain(talk: &Talk<'_>) -> Option<String> {
    let topic = talk.words.best(TOPICS, |topic| topic.cues)?;
    let name = known_name(talk).map(|name| format!(", {name}")).unwrap_or_default();
    let mut answers = topic.answers.iter().map(|answer| answer.replace("{name}", &name));
    let again = || {
        let answer = topic.answers.first()?.replace("{name}", &name);
        Some(format!("You have heard this from me before. {answer}"))
    };
    answers.find(|answer| !talk.has_answered(answer)).or_else(again)
}

/// Writes a limerick, about a subject if the prompt names one.
pub(super) fn write_limerick(talk: &Talk<'_>) -> Option<String> {
    if !talk.words.has_any(&["limerick", "poem", "rhyme", "verse"]) {
        return None;
    }
    let known = LIMERICKS.iter().find(|limerick| !talk.has_answered(limerick));
    let (_, about) = talk.prompt.split_once(" about ").unwrap_or_default();
    let about = about.trim_end_matches(|c: char| !c.is_alphanumeric());
    let fits = |limerick: &&&str| limerick.to_lowercase().contains(&about.to_lowercase());
    match known.filter(fits) {
        Some(limerick) => Some((*limerick).to_owned()),
        None if about.is_empty() => {
            LIMERICKS.first().map(|limerick| format!("Here it is again:\n{limerick}"))
        }
        None => Some(LIMERICK_ON_DEMAND.replace("{}", about)),
    }
}
