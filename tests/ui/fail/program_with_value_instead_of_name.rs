//! A program with a value for the name of an argument.

use burdock::{Event, EventKind, Position, prelude::*};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Mode {
    Long,
    Short,
}

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: usize,
    pub mode: Slot<Mode>,
}

pub struct Llm;

pub struct Word {
    pub text: String,
}

#[action("Chat", state = Chat, writes(mode))] //~ "Chat"
async fn choose(#[input] text: String) -> Result<Writes> {
    Ok(Writes { mode: if text.len() > 9 { Mode::Long } else { Mode::Short } })
}

#[streaming_action(state = Chat, reads(count), writes(count), yields(Word))]
async fn answer(chat: Reads<'_>, #[resource] llm: &Llm, times: usize) -> Result<Writes> {
    let Llm = llm;
    yield_!(Word { text: times.to_string() });
    Ok(Writes { count: chat.count + times })
}

graph! {
    pub Main(Chat) {
        inputs { text: String }
        resources { llm: Llm }
        yields Word;
        nodes {
            choose,
            long: answer { times: 3 },
            short: answer { times: 1 },
        }
        start choose;
        choose -> match state.mode {
            Mode::Long => long,
            Mode::Short => short,
        };
        long -> if state.count < 100 { pause choose } else { end };
        on error long -> short;
        short -> pause;
    }
}

struct Watch;

impl burdock::Observer<Main> for Watch {
    fn on_event(&mut self, event: &Event<Main>) {
        println!("{}", event.node.name());
    }
}

fn label(node: MainNode) -> usize {
    match node {
        MainNode::choose => 1,
        MainNode::long => 2,
        MainNode::short => 3,
    }
}

async fn talk() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let mut app = Main::app()
        .id("session")
        .state(Chat { count: 1, mode: Slot::unset() })
        .resources(MainResources { llm: Llm })
        .observer(Watch)
        .build()
        .await?;
    let mut run = app.run(MainInputs { text: "a".to_owned() }).halt_before(MainNode::long);
    let mut shown = String::new();
    while let Some(word) = run.next().await {
        shown.push_str(&word?.text);
    }
    let end = run.finish().await?;
    assert_eq!(end.outcome(), burdock::Outcome::Paused(MainNode::choose));
    println!("{}", end.state().count);
    drop(run);
    let mut events = app.run(MainInputs { text: "b".to_owned() }).events();
    while let Some(event) = events.next().await {
        let event = event?;
        if let EventKind::Item(word) = &event.kind {
            println!("{} {}", event.node, word.text.len());
        }
    }
    drop(events);
    if let Position::Rest(node) = app.position() {
        println!("{}", label(node));
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("{}", Main::TOPOLOGY.mermaid());
    for node in MainNode::ALL {
        println!("{node} {}", label(*node));
    }
    if let Err(error) = talk().await {
        println!("{error}");
    }
}
